/** What a file type is called, and that wherever this is told to people it is told as it is. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { COMPRESSION_ENDINGS, NAME_ENDINGS } from '../../src/model/file-names.ts';
import { FILE_TYPES } from '../../src/model/ingestion.ts';
import { fileTypeNamed, fileTypeOfPath, fileTypeToldBy } from '../../src/protocol/file-types.ts';
import { ingestRequestSchema } from '../../src/protocol/ingest-request-schema.ts';
import { readProjectFile } from '../repo/project-files.ts';

describe('a file type', () => {
  it('goes by its own name and by the ends of its files, in any case', () => {
    for (const fileType of FILE_TYPES) {
      for (const name of [fileType, ...NAME_ENDINGS[fileType].map((ending) => ending.slice(1))]) {
        expect(fileTypeNamed(name)?.fileType, name).toBe(fileType);
        expect(fileTypeNamed(name.toUpperCase())?.fileType, name).toBe(fileType);
      }
    }
    expect(fileTypeNamed('tsv')?.defaultFormat).toMatchObject({ delimiter: '\t' });
    expect(fileTypeNamed('csv')?.defaultFormat).toMatchObject({ delimiter: null });
    expect(fileTypeNamed('')).toBeUndefined();
  });

  it('is told by the end of a name, compressed or open behind it', () => {
    for (const fileType of FILE_TYPES) {
      for (const ending of NAME_ENDINGS[fileType]) {
        for (const behind of ['', '*', '.*', ...Object.values(COMPRESSION_ENDINGS)]) {
          expect(fileTypeToldBy(`feeds/a${ending}${behind}`)?.fileType, ending + behind).toBe(fileType);
        }
      }
    }
  });

  it('is JSON where a name tells none', () => {
    for (const path of ['README', 'README.md', 'feeds', 'feeds/*', 'a.tar.gz', '.json']) {
      expect(fileTypeToldBy(path), path).toBeUndefined();
      expect(fileTypeOfPath(path).fileType, path).toBe('json');
    }
  });
});

describe('what people are told', () => {
  const { file_type: field } = ingestRequestSchema.shape;
  const [refusal] = field.safeParse('none').error?.issues ?? [];
  const { options } = COMMANDS.ingest;
  const rowsOf = (page: string, first: RegExp) =>
    (readProjectFile(page).match(/^\|.*$/gm) ?? []).filter((row) => first.test(row)).join('\n');

  it.each([
    ['the request', field.meta()?.description],
    ['its refusal', refusal?.message],
    ['the command line', options.find(({ flags }) => flags === '--type <type>')?.description],
    ['docs/protocol.md', rowsOf('docs/protocol.md', /^\| `file_type`/)],
    ['docs/formats.md', rowsOf('docs/formats.md', /^\| `(?:json|ndjson|csv|excel|xml)`/)],
  ])('by %s has every type', (_where, text = '') => {
    for (const fileType of [...FILE_TYPES, 'tsv']) expect(text).toMatch(new RegExp(`\\b${fileType}\\b`));
  });

  it('by docs/formats.md has what the files of a type are called', () => {
    for (const fileType of FILE_TYPES) {
      const endings = NAME_ENDINGS[fileType].map((ending) => `\`${ending}\``).join(' ');
      expect(rowsOf('docs/formats.md', new RegExp(`^\\| \`${fileType}\``))).toContain(`| ${endings} |`);
    }
  });

  it.each([
    ['the request', field.meta()?.description],
    ['docs/protocol.md', rowsOf('docs/protocol.md', /^\| `file_type`/)],
    ['docs/formats.md', readProjectFile('docs/formats.md')],
  ])('by %s has every compression', (_where, text = '') => {
    for (const ending of Object.values(COMPRESSION_ENDINGS)) expect(text).toContain(`\`${ending}\``);
  });
});
