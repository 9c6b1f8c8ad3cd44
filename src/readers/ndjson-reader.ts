/**
 * NDJSON: one JSON value per line. Lines end with a line feed, a carriage return before it being white space; the last may lack it; blank lines are
 * skipped. A line that ends inside of its value is an error, for whoever wrote it meant one of the two.
 */
import type { SourceRecord } from '../model/record.ts';
import { isWhiteSpace, LINE_FEED } from '../protocol/canonical/bytes.ts';
import { ByteWindow } from './byte-window.ts';
import type { Reader, ReaderOptions } from './reader.ts';
import { RecordBatch } from './record-batch.ts';
import { skipTextStart } from './text-start.ts';

/** Reads NDJSON; see {@link Reader}. Positions need no state. */
export const ndjsonReader: Reader = {
  async *read(source, from, options) {
    const window = new ByteWindow(source, from);
    try {
      if (from === null) await skipTextStart(window);
      yield* readLines(window, options);
    } finally {
      await window.close();
    }
  },
};

async function* readLines(window: ByteWindow, options: ReaderOptions): AsyncGenerator<readonly SourceRecord[]> {
  const batch = new RecordBatch(options);
  do {
    await window.fill(window.length + 1);
    while (addLine(window, batch, options));
    if (batch.length > 0) yield batch.take();
    if (batch.failure !== null) throw batch.failure;
  } while (!window.isWhole);
}

/** Adds the record of the next line that is not blank; false where the window holds no whole line or there is a failure. */
function addLine(window: ByteWindow, batch: RecordBatch, { maxRecordBytes }: ReaderOptions): boolean {
  skipWhiteSpace(window, window.end);
  const { bytes, start, end } = window;
  const isTerminated = window.lineFeed < end;
  const lineEnd = isTerminated ? window.lineFeed : end;
  // The whole line counts, a carriage return aside, so that it does not depend on the blocks read whether it is too long.
  if (lineEnd - start > maxRecordBytes + 1) {
    const detail = `A line is longer than ${maxRecordBytes} bytes.`;
    batch.failure = window.failure({ code: 'RECORD_TOO_LARGE', index: start, detail });
    return false;
  }
  if (start === end || (!isTerminated && !window.isWhole)) return false;
  // What stands at the end stops the canonicalizer; it comes back for the lines after it.
  bytes[lineEnd] = 0;
  const isAdded = batch.add(window, null, lineEnd, true);
  if (isTerminated) bytes[lineEnd] = LINE_FEED;
  if (!isAdded) {
    if (isTerminated && batch.failure?.code === 'READER_TRUNCATED') {
      batch.failure = window.failure({
        code: 'READER_SYNTAX',
        index: lineEnd,
        detail: 'The line ends inside of its value.',
      });
    }
    return false;
  }
  skipWhiteSpace(window, lineEnd);
  if (window.start === lineEnd) return true;
  batch.failure = window.failure({
    code: 'READER_SYNTAX',
    index: window.start,
    detail: 'The line goes on after its value.',
  });
  return false;
}

function skipWhiteSpace(window: ByteWindow, end: number): void {
  let index = window.start;
  while (index < end && isWhiteSpace(window.bytes[index] as number)) index += 1;
  window.consume(index);
}
