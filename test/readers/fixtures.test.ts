import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILE_TYPES } from '../../src/model/ingestion.ts';
import { findRecordPath } from '../../src/readers/find-record-path.ts';
import { openReader } from '../../src/readers/open-reader.ts';
import { openFileSource } from '../../src/sources/file-source.ts';
import { readAll } from '../contracts/reader-suite.ts';
import { corpusFolder } from '../protocol/corpora.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

describe.each(FILE_TYPES)('The fixtures of type %s', (fileType) => {
  const folder = join(fixtures, fileType);
  const names = readdirSync(folder).filter((name) => !name.endsWith('.expected.ndjson'));

  it.each(names)('%s gives the records expected', async (name) => {
    const source = await openFileSource(join(folder, name));
    const recordPath = fileType === 'json' ? await findRecordPath(source, { maxDepth: 64 }) : '';
    const { records, error } = await readAll(openReader(fileType), source, { recordPath });
    await source.close();
    expect(error).toBeNull();
    const expected = readFileSync(join(folder, name.replace(/\.\w+$/, '.expected.ndjson')), 'utf8');
    expect(records.map(({ text }) => `${text}\n`).join('')).toBe(expected);
  });

  it('are there', () => expect(names.length).toBeGreaterThan(0));
});

const real = corpusFolder('json-real');
describe.skipIf(real === undefined)('Real documents', () => {
  it.each([
    ['twitter.json', 'statuses', 100],
    ['citm_catalog.json', 'performances', 243],
    ['canada.json', 'features', 1],
  ])('%s has its records at the path found, %s', async (name, path, recordCount) => {
    const source = await openFileSource(join(real ?? '', name));
    expect(await findRecordPath(source, { maxDepth: 64 })).toBe(path);
    const { records, error } = await readAll(openReader('json'), source, { recordPath: path, maxRecordBytes: 4 << 20 });
    await source.close();
    expect(error).toBeNull();
    expect(records).toHaveLength(recordCount);
    const document = JSON.parse(readFileSync(join(real ?? '', name), 'utf8')) as Record<string, unknown>;
    expect(records.map(({ text }) => JSON.parse(text) as unknown)).toEqual(document[path]);
  });
});
