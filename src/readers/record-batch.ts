import type { ErrorRecord } from '../errors.ts';
import type { BadRecord, Position, ReadItem, SourceRecord } from '../model/record.ts';
import { Canonicalizer, FAULTY, INCOMPLETE } from '../protocol/canonical/canonicalizer.ts';
import type { ByteWindow } from './byte-window.ts';
import type { ReaderOptions } from './reader.ts';

/**
 * What was read since the last batch was taken. The records are parts of the canonicalizer's output, where they stand one after the other until the next
 * batch is written over them.
 */
export class RecordBatch {
  /** What ends the reading; thrown after the items before it were yielded. */
  failure: ErrorRecord | null = null;
  /** What is wrong with the record looked at last, after FAULTY. */
  error: ErrorRecord | null = null;
  readonly #canonicalizer: Canonicalizer;
  readonly #maxRecordBytes: number;
  readonly #ends: number[] = [];
  /** Where the last record added ends. */
  #outputEnd = 0;
  readonly #positions: Position[] = [];
  /** The bad records, each with how many sound ones come before it. */
  #bad: { readonly recordsBefore: number; readonly record: BadRecord }[] = [];

  constructor(options: ReaderOptions) {
    this.#canonicalizer = new Canonicalizer(options);
    this.#maxRecordBytes = options.maxRecordBytes;
  }

  get length(): number {
    return this.#ends.length + this.#bad.length;
  }

  /**
   * Looks at the record that begins at the window's start, where no white space is. Returns the index after it; INCOMPLETE, if it goes on after `end`; or
   * FAULTY. The answer does not depend on how much more than the largest record there is.
   * @param end where the record's text ends at the latest
   * @param isWhole whether it cannot go on after `end`
   */
  scan(window: ByteWindow, end: number, isWhole: boolean): number {
    const { bytes, start } = window;
    const { output } = this.#canonicalizer;
    const maxBytes = this.#maxRecordBytes;
    const outputStart = this.#outputEnd;
    // A record that was looked at and not added is written over.
    output.length = outputStart;
    const bound = Math.min(end, start + maxBytes + 1);
    // What the canonicalizer stops at.
    const byteAtBound = bytes[bound] as number;
    bytes[bound] = 0;
    const index = this.#canonicalizer.scan(bytes, start, bound, isWhole && bound === end);
    bytes[bound] = byteAtBound;
    const { fault } = this.#canonicalizer;
    if (index === FAULTY && fault !== null) {
      this.error = window.errorRecord(fault);
      return FAULTY;
    }
    const byteCount = (index === INCOMPLETE ? bound : index) - start;
    if (byteCount <= maxBytes && output.length - outputStart <= maxBytes) return index;
    const detail = `A record is larger than ${maxBytes} bytes.`;
    this.error = window.errorRecord({ code: 'RECORD_TOO_LARGE', index: start, detail });
    return FAULTY;
  }

  /** Adds the record looked at last, and leaves the bytes before `next` behind. */
  add(window: ByteWindow, state: Position['state'], next: number): void {
    this.#positions.push(window.position(state));
    this.#outputEnd = this.#canonicalizer.output.length;
    this.#ends.push(this.#outputEnd);
    window.consume(next);
  }

  /** Adds a bad record. */
  addBad(record: BadRecord): void {
    this.#bad.push({ recordsBefore: this.#ends.length, record });
  }

  /** How many bytes to have before a record that did not end is tried again: by doubling, all tries together cost twice the last one. */
  retryBytes(window: ByteWindow): number {
    return Math.min(2 * window.length, Math.max(this.#maxRecordBytes, window.length) + 1);
  }

  /** The items, in their order, of which this batch is then rid. */
  take(): readonly ReadItem[] {
    const records = this.#takeRecords();
    if (this.#bad.length === 0) return records;
    const items: ReadItem[] = [];
    let taken = 0;
    for (const { recordsBefore, record } of this.#bad) {
      for (const sound of records.slice(taken, recordsBefore)) items.push(sound);
      items.push(record);
      taken = recordsBefore;
    }
    this.#bad = [];
    return [...items, ...records.slice(taken)];
  }

  #takeRecords(): readonly SourceRecord[] {
    const bytes = this.#canonicalizer.output.take();
    let start = 0;
    const records = this.#ends.map((end, index) => {
      const record = { bytes: bytes.subarray(start, end), position: this.#positions[index] as Position };
      start = end;
      return record;
    });
    this.#ends.length = 0;
    this.#outputEnd = 0;
    this.#positions.length = 0;
    return records;
  }
}
