/**
 * CSV and TSV: each row is an object of the columns' names and its cells, which stay the strings they are. Works on bytes throughout: a row's cells are found
 * ({@link CsvRow}) and copied into canonical form in the order of the sorted names ({@link CsvRecordWriter}).
 */
import { type ErrorRecord, fromErrorRecord } from '../errors.ts';
import type { CsvFormat } from '../model/format.ts';
import { MAX_RAW_BYTES, type ReadItem } from '../model/record.ts';
import type { JsonFault } from '../protocol/json-place.ts';
import { ByteWindow } from './byte-window.ts';
import { nameColumns } from './column-names.ts';
import { CsvBatch } from './csv-batch.ts';
import { type CsvDialect, type CsvState, dialectOf } from './csv-dialect.ts';
import { readHead } from './csv-head.ts';
import { passLine } from './csv-line.ts';
import { CsvRecordWriter } from './csv-record-writer.ts';
import { CsvRows, type RowFound } from './csv-rows.ts';
import type { Reader, ReaderOptions } from './reader.ts';

/** A reader of CSV as the options say; see {@link Reader}. A position's state holds what the head of the file told. */
export function createCsvReader(format: CsvFormat): Reader {
  return {
    async *read(source, from, options) {
      const window = new ByteWindow(source, from);
      try {
        const state = from === null ? await readHead(window, format, options.maxRecordBytes) : (from.state as CsvState);
        yield* new CsvRecords(window, format, { state, ...options }).batches();
      } finally {
        await window.close();
      }
    },
  };
}

/** The records of a window from the first row after the header, or any row behind it, to the end. */
class CsvRecords {
  readonly #window: ByteWindow;
  readonly #options: ReaderOptions;
  readonly #dialect: CsvDialect;
  readonly #rows: CsvRows;
  readonly #batch = new CsvBatch();
  #state: CsvState;
  /** Null until the columns are known. */
  #writer: CsvRecordWriter | null = null;
  /** What ends the reading after the batch. */
  #failure: ErrorRecord | null = null;

  constructor(
    window: ByteWindow,
    format: CsvFormat,
    { state, ...options }: ReaderOptions & { readonly state: CsvState },
  ) {
    this.#window = window;
    this.#options = options;
    this.#dialect = dialectOf(format, state);
    this.#rows = new CsvRows(window, this.#dialect, options.maxRecordBytes);
    this.#state = state;
    if (state.columns !== null) this.#writer = new CsvRecordWriter(state.columns, this.#dialect);
  }

  async *batches(): AsyncGenerator<readonly ReadItem[]> {
    const batch = this.#batch;
    let found: RowFound;
    do {
      found = this.#addRows();
      if (found === 'endless') {
        await this.#addFirstLine(this.#rows.fault as JsonFault);
        if (this.#failure === null && !batch.isFull) continue;
      }
      if (!batch.isEmpty) yield batch.take();
      if (this.#failure !== null) throw fromErrorRecord(this.#failure);
      if (found === 'beginning') await this.#window.fill(this.#rows.neededBytes);
    } while (found !== 'nothing');
  }

  /** Adds the rows that the window holds whole, as many as a batch takes; what it found last. */
  #addRows(): RowFound {
    let found: RowFound;
    do {
      found = this.#rows.find();
      if (found === 'row') this.#addRow();
    } while (found === 'row' && this.#failure === null && !this.#batch.isFull);
    return found;
  }

  #addRow(): void {
    const window = this.#window;
    const { row } = this.#rows;
    const fault = this.#rows.fault ?? this.#write();
    const position = window.position(this.#state);
    if (fault === null) this.#batch.addRecord(position);
    else if (this.#options.onBadRecord === 'fail') this.#failure = window.errorRecord(fault);
    else {
      const { bytes, start } = window;
      const raw = bytes.slice(start, Math.min(row.end, start + MAX_RAW_BYTES));
      this.#batch.addBad({ position, byteLength: row.end - start, error: window.errorRecord(fault), raw });
    }
    this.#rows.leave();
  }

  /** Writes the row that was found; what is wrong where it cannot be a record. */
  #write(): JsonFault | null {
    const { bytes, start } = this.#window;
    const { row } = this.#rows;
    const { output } = this.#batch;
    const { maxRecordBytes } = this.#options;
    this.#writer ??= this.#countColumns();
    const { columnCount } = this.#writer;
    if (row.cellCount !== columnCount) {
      const detail = `The row has ${row.cellCount} cells, and there are ${columnCount} columns.`;
      return { code: 'ROW_WIDTH', index: start, detail };
    }
    const outputStart = output.length;
    this.#writer.write(row, bytes, output);
    if (output.length - outputStart <= maxRecordBytes) return null;
    output.length = outputStart;
    return { code: 'RECORD_TOO_LARGE', index: start, detail: `A record is larger than ${maxRecordBytes} bytes.` };
  }

  /** Takes the row that was found for one that has all columns. */
  #countColumns(): CsvRecordWriter {
    const columns = nameColumns(Array.from({ length: this.#rows.row.cellCount }, () => null));
    this.#state = Object.freeze({ ...this.#state, columns });
    return new CsvRecordWriter(columns, this.#dialect);
  }

  /** Sets the first line of a row without end aside. */
  async #addFirstLine(fault: JsonFault): Promise<void> {
    const window = this.#window;
    const error = window.errorRecord(fault);
    if (this.#options.onBadRecord === 'fail') {
      this.#failure = error;
      return;
    }
    const position = window.position(this.#state);
    const { endsAtCarriageReturn } = this.#dialect;
    const { byteLength, raw } = await passLine(window, { endsAtCarriageReturn, maxRawBytes: MAX_RAW_BYTES });
    this.#batch.addBad({ position, byteLength, error, raw });
  }
}
