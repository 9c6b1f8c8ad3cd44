/**
 * The rows of a window, one after the other. A row that does not end within the record bound, in most cases because of a quote that is never closed, counts for no more
 * than its first line: a stray quote costs one line, and reading goes on behind it.
 *
 * A file in which every line has such a quote must not be scanned up to the bound from each of them. But a row that is in quotes at a line end at which one before it
 * was in quotes goes on as that one did. So it is remembered how far that one had no end; and as its end is searched for a quarter more than the bound, many rows
 * can go by before the next search.
 */
import type { JsonFault } from '../protocol/json-place.ts';
import type { ByteWindow } from './byte-window.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { CsvRow, INCOMPLETE, OPEN } from './csv-row.ts';

/** The longest line end. */
const LINE_END_BYTES = 2;

/**
 * What stands at the start of the window: a row; the beginning of one, of which more must be read; a row that does not end within the bound; or
 * nothing, the source has ended.
 */
export type RowFound = 'row' | 'beginning' | 'endless' | 'nothing';

/** Finds the rows of a window. */
export class CsvRows {
  /** The row that was found at the start of the window. */
  readonly row: CsvRow;
  /** What is wrong with it, but for the number of its cells. */
  fault: JsonFault | null = null;
  /** How many bytes the window must have for the next look. */
  neededBytes = 1;
  readonly #window: ByteWindow;
  readonly #maxRecordBytes: number;
  readonly #searchedBytes: number;
  /** Offset in the source before which no row ends that is in quotes at a line end. */
  #openUntil = 0;
  #next = 0;

  constructor(window: ByteWindow, dialect: CsvDialect, maxRecordBytes: number) {
    this.row = new CsvRow(dialect);
    this.#window = window;
    this.#maxRecordBytes = maxRecordBytes;
    this.#searchedBytes = maxRecordBytes + Math.floor(maxRecordBytes / 4) + LINE_END_BYTES;
  }

  /** Looks at the start of the window, having passed over blank lines. */
  find(): RowFound {
    const window = this.#window;
    for (;;) {
      const { start, end, isWhole, length } = window;
      if (start === end && isWhole) return 'nothing';
      const openUntil = this.#openIndex();
      const next = start === end ? INCOMPLETE : this.row.scan(window.bytes, start, { end, isWhole, openUntil });
      if (next === INCOMPLETE && length < this.#searchedBytes) {
        // By doubling, all looks at one row together cost twice the last.
        this.neededBytes = Math.max(1, Math.min(2 * length, this.#searchedBytes));
        return 'beginning';
      }
      if (next < 0 || this.row.end - start > this.#maxRecordBytes) {
        if (openUntil === 0) this.#rememberOpen(next);
        this.fault = this.#endlessFault(next);
        return 'endless';
      }
      this.#next = next;
      this.fault = this.row.fault;
      if (this.row.end > start) return 'row';
      window.consume(next);
    }
  }

  /** Goes behind the row that was found. */
  leave(): void {
    this.#window.consume(this.#next);
  }

  /** The index up to which a row at the window's start has no end if it is in quotes at a line end; 0 where that does not decide about it. */
  #openIndex(): number {
    if (this.#openUntil === 0) return 0;
    const { place, start } = this.#window;
    const openBytes = this.#openUntil - place.byteOffset;
    return openBytes > this.#maxRecordBytes + LINE_END_BYTES ? start + openBytes : 0;
  }

  #rememberOpen(next: number): void {
    const { place, start, end } = this.#window;
    const index = next === INCOMPLETE ? end : next === OPEN ? Number.POSITIVE_INFINITY : this.row.end;
    this.#openUntil = place.byteOffset + index - start;
  }

  #endlessFault(next: number): JsonFault {
    const { start, length, isWhole } = this.#window;
    const { openQuote } = this.row;
    const isBounded = length <= this.#maxRecordBytes;
    if (next === OPEN && isWhole && isBounded) {
      return { code: 'READER_TRUNCATED', index: openQuote, detail: 'The file ends inside of the quotes opened here.' };
    }
    const reason = openQuote === -1 ? '' : ', or a quote in its first line is never closed';
    const detail = `A row is larger than ${this.#maxRecordBytes} bytes${reason}.`;
    return { code: 'RECORD_TOO_LARGE', index: start, detail };
  }
}
