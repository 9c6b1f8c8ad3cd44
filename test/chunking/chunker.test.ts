import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBounds } from '../../src/chunking/chunk-bounds.ts';
import { Chunker } from '../../src/chunking/chunker.ts';
import { RecordCursor } from '../../src/chunking/record-cursor.ts';
import { ServiceError } from '../../src/errors.ts';
import { type Chunk, type ChunkBounds, type ChunkPlan, MAX_CHUNK_BYTES } from '../../src/model/chunk.ts';
import { type BadRecord, isBadRecord, type OnBadRecord, type ReadItem } from '../../src/model/record.ts';

const INGESTION_ID = 'a'.repeat(64);
const utf8 = new TextEncoder();

/** What a reader gives, in batches of `batchLength`, then an error where one is given. A text that begins with `?` is a bad record. */
async function* batchesOf(texts: readonly string[], batchLength = 3, error?: ServiceError) {
  const items = texts.map((text, index): ReadItem => {
    const byteOffset = index * 1000;
    const place = { byteOffset, line: index + 1, column: 1 };
    const position = { fileIndex: 0, ...place, sourceBytes: byteOffset, seek: null, state: null };
    const bytes = utf8.encode(text);
    if (!text.startsWith('?')) return { bytes, position };
    const fault = { code: 'READER_SYNTAX', message: 'bad', place } as const;
    return { position, byteLength: bytes.length, error: fault, raw: bytes };
  });
  for (let start = 0; start < items.length; start += batchLength) {
    const batch = items.slice(start, start + batchLength);
    yield batch;
    for (const item of batch) if (!isBadRecord(item)) item.bytes.fill(0);
  }
  if (error !== undefined) throw error;
}

interface ChunkerOptions {
  readonly batchLength?: number;
  readonly error?: ServiceError;
  readonly onBadRecord?: OnBadRecord;
}

function chunkerOver(texts: readonly string[], options: ChunkerOptions = {}): Chunker {
  const cursor = new RecordCursor(batchesOf(texts, options.batchLength, options.error));
  return new Chunker(cursor, {
    ingestionId: INGESTION_ID,
    chunkNumber: 0,
    recordOffset: 0,
    onBadRecord: options.onBadRecord ?? 'fail',
    fileName: () => 'feed.json',
  });
}

/** The next chunk; null at the end. */
async function nextChunk(
  chunker: Chunker,
  limits: ChunkBounds,
  spare: Uint8Array | null = null,
): Promise<Chunk | null> {
  const result = await chunker.next(limits, spare);
  return result.kind === 'chunk' ? result.chunk : null;
}

async function allChunks(texts: readonly string[], limits: ChunkBounds, batchLength?: number): Promise<Chunk[]> {
  const chunker = chunkerOver(texts, batchLength === undefined ? {} : { batchLength });
  const chunks: Chunk[] = [];
  for (let chunk = await nextChunk(chunker, limits); chunk !== null; chunk = await nextChunk(chunker, limits)) {
    chunks.push(chunk);
  }
  return chunks;
}

const bounds = (over: Partial<ChunkBounds>): ChunkBounds => ({
  maxRecords: null,
  maxBytes: MAX_CHUNK_BYTES,
  closeAtBytes: null,
  ...over,
});

const bodyOf = (chunk: Chunk) => JSON.parse(Buffer.from(chunk.body).toString('utf8'));
const range = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

describe('the chunker', () => {
  it.each([
    [25, 10, [10, 10, 5]],
    [20, 10, [10, 10]],
    [1, 10, [1]],
    [10, 10, [10]],
    [11, 10, [10, 1]],
  ])('cuts %i records by %i into %j, with is_last on the last alone', async (total, maxRecords, counts) => {
    const chunks = await allChunks(range(total), bounds({ maxRecords }));
    expect(chunks.map((chunk) => chunk.plan.recordCount)).toEqual(counts);
    expect(chunks.map((chunk) => chunk.plan.isLast)).toEqual(counts.map((_, index) => index === counts.length - 1));
    expect(chunks.map((chunk) => bodyOf(chunk).is_last)).toEqual(chunks.map((chunk) => chunk.plan.isLast));
  });

  it('gives no chunk at all for a source without records', async () => {
    expect(await allChunks([], bounds({ maxRecords: 1 }))).toEqual([]);
  });

  it('writes the envelope of the protocol around exactly the bytes that it hashed', async () => {
    const [chunk] = await allChunks(['{"a":"ü"}', '17', 'null'], bounds({}));
    const records = '[{"a":"ü"},17,null]';
    const checksum = createHash('sha256').update(records).digest('hex');
    expect(Buffer.from(chunk?.body ?? []).toString('utf8')).toBe(
      `{"ingestion_id":"${INGESTION_ID}","chunk_number":0,"chunk_id":"${INGESTION_ID}:0","checksum":"${checksum}","records":${records},"is_last":true,"record_offset":0,"record_count":3}`,
    );
    expect(chunk?.plan.byteCount).toBe(Buffer.byteLength(records));
  });

  it('fills a chunk to exactly the bound by bytes, brackets and commas counted', async () => {
    // "[1,2,3]" is 7 bytes, "[1,2,3,4]" is 9.
    const texts = ['1', '2', '3', '4', '5'];
    expect((await allChunks(texts, bounds({ maxBytes: 7 }))).map((chunk) => chunk.plan.recordCount)).toEqual([3, 2]);
    expect((await allChunks(texts, bounds({ maxBytes: 8 }))).map((chunk) => chunk.plan.recordCount)).toEqual([3, 2]);
    expect((await allChunks(texts, bounds({ maxBytes: 9 }))).map((chunk) => chunk.plan.recordCount)).toEqual([4, 1]);
  });

  it('refuses a record that alone exceeds the bound, with its place, after all before it were delivered', async () => {
    const chunker = chunkerOver(['1', '2', '"0123456789"']);
    const small = bounds({ maxBytes: 10, maxRecords: 1 });
    expect((await nextChunk(chunker, small))?.plan.recordCount).toBe(1);
    // What follows record 1 is not a good record, so it is not planned: whether it is the last is unknown.
    await expect(chunker.next(small)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      place: { file: 'feed.json', line: 3 },
    });
  });

  it('takes a record of exactly the bound, and none of a byte more', async () => {
    expect((await allChunks(['"012345"'], bounds({ maxBytes: 10 }))).length).toBe(1);
    await expect(allChunks(['"0123456"'], bounds({ maxBytes: 10 }))).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    });
  });

  it('lets a record go alone that exceeds the size a receiver taught', async () => {
    const texts = ['1', '"0123456789"', '2', '3'];
    const counts = (await allChunks(texts, bounds({ closeAtBytes: 5 }))).map((chunk) => chunk.plan.recordCount);
    expect(counts).toEqual([1, 1, 2]);
  });

  it('plans no chunk whose end it has not seen: an error of the reader leaves the open chunk unplanned', async () => {
    const error = new ServiceError('READER_TRUNCATED');
    const chunker = chunkerOver(range(5), { error });
    expect((await nextChunk(chunker, bounds({ maxRecords: 2 })))?.plan.isLast).toBe(false);
    expect((await nextChunk(chunker, bounds({ maxRecords: 2 })))?.plan.isLast).toBe(false);
    await expect(chunker.next(bounds({ maxRecords: 2 }))).rejects.toBe(error);
  });

  it('rebuilds a plan under other bounds byte for byte, and goes on behind it', async () => {
    const texts = range(25);
    const original = await allChunks(texts, bounds({ maxRecords: 10 }));
    const chunker = chunkerOver(texts);
    for (const chunk of original.slice(0, 2)) expect(await chunker.rebuild(chunk.plan)).toEqual(chunk);
    const rest = await nextChunk(chunker, bounds({ maxRecords: 100 }));
    expect(rest?.plan).toMatchObject({ chunkNumber: 2, recordOffset: 20, recordCount: 5, isLast: true });
  });

  it('makes the same chunks where bodies that are done with are written over, whatever their size', async () => {
    const texts = ['"short"', `"${'long '.repeat(20_000)}"`, '1', '2', `"${'x'.repeat(200_000)}"`, '3'];
    const chunker = chunkerOver(texts);
    let spare: Uint8Array | null = null;
    for (const expected of await allChunks(texts, bounds({ maxRecords: 1 }))) {
      const chunk = await nextChunk(chunker, bounds({ maxRecords: 1 }), spare);
      expect(Buffer.from(chunk?.body ?? []).equals(expected.body)).toBe(true);
      expect(chunk).toMatchObject({ plan: expected.plan });
      spare = chunk?.body ?? null;
    }
  });

  it.each([
    ['another value', ['{"n":0}', '{"n":9}', '{"n":2}']],
    ['a shorter record', ['{"n":0}', '7', '{"n":2}']],
    ['a longer record', ['{"n":0}', '{"n":1000000}', '{"n":2}']],
    ['an earlier end', ['{"n":0}']],
    ['nothing', []],
  ])('does not rebuild a plan from a source with %s', async (_, texts) => {
    const [chunk] = await allChunks(range(3), bounds({ maxRecords: 2 }));
    if (chunk === undefined) throw new Error('no chunk');
    await expect(chunkerOver(texts).rebuild(chunk.plan)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('takes a reader error while rebuilding as a changed source, but not a medium that fails', async () => {
    const [chunk] = await allChunks(range(3), bounds({ maxRecords: 3 }));
    if (chunk === undefined) throw new Error('no chunk');
    const broken = chunkerOver(range(2), { error: new ServiceError('READER_SYNTAX') });
    await expect(broken.rebuild(chunk.plan)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    const unreadable = chunkerOver(range(2), { error: new ServiceError('SOURCE_UNREADABLE') });
    await expect(unreadable.rebuild(chunk.plan)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it('keeps records, order and bounds for any records, bounds and batches, and is deterministic', async () => {
    const record = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer())).map((value) => JSON.stringify(value));
    const anyBounds = fc.record({
      maxRecords: fc.option(fc.integer({ min: 1, max: 7 })),
      maxBytes: fc.integer({ min: 400, max: 1000 }),
      closeAtBytes: fc.option(fc.integer({ min: 1, max: 300 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        anyBounds,
        fc.integer({ min: 1, max: 9 }),
        async (texts, limits, batchLength) => {
          const chunks = await allChunks(texts, limits, batchLength);
          expect(await allChunks(texts, limits)).toEqual(chunks);
          expect(chunks.flatMap((chunk) => bodyOf(chunk).records)).toEqual(texts.map((text) => JSON.parse(text)));
          let recordOffset = 0;
          for (const [index, { plan }] of chunks.entries()) {
            expect(plan).toMatchObject({ chunkNumber: index, recordOffset, isLast: index === chunks.length - 1 });
            expect(plan.recordCount).toBeGreaterThan(0);
            expect(plan.recordCount).toBeLessThanOrEqual(limits.maxRecords ?? Number.POSITIVE_INFINITY);
            expect(plan.byteCount).toBeLessThanOrEqual(limits.maxBytes);
            if (plan.recordCount > 1)
              expect(plan.byteCount).toBeLessThanOrEqual(limits.closeAtBytes ?? limits.maxBytes);
            expect(plan.positionAfter).toEqual(chunks[index + 1]?.plan.firstPosition ?? null);
            recordOffset += plan.recordCount;
          }
        },
      ),
    );
  });
});

describe('bad records', () => {
  const quarantine = { onBadRecord: 'quarantine' } as const;
  const textsOf = (rejects: readonly BadRecord[]) => rejects.map(({ raw }) => Buffer.from(raw).toString());

  it('come with the chunk before what follows them, in their order, and in no chunk', async () => {
    const chunker = chunkerOver(['?a', '1', '?b', '2', '?c', '?d', '3', '?e'], quarantine);
    const chunks = [
      await nextChunk(chunker, bounds({ maxRecords: 2 })),
      await nextChunk(chunker, bounds({ maxRecords: 2 })),
    ];
    expect(chunks.map((chunk) => chunk && bodyOf(chunk).records)).toEqual([[1, 2], [3]]);
    expect(chunks.map((chunk) => textsOf(chunk?.rejects ?? []))).toEqual([['?a', '?b', '?c', '?d'], ['?e']]);
    expect(chunks.map((chunk) => chunk?.plan.isLast)).toEqual([false, true]);
    expect(await chunker.next(bounds({}))).toEqual({ kind: 'end', rejects: [] });
  });

  it('end the chunking where they are not to be set aside', async () => {
    const chunker = chunkerOver(['1', '?a', '2']);
    await expect(chunker.next(bounds({}))).rejects.toMatchObject({ code: 'READER_SYNTAX', place: { line: 2 } });
  });

  it('are those that no chunk can take as well', async () => {
    const chunker = chunkerOver(['1', '"0123456789"', '2'], quarantine);
    const chunk = await nextChunk(chunker, bounds({ maxBytes: 10 }));
    expect(chunk && bodyOf(chunk).records).toEqual([1, 2]);
    expect(chunk?.rejects).toMatchObject([{ byteLength: 12, error: { code: 'RECORD_TOO_LARGE', place: { line: 2 } } }]);
    expect(textsOf(chunk?.rejects ?? [])).toEqual(['"0123456789"']);
  });

  it('come at the end where no record follows them', async () => {
    const result = await chunkerOver(['?a', '?b'], quarantine).next(bounds({}));
    expect(result).toMatchObject({ kind: 'end', rejects: [{ byteLength: 2 }, { byteLength: 2 }] });
  });

  it('are handed on each time before they take up much memory', async () => {
    const texts = Array.from({ length: 10 }, () => `?${'x'.repeat(1024 * 1024)}`);
    const chunker = chunkerOver([...texts, '1'], quarantine);
    const counts: number[] = [];
    let result = await chunker.next(bounds({}));
    for (; result.kind === 'rejects'; result = await chunker.next(bounds({}))) counts.push(result.rejects.length);
    expect(counts).toEqual([4, 4]);
    expect(result).toMatchObject({ kind: 'chunk', chunk: { rejects: [{}, {}] } });
  });

  it('are handed on before they are many, and the chunk under way goes on', async () => {
    const texts = ['1', ...Array.from({ length: 2_500 }, (_, index) => `?${index}`), '2', '3'];
    const chunker = chunkerOver(texts, quarantine);
    const counts: number[] = [];
    let result = await chunker.next(bounds({ maxRecords: 2 }));
    for (; result.kind === 'rejects'; result = await chunker.next(bounds({ maxRecords: 2 })))
      counts.push(result.rejects.length);
    expect(counts).toEqual([1_000, 1_000]);
    expect(result).toMatchObject({ kind: 'chunk', chunk: { plan: { chunkNumber: 0, recordCount: 2, isLast: false } } });
    expect(result.kind === 'chunk' && result.chunk.rejects.length).toBe(500);
  });

  it('are not met again where a plan is rebuilt, nor is a record that its bounds set aside delivered under larger ones', async () => {
    const texts = ['?a', '1', '"0123456789"', '2', '"0123456789"', '?b', '3'];
    const first = await nextChunk(chunkerOver(texts, quarantine), bounds({ maxBytes: 10, maxRecords: 2 }));
    if (first === null) throw new Error('a chunk is there');
    expect(first.rejects).toHaveLength(4);
    const chunker = chunkerOver(texts, quarantine);
    expect(await chunker.rebuild(first.plan)).toEqual({ ...first, rejects: [] });
    const second = await nextChunk(chunker, bounds({}));
    expect(second && bodyOf(second).records).toEqual([3]);
    expect(second?.rejects).toEqual([]);
  });

  it('stay so where chunks of different bounds are rebuilt one after the other', async () => {
    const texts = ['1', '"0123456789"', '2', '"0123456789"', '3', '"0123456789"', '4'];
    const chunker = chunkerOver(texts, quarantine);
    const plans: ChunkPlan[] = [];
    for (const maxBytes of [10, 1_000, 10, 1_000]) {
      const chunk = await nextChunk(chunker, bounds({ maxBytes, maxRecords: 2 }));
      if (chunk !== null) plans.push(chunk.plan);
    }
    expect(plans.map(({ recordCount }) => recordCount)).toEqual([2, 2, 1]);
    const again = chunkerOver(texts, quarantine);
    for (const plan of plans) expect((await again.rebuild(plan)).plan).toEqual(plan);
  });
});

describe('the bounds of chunks', () => {
  it.each([
    [0, 0, { maxRecords: 1000, maxBytes: 4 * 1024 * 1024 }],
    [500, 0, { maxRecords: 500, maxBytes: MAX_CHUNK_BYTES }],
    [0, 524_288, { maxRecords: null, maxBytes: 524_288 }],
    [500, 524_288, { maxRecords: 500, maxBytes: 524_288 }],
  ])('of %i records and %i bytes are the documented ones', (chunkSizeByRecords, chunkSizeByMemory, expected) => {
    const requested = { chunkSizeByRecords, chunkSizeByMemory };
    expect(chunkBounds(requested, 77)).toEqual({ ...expected, closeAtBytes: 77 });
  });
});
