/** POST /api/preview of a whole service, over real files; what it promises is held against what a delivery then makes. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { badPlacesOf, FORMAT_FEEDS, pathOfFeed, recordsOfFeed } from '../harness/format-feeds.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { apiUnderTest, ask, bodyOf, gateUnderTest, type ProblemBody } from './api-under-test.ts';

const COUNT = 57;
const SIZES = { chunk_size_by_records: 7, chunk_size_by_memory: 500 };

interface Preview {
  readonly file_type: string;
  readonly compression: string | null;
  readonly encoding: string | null;
  readonly record_path: string | null;
  readonly sampled: object;
  readonly fields: readonly { readonly path: string; readonly types: readonly string[] }[];
  readonly bad_records: readonly { readonly raw_text: string | null }[];
  readonly full: Readonly<Record<string, number>> | null;
  readonly records: readonly unknown[];
  readonly code?: string;
  readonly [member: string]: unknown;
}

const preview = ({ service }: Scene, fields: object) => service.api.call<Preview>('POST', '/api/preview', fields);

/** What is found of each feed: type, compression, encoding, record path. */
const FOUND: Readonly<Record<string, readonly [string, string | null, string | null, string | null]>> = {
  JSON: ['json', null, 'utf-8', 'feed.items'],
  NDJSON: ['ndjson', null, 'utf-8', null],
  CSV: ['csv', null, 'utf-8', null],
  XML: ['xml', null, 'utf-8', 'catalog/products/product'],
  Excel: ['excel', null, null, null],
  'CSV in UTF-16': ['csv', null, 'utf-16le', null],
  'XML in UTF-16': ['xml', null, 'utf-16be', 'product'],
  'gzipped NDJSON': ['ndjson', 'gzip', 'utf-8', null],
  'JSON by zstd': ['json', 'zstd', 'utf-8', 'feed.items'],
  'zipped XML': ['xml', 'zip', 'utf-8', 'catalog/products/product'],
  'a folder of CSV files': ['csv', null, 'utf-8', null],
};

function filesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'base64')]),
  );
}

describe.each(FORMAT_FEEDS)('a preview of $name', (feed) => {
  it('shows what a delivery then makes of it, sends nothing and writes nothing', async () => {
    const scene = await setScene({ recordCount: 0 });
    const { api } = scene.service;
    const path = pathOfFeed(feed, scene.folder);
    await feed.write(path, COUNT, true);
    const badPlaces = badPlacesOf(feed, COUNT);
    const before = filesBelow(scene.folder);
    const request = { file_path: path, ...feed.request, ...SIZES, records: 5, full: true };
    const { status, headers, body: text } = await api.callForText('POST', '/api/preview', request);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(filesBelow(scene.folder)).toEqual(before);
    expect(scene.receiver.attempts).toEqual([]);

    // Every digit of the records, which JSON.parse would take from them.
    expect(text.endsWith(`,"records":[${recordsOfFeed(feed, 5).join(',')}]}`)).toBe(true);
    const shown = JSON.parse(text) as Preview;
    const [type, compression, encoding, recordPath] = FOUND[feed.name] ?? [];
    expect(shown).toMatchObject({ file_type: type, compression, encoding, record_path: recordPath });
    expect(shown.sampled).toEqual({ records: COUNT, bad_records: badPlaces.length });
    const id = type === 'xml' ? '@id' : 'id';
    const isJson = feed.record(0).includes('900719925474099300');
    expect(shown.fields).toEqual([
      {
        path: id,
        types: [isJson ? 'integer' : 'string'],
        count: COUNT,
        examples: [0, 1, 2].map((index) => (isJson ? `90071992547409930${index}` : `"00${index}"`)),
      },
      expect.objectContaining({ path: 'name', types: ['string'] }),
      expect.objectContaining({ path: 'price', types: isJson ? ['integer', 'number'] : ['string'] }),
    ]);
    expect(shown.bad_records).toMatchObject(badPlaces);
    for (const bad of shown.bad_records) expect(bad.raw_text).toContain(feed.badText);

    const delivered = await scene.deliver({ ...feed.request, file_path: path, ...SIZES, on_bad_record: 'quarantine' });
    expect(delivered.status).toBe('COMPLETED');
    const ledger = `/api/ingestions/${delivered.ingestion_id}/chunks?limit=100`;
    const { items } = (await api.call<{ items: { byte_count: number }[] }>('GET', ledger)).body;
    const byteCounts = items.map((chunk) => chunk.byte_count);
    expect(shown.full).toEqual({
      records: delivered.totals.records,
      bad_records: delivered.totals.rejected_records,
      chunks: delivered.totals.chunks,
      bytes: byteCounts.reduce((sum, count) => sum + count, 0),
      largest_chunk_bytes: Math.max(...byteCounts),
    });
  });
});

describe('a preview', () => {
  it('looks at the beginning alone, and at all of it with full', async () => {
    const scene = await setScene({ recordCount: 0 });
    const path = join(scene.folder, 'lines.ndjson');
    writeFileSync(path, `${'{"a":1}\n'.repeat(70_000)}{"a":tru}\n{"b":"\xff`, 'latin1');
    const { body } = await preview(scene, { file_path: path, records: 0 });
    expect(body).toMatchObject({
      sampled: { records: 1000, bad_records: 0 },
      bad_records: [],
      full: null,
      records: [],
    });
    const { body: whole } = await preview(scene, { file_path: path, full: true });
    expect(whole).toMatchObject({
      sampled: { records: 1000, bad_records: 0 },
      full: { records: 70_000, bad_records: 2, chunks: 70 },
    });
    expect(whole.records.length).toBe(10);
  });

  it('tells of a folder which files it is of', async () => {
    const scene = await setScene({ recordCount: 0 });
    const folder = join(scene.folder, 'many');
    mkdirSync(folder);
    const names = Array.from({ length: 120 }, (_, index) => `${String(index).padStart(3, '0')}.csv`);
    for (const name of names) writeFileSync(join(folder, name), `id\n${name}\n`);
    const { body } = await preview(scene, { file_path: folder, file_type: 'csv', full: true, records: 2 });
    expect(body).toMatchObject({
      file_count: 120,
      source_size: 120 * 11,
      full: { records: 120 },
      records: [{ id: '000.csv' }, { id: '001.csv' }],
    });
    expect(body.files).toEqual(names.slice(0, 100).map((name) => ({ path: join(folder, name), size: 11 })));
  });

  it('shows the beginning of bad records as it stands in the text, and null where that is no text', async () => {
    const scene = await setScene({ recordCount: 0 });
    const path = join(scene.folder, 'bad.csv');
    const bad = Buffer.from(`a,b\n${'\u{1f600}'.repeat(150)}\nx\n\x00\n`);
    writeFileSync(path, Buffer.concat([bad, Buffer.of(0xff, 0x0a)]));
    const { body } = await preview(scene, { file_path: path });
    expect(body.bad_records.map((one) => one.raw_text)).toEqual([`${'\u{1f600}'.repeat(100)}…`, 'x', '\x00', null]);
  });

  it.each<{ what: string; name: string; content: string | Uint8Array; fields?: object; told: object }>([
    { what: 'cut off', name: 'cut.json', content: '[{"a":1},{"a":', told: { code: 'READER_TRUNCATED' } },
    { what: 'empty', name: 'empty.json', content: '', told: { code: 'READER_TRUNCATED' } },
    { what: 'broken around its records', name: 'a.xml', content: '<a><b/><b/></c>', told: { code: 'READER_SYNTAX' } },
    {
      what: 'of two arrays',
      name: 'two.json',
      content: '{"a":[{"x":1}],"b":[{"y":2}]}',
      told: { code: 'RECORD_PATH_NEEDED', candidates: expect.arrayContaining(['a', 'b']) },
    },
    {
      what: 'without the path',
      name: 'path.json',
      content: '{"a":[]}',
      fields: { record_path: 'b' },
      told: { code: 'RECORD_PATH_NOT_FOUND' },
    },
    { what: 'no workbook', name: 'text.xlsx', content: 'a,b\n1,2\n', told: { code: 'FORMAT_MISMATCH' } },
    { what: 'not compressed', name: 'text.json.gz', content: '[]', told: { code: 'FORMAT_MISMATCH' } },
    {
      what: 'compressed and cut off',
      name: 'cut.json.gz',
      content: gzipSync('[{"a":1}]').subarray(0, 20),
      told: { code: 'READER_TRUNCATED' },
    },
    {
      what: 'in no known encoding',
      name: 'x.xml',
      content: '<?xml version="1.0" encoding="utf-7"?><a/>',
      told: { code: 'ENCODING_UNSUPPORTED' },
    },
  ])(
    'of a file that is $what is refused by what a delivery would end with',
    async ({ name, content, fields, told }) => {
      const scene = await setScene({ recordCount: 0 });
      const path = join(scene.folder, name);
      writeFileSync(path, content);
      const answer = await preview(scene, { file_path: path, ...fields });
      expect(answer).toMatchObject({ status: 422, body: told });
      expect(answer.headers['content-type']).toBe('application/problem+json');
      const failed = await scene.deliver({ file_path: path, ...fields });
      expect(failed.last_error?.code).toBe(answer.body.code);
    },
  );

  it('reads inside of the roots alone', async () => {
    const scene = await setScene({ recordCount: 0 });
    const outside = join(tempFolder(), 'secret.json');
    writeFileSync(outside, '[{"secret":1}]');
    const link = join(scene.folder, 'link.json');
    symlinkSync(outside, link);
    for (const path of [outside, link, '/etc/passwd']) {
      const answer = await preview(scene, { file_path: path });
      expect(answer, path).toMatchObject({ status: 403, body: { code: 'SOURCE_NOT_ALLOWED' } });
    }
    const missing = await preview(scene, { file_path: join(scene.folder, 'missing.json') });
    expect(missing).toMatchObject({ status: 404, body: { code: 'SOURCE_NOT_FOUND' } });
  });
});

describe('POST /api/preview', () => {
  const post = (app: ReturnType<typeof apiUnderTest>['app'], body: unknown, headers: Record<string, string> = {}) =>
    app.request('/api/preview', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('answers 422 to what it does not know', async () => {
    const { app } = apiUnderTest();
    const unknown = { callback_url: 'http://x/', on_bad_record: 'fail', re_ingestion: true, recordz: 1 };
    const response = await post(app, { file_path: '/x.json', ...unknown });
    expect(response.status).toBe(422);
    const { errors = [] } = await bodyOf<ProblemBody>(response);
    expect(new Set(errors.map(({ field }) => field))).toEqual(new Set(Object.keys(unknown)));
  });

  it('answers 429 and when to come back where others are under way', async () => {
    const { app } = apiUnderTest({ previews: { preview: () => Promise.reject(new ServiceError('PREVIEWS_BUSY')) } });
    const response = await post(app, { file_path: '/x.json' });
    expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '30']);
    expect((await bodyOf<ProblemBody>(response)).code).toBe('PREVIEWS_BUSY');
  });

  it('asks for the token', async () => {
    const api = apiUnderTest({ gate: gateUnderTest({ apiToken: 'a-token' }) });
    expect((await ask(api, '/api/preview', { method: 'POST', body: '{}' })).status).toBe(401);
  });
});
