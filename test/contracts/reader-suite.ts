/**
 * What every reader must do, whatever the format: the same records and positions however the bytes are cut, errors after all records before them, resumption at
 * every record without a look at what lies before, everything released, constant memory.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { ServiceError } from '../../src/errors.ts';
import type { Position } from '../../src/model/record.ts';
import type { Reader, ReaderOptions } from '../../src/readers/reader.ts';
import type { Source } from '../../src/sources/source.ts';
import { memorySource } from './memory-source.ts';

/** What the suite must know of a format. */
export interface ReaderSuite {
  readonly name: string;
  readonly reader: Reader;
  readonly recordPath: string;
  /** A document of a few hundred bytes with multi-byte characters, white space, escapes and all kinds of values. */
  readonly document: string;
  /** Its records in canonical form. */
  readonly records: readonly string[];
  /** What stands before, between and after the records of a document. */
  readonly frame: { readonly before: string; readonly between: string; readonly after: string };
  /** Whether a document cut off after this prefix is a sound one. */
  readonly isSound: (prefix: string) => boolean;
  /** Whether no records at all are a sound document. */
  readonly isEmptySound: boolean;
}

/** A record as the suite compares it. */
export interface ReadRecord {
  readonly text: string;
  readonly position: Position;
}

/** What reading gave: the records and the error it ended with. */
export interface ReadResult {
  readonly records: readonly ReadRecord[];
  readonly error: ServiceError | null;
}

const LIMITS: ReaderOptions = { maxRecordBytes: 1 << 20, maxDepth: 64, numberForm: 'exact', recordPath: '' };
const BYTE_ORDER_MARK = '\ufeff';
const GENERATED_BYTES = 200 * 1024 * 1024;
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

/** Reads to the end or to an error. */
export async function readAll(
  reader: Reader,
  source: Source,
  options: Partial<ReaderOptions> = {},
  from: Position | null = null,
): Promise<ReadResult> {
  const records: ReadRecord[] = [];
  try {
    for await (const batch of reader.read(source, from, { ...LIMITS, ...options })) {
      expect(batch.length).toBeGreaterThan(0);
      for (const { bytes, position } of batch) records.push({ text: Buffer.from(bytes).toString(), position });
    }
  } catch (error) {
    return { records, error: error as ServiceError };
  }
  return { records, error: null };
}

/** Registers the suite's tests for one reader. */
export function describeReader(suite: ReaderSuite): void {
  const { reader, recordPath, document, frame } = suite;
  const bytes = Buffer.from(document);
  const read = (
    text: string | Uint8Array,
    options: Partial<ReaderOptions> = {},
    cut?: (offset: number) => number,
  ): Promise<ReadResult> => readAll(reader, memorySource(Buffer.from(text), cut), { recordPath, ...options });
  const framed = (...records: string[]): string => frame.before + records.join(frame.between) + frame.after;

  describe(`${suite.name}, as every reader,`, () => {
    it('yields the records in canonical form with the place at which each begins', async () => {
      const { records, error } = await read(document);
      expect(error).toBeNull();
      expect(records.map(({ text }) => text)).toEqual(suite.records);
      for (const { position } of records) {
        const before = bytes.subarray(0, position.byteOffset).toString();
        expect(position.line).toBe(before.split('\n').length);
        expect(position.column).toBe(Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1);
        expect(position.fileIndex).toBe(0);
      }
    });

    it('yields the same when the bytes come one at a time', async () => {
      expect(await read(document, {}, () => 1)).toEqual(await read(document));
    });

    it('yields the same wherever the bytes are cut in two', async () => {
      const whole = await read(document);
      for (let split = 1; split < bytes.length; split += 1) {
        expect(
          await read(document, {}, (offset) => (offset < split ? split - offset : bytes.length)),
          `cut at ${split}`,
        ).toEqual(whole);
      }
    });

    it('skips a byte order mark and counts its bytes', async () => {
      const plain = await read(document);
      const marked = await read(BYTE_ORDER_MARK + document, {}, () => 2);
      expect(marked.records.map(({ text }) => text)).toEqual(suite.records);
      expect(marked.records[0]?.position.byteOffset).toBe((plain.records[0]?.position.byteOffset ?? 0) + 3);
    });

    it('says that UTF-16 is not read instead of calling it a syntax error', async () => {
      for (const text of [
        Buffer.from(document, 'utf16le'),
        Buffer.from(BYTE_ORDER_MARK + document, 'utf16le').swap16(),
      ]) {
        expect((await read(text)).error).toMatchObject({
          code: 'INVALID_UTF8',
          place: { byteOffset: 0, line: 1, column: 1 },
        });
      }
    });

    it('finds no records in an empty file, and takes it for one cut off unless that is a sound document', async () => {
      const { records, error } = await read('');
      expect(records).toEqual([]);
      expect(error?.code).toBe(suite.isEmptySound ? undefined : 'READER_TRUNCATED');
    });

    it('never takes a document cut off at any byte for a sound one', async () => {
      const whole = await read(document);
      for (let length = 0; length < bytes.length; length += 1) {
        const prefix = bytes.subarray(0, length);
        const { records, error } = await read(prefix);
        const isSound = !prefix.toString().endsWith('\ufffd') && suite.isSound(prefix.toString());
        expect(error?.code, `cut off at ${length}`).toBe(isSound ? undefined : 'READER_TRUNCATED');
        if (error !== null) expect(error.place?.byteOffset).toBe(length);
        // A number cut off is a number: the last record of a sound prefix may be another.
        const comparable = isSound ? records.slice(0, -1) : records;
        expect(comparable).toEqual(whole.records.slice(0, comparable.length));
      }
    });

    it('yields the same records and positions from every position, opening the source there and nowhere before', async () => {
      const whole = await read(document);
      for (const [index, { position }] of whole.records.entries()) {
        const source = memorySource(bytes, () => 7);
        const stored = JSON.parse(JSON.stringify(position)) as Position;
        const { records, error } = await readAll(reader, source, { recordPath }, stored);
        expect(error).toBeNull();
        expect(records).toEqual(whole.records.slice(index));
        expect(source.openedAt).toEqual([position.byteOffset]);
      }
    });

    it('gives errors met after resuming the place in the whole document', async () => {
      const broken = framed('[1]', '[2]', '["\u00e4",nul]', '[3]');
      const straight = await read(broken);
      const second = straight.records[1]?.position ?? null;
      const resumed = await readAll(
        reader,
        memorySource(Buffer.from(broken), () => 3),
        { recordPath },
        second,
      );
      expect(resumed.error?.code).toBe('READER_SYNTAX');
      expect(resumed.error?.place).toEqual(straight.error?.place);
    });

    it('yields all records before a broken one, then its error with byte, line and column', async () => {
      const cases: readonly (readonly [string, string, number])[] = [
        ['{"a":tru}', 'READER_SYNTAX', 8],
        ['{"a":1,"b":2,"a":3}', 'DUPLICATE_KEY', 13],
        ['["\\ud800"]', 'LONE_SURROGATE', 2],
        ['[1e1000000000]', 'NUMBER_OUT_OF_RANGE', 1],
        ['[01]', 'READER_SYNTAX', 2],
      ];
      for (const [record, code, offset] of cases) {
        const text = framed('"ä"', '2', record, '4');
        const start = Buffer.byteLength(text.slice(0, text.indexOf(record)));
        for (const cut of [() => text.length * 2, () => 1]) {
          const { records, error } = await read(text, {}, cut);
          expect(records.map((one) => one.text)).toEqual(['"ä"', '2']);
          expect(error?.code).toBe(code);
          expect(error?.place?.byteOffset).toBe(start + offset);
          const before = Buffer.from(text)
            .subarray(0, start + offset)
            .toString();
          expect(error?.place?.line).toBe(before.split('\n').length);
          expect(error?.place?.column).toBe(Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1);
        }
      }
    });

    it('refuses invalid UTF-8 at its byte', async () => {
      const text = Buffer.from(framed('1', '"a?b"'));
      const index = text.indexOf('?');
      text[index] = 0xff;
      const { records, error } = await read(text);
      expect(records).toHaveLength(1);
      expect(error).toMatchObject({ code: 'INVALID_UTF8', place: { byteOffset: index } });
    });

    it('takes a record of exactly the bound and refuses a larger one, however the bytes are cut', async () => {
      const record = `"${'x'.repeat(98)}"`;
      for (const cut of [undefined, () => 1, () => 33]) {
        const text = framed('1', record);
        expect((await read(text, { maxRecordBytes: 100 }, cut)).error).toBeNull();
        const { records, error } = await read(text, { maxRecordBytes: 99 }, cut);
        expect(records.map((one) => one.text)).toEqual(['1']);
        expect(error).toMatchObject({
          code: 'RECORD_TOO_LARGE',
          place: { byteOffset: Buffer.from(text).indexOf(record) },
        });
      }
    });

    it('refuses a record that only its canonical form makes larger than the bound', async () => {
      const text = framed('[1e20,1e20]');
      expect((await read(text, { maxRecordBytes: 45 })).error).toBeNull();
      expect((await read(text, { maxRecordBytes: 44 })).error?.code).toBe('RECORD_TOO_LARGE');
    });

    it('takes nesting of exactly the bound and refuses deeper', async () => {
      const nested = (depth: number): string => framed('0', '['.repeat(depth) + ']'.repeat(depth));
      expect((await read(nested(5), { maxDepth: 5 })).error).toBeNull();
      expect((await read(nested(6), { maxDepth: 5 })).error?.code).toBe('RECORD_TOO_DEEP');
    });

    it('writes numbers as asked', async () => {
      const text = framed('9007199254740993');
      expect((await read(text)).records[0]?.text).toBe('9007199254740993');
      expect((await read(text, { numberForm: 'jcs' })).records[0]?.text).toBe('9007199254740992');
    });

    it('releases the source when it is left early, at its end and after an error', async () => {
      for (const text of [document, framed('1', '?')]) {
        const source = memorySource(Buffer.from(text), () => 5);
        await readAll(reader, source, { recordPath });
        expect(source.released.count).toBe(1);
      }
      const source = memorySource(bytes, () => 16);
      for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      expect(source.released.count).toBe(1);
    });

    it('lends records until the next batch is asked for, whatever happens in between', async () => {
      const lent: string[] = [];
      const source = memorySource(bytes, () => 20);
      for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
        await new Promise(setImmediate);
        lent.push(...batch.map((record) => Buffer.from(record.bytes).toString()));
      }
      expect(lent).toEqual(suite.records);
    });

    it('reads a large record in small blocks in time that grows with its size', async () => {
      const record = `"${'ö'.repeat(1 << 20)}"`;
      const { records, error } = await read(framed('1', record, '2'), { maxRecordBytes: 4 << 20 }, () => 512);
      expect(error).toBeNull();
      expect(records.map(({ text }) => text.length)).toEqual([1, record.length, 1]);
    });

    it('holds no more of a stream of 200 MB than of a short one', { timeout: 60_000 }, async () => {
      setFlagsFromString('--expose-gc');
      const collectGarbage = runInNewContext('gc') as () => void;
      const heldBytes = (): number => {
        collectGarbage();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      const record = JSON.stringify({ name: 'Größe', text: 'x'.repeat(900), list: [1, 2, { b: 1, a: 2 }] });
      const source = generatedSource(frame, record, GENERATED_BYTES);
      const before = heldBytes();
      let recordCount = 0;
      let nextCheck = 20_000;
      for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
        recordCount += batch.length;
        if (recordCount < nextCheck) continue;
        nextCheck += 50_000;
        expect(heldBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
      }
      expect(recordCount).toBeGreaterThan(180_000);
    });
  });
}

/** A document of about `byteCount` bytes that exists only block by block. */
function generatedSource(frame: ReaderSuite['frame'], record: string, byteCount: number): Source {
  const block = Buffer.from((record + frame.between).repeat(256));
  const blockCount = Math.ceil(byteCount / block.length);
  return {
    ...memorySource(new Uint8Array()),
    async *open() {
      yield Buffer.from(frame.before);
      for (let index = 0; index < blockCount; index += 1) yield block;
      yield Buffer.from(record + frame.after);
    },
  };
}
