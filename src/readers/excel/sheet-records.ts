/**
 * The records of a sheet: which row names the columns, which rows are records, what becomes of empty and bad ones, and the bounds that hold over rows.
 *
 * Those of empty rows wait as one that counts for many: a few bytes can tell a million of them.
 */
import { ServiceError, toErrorRecord } from '../../errors.ts';
import type { ExcelFormat } from '../../model/format.ts';
import { type BadRecord, MAX_RAW_BYTES, type Position, type ReadItem, type SourceRecord } from '../../model/record.ts';
import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import type { ReaderOptions } from '../reader.ts';
import { Columns } from './columns.ts';
import type { Row } from './row.ts';

/** A batch of so many bytes or records is not added to. */
const FULL_BYTES = 256 * 1024;
const FULL_COUNT = 1024;

/** What the reader of a sheet must know to begin at a row. A type, not an interface: it is stored as JSON. */
export type SheetState = {
  /** Index of the sheet in the workbook. */
  readonly sheet: number;
  /** The highest number of the rows before the one at the position. */
  readonly previousRow: number;
  /** How many bytes all records before it have: what a small file expands to is bounded. */
  readonly recordBytes: number;
  readonly columns: readonly string[];
  /** The names of the elements around the rows. */
  readonly elements: readonly string[];
};

/** What the records of a sheet are made with. */
export interface SheetRecordsOptions {
  readonly format: ExcelFormat;
  readonly reader: ReaderOptions;
  /** Most bytes that all records of the workbook may have: SOURCE_EXPANDS. */
  readonly maxTotalBytes: number;
  /** The position of a byte of the sheet. */
  readonly positionAt: (byteOffset: number, line: number, state: SheetState) => Position;
  readonly file: string;
  readonly sheet: number;
  /** How many bytes the records of the sheets before it have. */
  readonly recordBytes: number;
  readonly elements: readonly string[];
  /** Where to begin; null: at the start of the sheet. */
  readonly from: { readonly line: number; readonly state: SheetState } | null;
}

/** Equal records in lines that follow each other. */
interface Repeated {
  readonly record: SourceRecord;
  readonly state: SheetState;
  readonly count: number;
}

/** See the head of the file. */
export class SheetRecords {
  /** How many bytes all records up to now have. */
  recordBytes: number;
  readonly #options: SheetRecordsOptions;
  #columns: Columns | null = null;
  /** The line after the last record. */
  #nextLine = 1;
  /** What waits to be taken; of a record its place, in `#output` it ends where `#ends` says. */
  #waiting: (Position | BadRecord | Repeated)[] = [];
  readonly #output = new ByteOutput(FULL_BYTES);
  readonly #ends: number[] = [];

  constructor(options: SheetRecordsOptions) {
    const { from } = options;
    this.#options = options;
    this.recordBytes = from?.state.recordBytes ?? options.recordBytes;
    if (from === null) return;
    this.#columns = new Columns(from.state.columns);
    this.#nextLine = from.line;
  }

  /** Whether what waits should be taken before the next row is added. */
  get isFull(): boolean {
    return this.#output.length >= FULL_BYTES || this.#waiting.length >= FULL_COUNT;
  }

  /** Takes the next row. Throws what is wrong with it where that ends the reading, SOURCE_EXPANDS. */
  readonly add = (row: Row): void => {
    const columns = this.#columns;
    if (columns === null) this.#addHeader(row);
    else if (row.fault !== null) this.#addBad(row, columns, row.fault);
    else if (row.cells.width > 0) this.#addRecord(row, columns);
  };

  /** The records that wait, in batches: see {@link Reader}. */
  *take(): Generator<readonly ReadItem[]> {
    const waiting = this.#waiting;
    const ends = this.#ends.splice(0);
    const bytes = this.#output.take();
    this.#waiting = [];
    let batch: ReadItem[] = [];
    let start = 0;
    let recordIndex = 0;
    for (const item of waiting) {
      if ('count' in item) {
        if (batch.length > 0) yield batch;
        yield* repeat(item);
        batch = [];
      } else if ('error' in item) batch.push(item);
      else {
        const end = ends[recordIndex] as number;
        batch.push({ bytes: bytes.subarray(start, end), position: item });
        recordIndex += 1;
        start = end;
      }
    }
    if (batch.length > 0) yield batch;
  }

  #addHeader(row: Row): void {
    const { headerRow } = this.#options.format;
    if (headerRow !== null && row.number < headerRow) return;
    if (headerRow !== null && row.number > headerRow) {
      this.#columns = new Columns([]);
      this.#nextLine = headerRow + 1;
      this.add(row);
      return;
    }
    if (row.fault !== null) throw this.#placed(row, row.fault);
    if (headerRow === null && row.cells.width === 0) return;
    this.#columns = Columns.fromHeader(row.cells);
    this.#nextLine = row.number + 1;
  }

  #addRecord(row: Row, columns: Columns): void {
    const output = this.#output;
    const { maxRecordBytes } = this.#options.reader;
    const start = output.length;
    columns.write(row.cells, output);
    const byteCount = output.length - start;
    if (byteCount > maxRecordBytes) {
      output.length = start;
      const detail = `Row ${row.number}: It is larger than ${maxRecordBytes} bytes.`;
      this.#addBad(row, columns, new ServiceError('RECORD_TOO_LARGE', { detail }));
      return;
    }
    this.#addEmptyBefore(row, columns);
    const state = this.#stateAt(row, columns);
    this.#count(row, byteCount);
    this.#waiting.push(this.#options.positionAt(row.byteOffset, row.number, state));
    this.#ends.push(output.length);
    this.#nextLine = row.number + 1;
  }

  #addBad(row: Row, columns: Columns, fault: ServiceError): void {
    this.#addEmptyBefore(row, columns);
    const error = this.#placed(row, fault);
    if (this.#options.reader.onBadRecord === 'fail') throw error;
    const position = this.#options.positionAt(row.byteOffset, row.number, this.#stateAt(row, columns));
    const raw = new Uint8Array(Buffer.from(row.raw()).subarray(0, MAX_RAW_BYTES));
    this.#waiting.push({ position, byteLength: row.byteLength, error: toErrorRecord(error), raw });
    this.#nextLine = Math.max(this.#nextLine, row.number + 1);
  }

  /** Adds the records of the empty rows between the last record and a row, where those are kept. */
  #addEmptyBefore(row: Row, columns: Columns): void {
    const count = row.number - this.#nextLine;
    if (this.#options.format.emptyRows === 'skip' || count <= 0) return;
    const output = new ByteOutput(0);
    columns.write(null, output);
    const bytes = output.take();
    const state = this.#stateAt(row, columns);
    this.#count(row, count * bytes.length);
    const position = this.#options.positionAt(row.byteOffset, this.#nextLine, state);
    this.#waiting.push({ record: { bytes, position }, state, count });
  }

  #count(row: Row, byteCount: number): void {
    this.recordBytes += byteCount;
    if (this.recordBytes <= this.#options.maxTotalBytes) return;
    const detail = `The records of the workbook have more than ${this.#options.maxTotalBytes} bytes.`;
    throw this.#placed(row, new ServiceError('SOURCE_EXPANDS', { detail }));
  }

  #stateAt(row: Row, columns: Columns): SheetState {
    return {
      sheet: this.#options.sheet,
      previousRow: row.previous,
      recordBytes: this.recordBytes,
      columns: columns.names,
      elements: this.#options.elements,
    };
  }

  #placed(row: Row, { code, message }: ServiceError): ServiceError {
    const { byteOffset } = this.#options.positionAt(row.byteOffset, row.number, this.#stateAt(row, new Columns([])));
    const place = { file: this.#options.file, byteOffset, line: row.number, column: 1 };
    return new ServiceError(code, { detail: message, place });
  }
}

/** The records that one stands for, in batches. */
function* repeat({ record, state, count }: Repeated): Generator<readonly ReadItem[]> {
  const { bytes, position } = record;
  for (let index = 0; index < count; index += FULL_COUNT) {
    yield Array.from({ length: Math.min(FULL_COUNT, count - index) }, (_, place) => {
      const before = index + place;
      const recordBytes = state.recordBytes + before * bytes.length;
      return { bytes, position: { ...position, line: position.line + before, state: { ...state, recordBytes } } };
    });
  }
}
