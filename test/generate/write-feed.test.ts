import { hash } from 'node:crypto';
import { Writable } from 'node:stream';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Product, productsOf } from '../../src/generate/product.ts';
import { PRODUCT_COLUMNS } from '../../src/generate/product-columns.ts';
import { writeExcelFeed } from '../../src/generate/write-excel-feed.ts';
import { FEED_FORMATS, type GeneratedFeed, writeFeed } from '../../src/generate/write-feed.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import { until } from '../harness/until.ts';
import { parseJson, parseProductElements, parseRows, parseWorkbook } from './parse-feed.ts';

const SEED = 7;
/** Enough for each awkward text to occur several times. */
const RECORD_COUNT = 600;
const PRODUCTS = [...productsOf(SEED, RECORD_COUNT)];

/** The bytes of a feed. */
async function bytesOf(feed: Partial<GeneratedFeed>): Promise<Buffer> {
  const parts: Buffer[] = [];
  const sink = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(part);
      done();
    },
  });
  const asked = { format: 'json', recordCount: RECORD_COUNT, seed: SEED, compression: null, ...feed } as const;
  const byteCount = await writeFeed(asked, sink);
  const bytes = Buffer.concat(parts);
  expect(byteCount).toBe(bytes.length);
  return bytes;
}

async function textOf(feed: Partial<GeneratedFeed>): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await bytesOf(feed));
}

const rowOf = (product: Product) => PRODUCT_COLUMNS.map(({ cellOf }) => cellOf(product));

describe('a generated feed', () => {
  it('holds all products as JSON', async () => {
    expect(parseJson(await textOf({ format: 'json' }))).toEqual(PRODUCTS);
  });

  it('holds all products as NDJSON, one on each line', async () => {
    const lines = (await textOf({ format: 'ndjson' })).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map(parseJson)).toEqual(PRODUCTS);
  });

  it.each([
    ['csv', ','],
    ['tsv', '\t'],
  ] as const)('holds all products as %s, in rows as wide as the header', async (format, delimiter) => {
    const [header, ...rows] = parseRows(await textOf({ format }), delimiter);
    expect(header).toEqual(PRODUCT_COLUMNS.map(({ name }) => name));
    const duration = PRODUCT_COLUMNS.findIndex(({ kind }) => kind === 'duration');
    const durations = rows.map((row) => row.splice(duration, 1)[0]);
    expect(rows).toEqual(
      PRODUCTS.map((product) =>
        rowOf(product)
          .toSpliced(duration, 1)
          .map((cell) => String(cell ?? '')),
      ),
    );
    expect(durations.map(minutesOf)).toEqual(PRODUCTS.map(({ assemblyMinutes }) => assemblyMinutes));
  });

  it('holds all products as a workbook, each cell of its type', async () => {
    const sheets = await parseWorkbook(await bytesOf({ format: 'excel' }));
    expect(sheets).toEqual([PRODUCTS.map(rowOf)]);
  });

  it('goes on in further sheets where one cannot hold all products', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of writeExcelFeed(productsOf(SEED, 25), 10)) pieces.push(piece);
    const sheets = await parseWorkbook(Buffer.concat(pieces));
    expect(sheets.map((rows) => rows.length)).toEqual([10, 10, 5]);
    expect(sheets.flat()).toEqual(PRODUCTS.slice(0, 25).map(rowOf));
  });

  it('holds all products as XML', async () => {
    expect(parseProductElements(await textOf({ format: 'xml' }))).toEqual(PRODUCTS);
  });

  it.each(FEED_FORMATS)('of no products is a sound %s document', async (format) => {
    const bytes = await bytesOf({ format, recordCount: 0 });
    if (format === 'json') expect(parseJson(String(bytes))).toEqual([]);
    else if (format === 'excel') expect(await parseWorkbook(bytes)).toEqual([[]]);
    else if (format === 'xml') expect(parseProductElements(String(bytes))).toEqual([]);
    else expect(String(bytes).split('\n').length).toBe(format === 'ndjson' ? 1 : 2);
  });

  it.each([
    ['gz', gunzipSync],
    ['zst', zstdDecompressSync],
  ] as const)('is the same compressed as %s', async (compression, expand) => {
    const plain = await bytesOf({ format: 'csv' });
    expect(expand(await bytesOf({ format: 'csv', compression })).equals(plain)).toBe(true);
  });
});

function minutesOf(duration: string | undefined): number {
  const [, hours = 0, minutes = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:0S)?$/.exec(duration ?? '') ?? [
    Number.NaN,
    Number.NaN,
  ];
  return Number(hours) * 60 + Number(minutes);
}

describe('the bytes of a generated feed', () => {
  it.each([
    ['json', '17ae1c30ba1c8b76512987e2ef9acc90c39d3d3c42e184ebb76ef9e1daba4dcd'],
    ['ndjson', 'e0f18f1a648ee1d291f7da51164f5e8c3bbd800d4982e513c03312397ef48031'],
    ['csv', 'e4d966e6e670262c2cc5125e9bcc4c402c46f275d3eab730efc6321cca5830e4'],
    ['tsv', 'cd30c239e62220690513f3262bdaeae62e277812b4598f473b4332db37f7bf23'],
    ['xml', '5f23838a58dd688e58565ed0cfa2f52839133735353f8c980de2f4d5c798ff75'],
  ] as const)('are the same on every machine: %s', async (format, digest) => {
    expect(hash('sha256', await bytesOf({ format, recordCount: 100, seed: 1 }))).toBe(digest);
  });

  it.each(FEED_FORMATS)('are the same each time, and others for another seed: %s', async (format) => {
    const bytes = await bytesOf({ format, recordCount: 50 });
    expect((await bytesOf({ format, recordCount: 50 })).equals(bytes)).toBe(true);
    expect((await bytesOf({ format, recordCount: 50, seed: SEED + 1 })).equals(bytes)).toBe(false);
  });

  it('hold no time of day where the format has one', async () => {
    const entry = await bytesOf({ format: 'excel', recordCount: 1 });
    // A local file header (APPNOTE 4.3.7): MS-DOS time and date of 1980-01-01 00:00.
    expect(entry.readUInt32LE(10)).toBe(0x0021_0000);
    const member = await bytesOf({ compression: 'gz', recordCount: 1 });
    // The member header's MTIME (RFC 1952, 2.3).
    expect(member.readUInt32LE(4)).toBe(0);
  });
});

describe('writing a feed', () => {
  // About 100 MB, of the workbook expanded.
  it.each([
    ['json', 86_000],
    ['excel', 55_000],
  ] as const)(
    'keeps as little in memory at the end of a long feed as at its begin: %s',
    { timeout: 60_000 },
    async (format, recordCount) => {
      const used: number[] = [];
      const sink = new Writable({ write: (_part, _encoding, done) => done() });
      await writeFeed({ format, recordCount, seed: SEED, compression: null }, sink, {
        onProduct(writtenCount) {
          if (writtenCount % (recordCount / 10) !== 0) return;
          collectGarbage();
          const { heapUsed, external } = process.memoryUsage();
          used.push(heapUsed + external);
        },
      });
      expect(used).toHaveLength(10);
      expect(Math.max(...used.slice(5)) - Math.max(...used.slice(0, 5))).toBeLessThan(4 * 1024 * 1024);
    },
  );

  it.each(FEED_FORMATS)('goes no further than its sink takes, and ends when it is told to: %s', async (format) => {
    const stuck = new Writable({ highWaterMark: 1024, write() {} });
    const stop = new AbortController();
    const feed = { format, recordCount: 1e8, seed: SEED, compression: null } as const;
    let written = 0;
    const writing = writeFeed(feed, stuck, {
      signal: stop.signal,
      onProduct(writtenCount) {
        written = writtenCount;
      },
    });
    let stillFor = 0;
    let last = 0;
    await until(
      () => {
        stillFor = written > 0 && written === last ? stillFor + 1 : 0;
        last = written;
        return { written, stillFor };
      },
      () => stillFor === 5,
    );
    expect(written).toBeLessThan(10_000);
    stop.abort();
    await expect(writing).rejects.toThrow(/abort/i);
  });
});
