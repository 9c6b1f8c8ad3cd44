/**
 * What every reader must do, whatever the format: the same records and positions however the bytes are cut, errors after all records before them, bad records
 * set aside in their place, resumption at every record without a look at what lies before, everything released, constant memory.
 */
import { describe, expect, it } from 'vitest';
import type { ErrorCode, ServiceError } from '../../src/errors.ts';
import { type BadRecord, isBadRecord, type Position, type ReadItem } from '../../src/model/record.ts';
import type { Reader, ReaderOptions } from '../../src/readers/reader.ts';
import type { Source } from '../../src/sources/source.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import { memorySource } from './memory-source.ts';

/** What the suite must know of a format. */
export interface ReaderSuite {
  readonly name: string;
  readonly reader: Reader<Source>;
  readonly recordPath: string;
  /** A document of a few hundred bytes with multi-byte characters, white space, escapes and all kinds of values. */
  readonly document: Uint8Array;
  /** Its records in canonical form. */
  readonly records: readonly string[];
  /** A document with these records, each as the format has it. */
  readonly build: (records: readonly string[]) => Uint8Array;
  /** Three different sound records, as the format has them and in canonical form. */
  readonly sound: readonly { readonly text: string; readonly canonical: string }[];
  /** Records that are bad, and at which of their bytes; null where the place is that of the record. Reading goes on behind each. */
  readonly bad: readonly { readonly text: string; readonly code: ErrorCode; readonly offset: number }[];
  /** A sound record, and the least bound with which it is taken. */
  readonly bounded: { readonly text: string; readonly byteCount: number };
  /** Whether a document cut off after this prefix is a sound one. */
  readonly isSound: (prefix: Uint8Array) => boolean;
  /** What a document cut off ends with. */
  readonly truncationCodes: readonly ErrorCode[];
  /** Whether no bytes at all are a sound document. */
  readonly isEmptySound: boolean;
  /** Whether the bytes are text, in which positions can be counted and which is opened at them. */
  readonly isText: boolean;
  /** A document of about this many bytes that exists only block by block; null where {@link build} must do. */
  readonly generate: ((byteCount: number) => Source) | null;
}

/** An item as the suite compares it; a bad record by its code. */
export interface ReadRecord {
  readonly text: string;
  readonly position: Position;
}

/** A bad record as the suite compares it. */
export interface ReadBadRecord {
  readonly code: ErrorCode;
  readonly position: Position;
  readonly byteLength: number;
  readonly raw: string;
  readonly place: ServiceError['place'];
  /** How many sound records were read before it. */
  readonly recordsBefore: number;
}

/** What reading gave: the records, the bad ones and the error it ended with. */
export interface ReadResult {
  readonly records: readonly ReadRecord[];
  readonly bad: readonly ReadBadRecord[];
  readonly error: ServiceError | null;
}

const LIMITS: ReaderOptions = {
  maxRecordBytes: 1 << 20,
  maxDepth: 64,
  numberForm: 'exact',
  recordPath: '',
  onBadRecord: 'fail',
};
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const GENERATED_BYTES = 200 * 1024 * 1024;
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

/** Reads to the end or to an error. */
export async function readAll<Input extends Source>(
  reader: Reader<Input>,
  source: Input,
  options: Partial<ReaderOptions> = {},
  from: Position | null = null,
): Promise<ReadResult> {
  const records: ReadRecord[] = [];
  const bad: ReadBadRecord[] = [];
  const take = (item: ReadItem): void => {
    if (isBadRecord(item)) bad.push(badRecordOf(item, records.length));
    else records.push({ text: Buffer.from(item.bytes).toString(), position: item.position });
  };
  try {
    for await (const batch of reader.read(source, from, { ...LIMITS, ...options })) {
      expect(batch.length).toBeGreaterThan(0);
      for (const item of batch) take(item);
    }
  } catch (error) {
    return { records, bad, error: error as ServiceError };
  }
  return { records, bad, error: null };
}

function badRecordOf({ position, byteLength, raw, error }: BadRecord, recordsBefore: number): ReadBadRecord {
  const { code, place } = error;
  return { position, byteLength, raw: Buffer.from(raw).toString('latin1'), code, place, recordsBefore };
}

/** The line and column of a byte of a text, from 1. */
export function placeIn(text: Uint8Array, byteOffset: number): { byteOffset: number; line: number; column: number } {
  const before = Buffer.from(text).subarray(0, byteOffset);
  const line = before.filter((byte) => byte === 0x0a).length + 1;
  return { byteOffset, line, column: byteOffset - before.lastIndexOf(0x0a) };
}

/** The `build` and `generate` of a text format in which records stand one after the other. */
export function framed(frame: {
  readonly before: string;
  readonly between: string;
  readonly after: string;
  /** A sound record of about a kilobyte. */
  readonly filler: string;
}): Pick<ReaderSuite, 'build' | 'generate' | 'isText'> {
  const { before, between, after, filler } = frame;
  return {
    isText: true,
    build: (records) => Buffer.from(before + records.join(between) + after),
    generate: (byteCount) => {
      const block = Buffer.from((filler + between).repeat(256));
      return {
        ...memorySource(new Uint8Array()),
        async *open() {
          yield Buffer.from(before);
          for (let index = 0; index < Math.ceil(byteCount / block.length); index += 1) yield block;
          yield Buffer.from(filler + after);
        },
      };
    },
  };
}

/** Registers the suite's tests for one reader. */
export function describeReader(suite: ReaderSuite): void {
  const { reader, recordPath, document, build } = suite;
  const read = (
    bytes: Uint8Array,
    options: Partial<ReaderOptions> = {},
    cut?: (offset: number) => number,
  ): Promise<ReadResult> => readAll(reader, memorySource(bytes, cut), { recordPath, ...options });
  const texts = ({ records }: ReadResult): string[] => records.map(({ text }) => text);
  const [first, second, third] = suite.sound as [
    ReaderSuite['sound'][0],
    ReaderSuite['sound'][0],
    ReaderSuite['sound'][0],
  ];

  if (!suite.isText) console.log(`skipped: ${suite.name} reads no text that could have a byte order mark`);
  if (suite.generate === null) console.log(`skipped: ${suite.name} is not given 200 MB`);

  describe(`${suite.name}, as every reader,`, () => {
    it('yields the records in canonical form with the place at which each begins', async () => {
      const result = await read(document);
      expect(result.error).toBeNull();
      expect(texts(result)).toEqual(suite.records);
      let last = -1;
      for (const { position } of result.records) {
        expect(position.fileIndex).toBe(0);
        expect(position.byteOffset).toBeGreaterThan(last);
        last = position.byteOffset;
        if (suite.isText) expect(position).toMatchObject(placeIn(document, position.byteOffset));
      }
    });

    it('yields the same when the bytes come one at a time', async () => {
      expect(await read(document, {}, () => 1)).toEqual(await read(document));
    });

    it('yields the same wherever the bytes are cut in two', async () => {
      const whole = await read(document);
      const step = suite.isText ? 1 : Math.ceil(document.length / 200);
      for (let split = 1; split < document.length; split += step) {
        expect(
          await read(document, {}, (offset) => (offset < split ? split - offset : document.length)),
          `cut at ${split}`,
        ).toEqual(whole);
      }
    });

    it.runIf(suite.isText)('skips a byte order mark and counts its bytes', async () => {
      const plain = await read(document);
      const marked = await read(Buffer.concat([BYTE_ORDER_MARK, document]), {}, () => 2);
      expect(texts(marked)).toEqual(suite.records);
      expect(marked.records[0]?.position.byteOffset).toBe((plain.records[0]?.position.byteOffset ?? 0) + 3);
    });

    it('finds no records in an empty file, and takes it for one cut off unless that is a sound document', async () => {
      const { records, error } = await read(new Uint8Array());
      expect(records).toEqual([]);
      if (suite.isEmptySound) expect(error).toBeNull();
      else expect(suite.truncationCodes).toContain(error?.code);
    });

    it('never takes a document cut off at any byte for a sound one', async () => {
      const whole = await read(document);
      for (let length = 0; length < document.length; length += 1) {
        const prefix = document.subarray(0, length);
        const { records, error } = await read(prefix);
        const isSound = suite.isSound(prefix);
        if (isSound) expect(error?.code, `cut off at ${length}`).toBeUndefined();
        else expect(suite.truncationCodes, `cut off at ${length}`).toContain(error?.code);
        // A number or a line cut off is one: the last record of a sound prefix may be another.
        const comparable = isSound ? records.slice(0, -1) : records;
        expect(comparable).toEqual(whole.records.slice(0, comparable.length));
      }
    });

    it('yields the same records and positions from every position', async () => {
      const whole = await read(document);
      for (const [index, { position }] of whole.records.entries()) {
        const source = memorySource(document, () => 7);
        const stored = JSON.parse(JSON.stringify(position)) as Position;
        const { records, error } = await readAll(reader, source, { recordPath }, stored);
        expect(error).toBeNull();
        expect(records).toEqual(whole.records.slice(index));
        if (suite.isText) expect(source.openedAt).toEqual([position.byteOffset]);
      }
    });

    it('yields all records before a bad one, then its error with its place, straight and resumed', async () => {
      for (const { text, code, offset } of suite.bad) {
        const broken = build([first.text, second.text, text, third.text]);
        const start = Buffer.from(broken).indexOf(text);
        for (const cut of [undefined, () => 1]) {
          const straight = await read(broken, {}, cut);
          expect(texts(straight), text).toEqual([first.canonical, second.canonical]);
          expect(straight.error?.code, text).toBe(code);
          if (suite.isText) expect(straight.error?.place, text).toMatchObject(placeIn(broken, start + offset));
          const from = straight.records[1]?.position ?? null;
          const resumed = await readAll(reader, memorySource(broken, cut), { recordPath }, from);
          expect(texts(resumed)).toEqual([second.canonical]);
          expect(resumed.error?.code).toBe(code);
          expect(resumed.error?.place).toEqual(straight.error?.place);
        }
      }
    });

    it('sets bad records aside in their place and goes on behind them, however the bytes are cut, straight and resumed', async () => {
      for (const { text, code, offset } of suite.bad) {
        const broken = build([text, first.text, text, text, second.text, third.text, text]);
        const straight = await read(broken, { onBadRecord: 'quarantine' });
        expect(straight.error, text).toBeNull();
        expect(texts(straight), text).toEqual([first, second, third].map(({ canonical }) => canonical));
        expect(straight.bad.map((one) => [one.code, one.recordsBefore])).toEqual([
          [code, 0],
          [code, 1],
          [code, 1],
          [code, 3],
        ]);
        expect(new Set(straight.bad.map(({ position }) => position.byteOffset)).size).toBe(4);
        if (suite.isText) {
          let from = 0;
          for (const one of straight.bad) {
            const start = Buffer.from(broken).indexOf(text, from);
            from = start + 1;
            expect(one.position).toMatchObject(placeIn(broken, start));
            expect(one.place).toMatchObject(placeIn(broken, start + offset));
            expect(one.raw.startsWith(Buffer.from(text).toString('latin1')), one.raw).toBe(true);
            expect(one.raw.length).toBe(one.byteLength);
          }
        }
        expect(await read(broken, { onBadRecord: 'quarantine' }, () => 1)).toEqual(straight);
        for (const { position } of [...straight.records, ...straight.bad]) {
          const resumed = await readAll(
            reader,
            memorySource(broken),
            { recordPath, onBadRecord: 'quarantine' },
            position,
          );
          const isFromHere = (one: { position: Position }) => one.position.byteOffset >= position.byteOffset;
          expect(resumed.records).toEqual(straight.records.filter(isFromHere));
          expect(resumed.bad.map((one) => one.position)).toEqual(
            straight.bad.filter(isFromHere).map((one) => one.position),
          );
        }
      }
    });

    it('takes a record of exactly the bound and refuses a larger one, or sets it aside, however the bytes are cut', async () => {
      const { text, byteCount } = suite.bounded;
      for (const cut of [undefined, () => 1, () => 33]) {
        const bytes = build([first.text, text, second.text]);
        const taken = await read(bytes, { maxRecordBytes: byteCount }, cut);
        expect(taken.error).toBeNull();
        expect(taken.records).toHaveLength(3);
        const refused = await read(bytes, { maxRecordBytes: byteCount - 1 }, cut);
        expect(texts(refused)).toEqual([first.canonical]);
        expect(refused.error?.code).toBe('RECORD_TOO_LARGE');
        if (suite.isText) expect(refused.error?.place?.byteOffset).toBe(Buffer.from(bytes).indexOf(text));
        const aside = await read(bytes, { maxRecordBytes: byteCount - 1, onBadRecord: 'quarantine' }, cut);
        expect(aside.error).toBeNull();
        expect(texts(aside)).toEqual([first.canonical, second.canonical]);
        expect(aside.bad.map((one) => [one.code, one.recordsBefore])).toEqual([['RECORD_TOO_LARGE', 1]]);
      }
    });

    it('releases its reading when it is left early, at its end and after an error', async () => {
      for (const bytes of [document, build([first.text, suite.bad[0]?.text ?? ''])]) {
        const source = memorySource(bytes, () => 5);
        await readAll(reader, source, { recordPath });
        expect(source.released.count).toBe(source.openedAt.length);
      }
      const source = memorySource(document, () => 16);
      for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      expect(source.released.count).toBe(source.openedAt.length);
    });

    it('lends records until the next batch is asked for, whatever happens in between', async () => {
      const lent: string[] = [];
      const source = memorySource(document, () => 20);
      for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
        await new Promise(setImmediate);
        for (const item of batch) if (!isBadRecord(item)) lent.push(Buffer.from(item.bytes).toString());
      }
      expect(lent).toEqual(suite.records);
    });

    it.runIf(suite.generate !== null)(
      'holds no more of a stream of 200 MB than of a short one',
      { timeout: 60_000 },
      async () => {
        const heldBytes = (): number => {
          collectGarbage();
          const { heapUsed, external } = process.memoryUsage();
          return heapUsed + external;
        };
        const source = suite.generate?.(GENERATED_BYTES) ?? memorySource(document);
        const before = heldBytes();
        let recordCount = 0;
        let nextCheck = 20_000;
        for await (const batch of reader.read(source, null, { ...LIMITS, recordPath })) {
          recordCount += batch.length;
          if (recordCount < nextCheck) continue;
          nextCheck += 50_000;
          expect(heldBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
        }
        expect(recordCount).toBeGreaterThan(100_000);
      },
    );
  });
}
