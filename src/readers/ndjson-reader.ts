/**
 * NDJSON: one JSON value per line. Lines end with a line feed, a carriage return before it being white space; the last may lack it; blank lines are
 * skipped. A line that ends inside of its value is bad, for whoever wrote it meant one of the two. A bad line ends with its line feed, whatever it holds.
 */
import { type ErrorCode, type ErrorRecord, fromErrorRecord } from '../errors.ts';
import type { ReadItem } from '../model/record.ts';
import { isWhiteSpace } from '../protocol/canonical/bytes.ts';
import { FAULTY } from '../protocol/canonical/canonicalizer.ts';
import { ByteWindow } from './byte-window.ts';
import type { Reader, ReaderOptions } from './reader.ts';
import { RecordBatch } from './record-batch.ts';
import { SkippedBytes } from './skipped-bytes.ts';
import { skipTextStart } from './text-start.ts';

/** Reads NDJSON; see {@link Reader}. Positions need no state. */
export const ndjsonReader: Reader = {
  async *read(source, from, options) {
    const window = new ByteWindow(source, from);
    try {
      if (from === null) await skipTextStart(window);
      yield* new LineRecords(window, options).batches();
    } finally {
      await window.close();
    }
  },
};

/** The records of the lines that are not blank. */
class LineRecords {
  readonly #window: ByteWindow;
  readonly #options: ReaderOptions;
  readonly #batch: RecordBatch;
  /** A bad line whose end is looked for. */
  #skipped: SkippedBytes | null = null;

  constructor(window: ByteWindow, options: ReaderOptions) {
    this.#window = window;
    this.#options = options;
    this.#batch = new RecordBatch(options);
  }

  async *batches(): AsyncGenerator<readonly ReadItem[]> {
    const window = this.#window;
    const batch = this.#batch;
    do {
      await window.fill(window.length + 1);
      while (this.#skipped === null ? this.#addLine() : this.#skip(this.#skipped));
      if (batch.length > 0) yield batch.take();
      if (batch.failure !== null) throw fromErrorRecord(batch.failure);
    } while (!window.isWhole);
  }

  /** Adds the record of the next line that is not blank; false where the window holds no whole line or there is a failure. */
  #addLine(): boolean {
    const window = this.#window;
    const { maxRecordBytes } = this.#options;
    window.consume(skipWhiteSpace(window.bytes, window.start, window.end));
    const { bytes, start, end } = window;
    const lineEnd = Math.min(window.lineFeed, end);
    // The whole line counts, a carriage return aside, so that it does not depend on the blocks read whether it is too long.
    if (lineEnd - start > maxRecordBytes + 1) {
      return this.#refuse('RECORD_TOO_LARGE', start, `A line is longer than ${maxRecordBytes} bytes.`);
    }
    if (start === end || (lineEnd === end && !window.isWhole)) return false;
    const index = this.#batch.scan(window, lineEnd, true);
    if (index === FAULTY) return this.#refuseValue(lineEnd);
    const next = skipWhiteSpace(bytes, index, lineEnd);
    if (next < lineEnd) return this.#refuse('READER_SYNTAX', next, 'The line goes on after its value.');
    this.#batch.add(window, null, lineEnd);
    return true;
  }

  #refuseValue(lineEnd: number): boolean {
    const error = this.#batch.error as ErrorRecord;
    return error.code === 'READER_TRUNCATED' && lineEnd < this.#window.end
      ? this.#refuse('READER_SYNTAX', lineEnd, 'The line ends inside of its value.')
      : this.#setAside(error);
  }

  #refuse(code: ErrorCode, index: number, detail: string): boolean {
    return this.#setAside(this.#window.errorRecord({ code, index, detail }));
  }

  #setAside(error: ErrorRecord): boolean {
    if (this.#options.onBadRecord === 'fail') {
      this.#batch.failure = error;
      return false;
    }
    this.#skipped = new SkippedBytes(this.#window, null, error);
    return true;
  }

  /** Goes on to the end of a bad line. */
  #skip(skipped: SkippedBytes): boolean {
    const window = this.#window;
    const lineEnd = Math.min(window.lineFeed, window.end);
    skipped.skip(lineEnd);
    if (lineEnd === window.end && !window.isWhole) return false;
    this.#batch.addBad(skipped.take());
    this.#skipped = null;
    return true;
  }
}

function skipWhiteSpace(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (index < end && isWhiteSpace(bytes[index] as number)) index += 1;
  return index;
}
