/** What is told of a file that was taken for JSON because its name says nothing else: that it was, and which word changes it. */
import { describe, expect, it } from 'vitest';
import { toServiceError } from '../../src/errors.ts';
import { findRecordPath } from '../../src/readers/find-record-path.ts';
import { jsonReader } from '../../src/readers/json-reader.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { memorySource } from '../contracts/memory-source.ts';

const OPTIONS: ReaderOptions = {
  maxRecordBytes: 1000,
  maxDepth: 20,
  numberForm: 'exact',
  recordPath: '',
  onBadRecord: 'quarantine',
};
const HINT = 'The file is read as JSON, which its name does not say';

/** What a file is told of that is read as JSON: where its records are not found, or in reading them. */
async function told(name: string, text: string): Promise<string> {
  const source = { ...memorySource(Buffer.from(text)), name };
  try {
    const recordPath = await findRecordPath(source, OPTIONS);
    for await (const batch of jsonReader.read(source, null, { ...OPTIONS, recordPath })) expect(batch).not.toEqual([]);
  } catch (error) {
    return toServiceError(error).message;
  }
  return expect.fail('it could be read');
}

describe('a file that is read as JSON and is none', () => {
  it.each([
    ['README.md', '# Products\n'],
    ['README', '[![badge]](a)\n'],
    ['log.txt', '[2026-01-01] started'],
    ['export.dat', '"name","price"\n"a",1\n'],
    ['export.txt.gz', 'name;price\n'],
    ['export', '<products/>'],
    ['export', ''],
    ['export', '{"name":"a"}'],
    ['bytes', '\u0000\u0001'],
  ])('and whose name does not say that it is JSON is told so: %s, %j', async (name, text) => {
    expect(await told(name, text)).toContain(HINT);
  });

  it('keeps what was wrong, and where', async () => {
    expect(await told('README.md', '\n# Products\n')).toBe(
      `A value was expected. ${HINT}. (README.md, line 2, column 1, byte 1)`,
    );
  });

  it('is told how another type is said where what to do does not say it', async () => {
    expect(await told('export', '')).toContain('`file_type` (`--type`)');
    expect(await told('export', '# Products\n')).not.toContain('file_type');
    expect(await told('export', '{"name":"a"}')).not.toContain('file_type');
  });

  it('is told which type it is alone where that is likely', async () => {
    for (const text of ['{"a":1}\n{"a":2}\n', '[]\n[]\n']) {
      expect(await told('export', text)).toContain('`file_type: "ndjson"`');
      expect(await told('export', text)).not.toContain(HINT);
    }
  });

  it('is told what is wrong alone where its name says JSON, or another type and JSON was asked for', async () => {
    for (const name of ['feed.json', 'feed.JSON.gz', 'feeds/*.json', 'products.csv']) {
      expect(await told(name, '# Products\n'), name).not.toContain(HINT);
      expect(await told(name, '[![badge]](a)\n'), name).not.toContain(HINT);
    }
  });

  it('is told what is wrong alone where records of it were read, or its records can be chosen', async () => {
    expect(await told('export', '[{"a":1}]\n# Products')).not.toContain(HINT);
    expect(await told('export', '{"a":[{}],"b":[{}]}')).not.toContain(HINT);
  });
});
