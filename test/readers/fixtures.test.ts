import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFeedAs, readFeed } from '../harness/read-feed.ts';
import { corpusFolder } from '../protocol/corpora.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const EXPECTED = /\.expected\.ndjson$/;

/**
 * A case is a document, `<case>.expected.ndjson` with its records in canonical form, and where the request must say more than the path,
 * `<case>.request.json` with its fields.
 */
describe.each(['json', 'ndjson', 'csv', 'excel', 'xml'])('The fixtures of type %s', (fileType) => {
  const folder = join(fixtures, fileType);
  const all = readdirSync(folder);
  const cases = all.filter((name) => EXPECTED.test(name)).map((name) => name.replace(EXPECTED, ''));

  it.each(cases)('%s gives the records expected', async (name) => {
    const [document = ''] = all.filter((one) => one.startsWith(`${name}.`) && !/\.(expected|request)\./.test(one));
    const requestPath = join(folder, `${name}.request.json`);
    const request = existsSync(requestPath) ? JSON.parse(readFileSync(requestPath, 'utf8')) : {};
    const items = await readFeed(await openFeedAs(join(folder, document), request));
    const expected = readFileSync(join(folder, `${name}.expected.ndjson`), 'utf8');
    expect(items.map(({ what }) => `${what}\n`).join('')).toBe(expected);
  });

  it('are there', () => expect(cases.length).toBeGreaterThan(0));
});

const real = corpusFolder('json-real');
describe.skipIf(real === undefined)('Real documents', () => {
  it.each([
    ['twitter.json', 'statuses', 100],
    ['citm_catalog.json', 'performances', 243],
    ['canada.json', 'features', 1],
  ])('%s has its records at the path found, %s', async (name, path, recordCount) => {
    const feed = await openFeedAs(join(real ?? '', name));
    expect(feed.recordPath).toBe(path);
    const items = await readFeed(feed);
    expect(items).toHaveLength(recordCount);
    const document = JSON.parse(readFileSync(join(real ?? '', name), 'utf8')) as Record<string, unknown>;
    expect(items.map(({ what }) => JSON.parse(what) as unknown)).toEqual(document[path]);
  });
});
