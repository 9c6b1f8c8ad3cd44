import type { ServiceError } from '../errors.ts';
import type { Position, SourceRecord } from '../model/record.ts';
import { Canonicalizer, FAULTY, INCOMPLETE } from '../protocol/canonical/canonicalizer.ts';
import type { ByteWindow } from './byte-window.ts';
import type { ReaderOptions } from './reader.ts';

/**
 * The records read since the last batch was taken: parts of the canonicalizer's output, where they stand one after the other until the next
 * batch is written over them.
 */
export class RecordBatch {
  /** What ended the batch; thrown after the records before it were yielded. */
  failure: ServiceError | null = null;
  readonly #canonicalizer: Canonicalizer;
  readonly #maxRecordBytes: number;
  readonly #ends: number[] = [];
  readonly #positions: Position[] = [];

  constructor(options: ReaderOptions) {
    this.#canonicalizer = new Canonicalizer(options);
    this.#maxRecordBytes = options.maxRecordBytes;
  }

  get length(): number {
    return this.#ends.length;
  }

  /**
   * Adds the record that begins at the window's start, where no white space is, and consumes it. False: it goes on after the window's end, or there is a {@link failure}.
   * @param end where the record's text ends at the latest; `bytes[end]` is 0
   * @param isWhole whether it cannot go on after `end`
   */
  add(window: ByteWindow, state: Position['state'], end: number, isWhole: boolean): boolean {
    const { output } = this.#canonicalizer;
    const { start } = window;
    const outputStart = output.length;
    const index = this.#canonicalizer.scan(window.bytes, start, end, isWhole);
    const fault = this.#canonicalizer.fault;
    // How far the text was looked at: the answer must not depend on how much of it was there.
    const reach = index === INCOMPLETE ? end : index === FAULTY && fault !== null ? fault.index : index;
    if (reach - start > this.#maxRecordBytes || output.length - outputStart > this.#maxRecordBytes) {
      const detail = `A record is larger than ${this.#maxRecordBytes} bytes.`;
      this.failure = window.failure({ code: 'RECORD_TOO_LARGE', index: start, detail });
      return false;
    }
    if (index === FAULTY && fault !== null) this.failure = window.failure(fault);
    if (index < 0) return false;
    this.#positions.push(window.position(state));
    this.#ends.push(output.length);
    window.consume(index);
    return true;
  }

  /** How many bytes to have before a record that did not end is tried again: by doubling, all tries together cost twice the last one. */
  retryBytes(window: ByteWindow): number {
    return Math.min(2 * window.length, Math.max(this.#maxRecordBytes, window.length) + 1);
  }

  /** The records, in their order, of which this batch is then rid. */
  take(): readonly SourceRecord[] {
    const bytes = this.#canonicalizer.output.take();
    let start = 0;
    const records = this.#ends.map((end, index) => {
      const record = { bytes: bytes.subarray(start, end), position: this.#positions[index] as Position };
      start = end;
      return record;
    });
    this.#ends.length = 0;
    this.#positions.length = 0;
    return records;
  }
}
