/**
 * The records of a sheet: which row names the columns, which rows are records, what becomes of empty and bad ones, and the bounds that hold over rows.
 *
 * Records wait as texts until the batch is taken, and those of empty rows as one that counts for many: rows are told faster than they could be held.
 */
import { ServiceError, toErrorRecord } from '../../errors.ts';
import type { ExcelFormat } from '../../model/format.ts';
import { MAX_RAW_BYTES, type Position, type ReadItem } from '../../model/record.ts';
import type { ReaderOptions } from '../reader.ts';
import { Columns } from './columns.ts';
import type { Row } from './sheet-rows.ts';

/** Most characters of a batch, one record aside, and most records. */
const MAX_BATCH_LENGTH = 1024 * 1024;
const MAX_BATCH_COUNT = 1024;

/** What the reader of a sheet must know to begin at a row. A type, not an interface: it is stored as JSON. */
export type SheetState = {
  /** Index of the sheet in the workbook. */
  readonly sheet: number;
  /** The highest number of the rows before the one at the position. */
  readonly previousRow: number;
  /** How many characters all records before it have: what a small file expands to is bounded. */
  readonly recordLength: number;
  readonly columns: readonly string[];
  /** The names of the elements around the rows. */
  readonly elements: readonly string[];
};

/** What the records of a sheet are made with. */
export interface SheetRecordsOptions {
  readonly format: ExcelFormat;
  readonly reader: ReaderOptions;
  /** Most characters that all records of the workbook may have: SOURCE_EXPANDS. */
  readonly maxRecordLength: number;
  /** The position of a byte of the sheet. */
  readonly positionAt: (byteOffset: number, line: number, state: SheetState) => Position;
  readonly file: string;
  readonly sheet: number;
  /** How many characters the records of the sheets before it have. */
  readonly recordLength: number;
  readonly elements: readonly string[];
  /** Where to begin; null: at the start of the sheet. */
  readonly from: { readonly line: number; readonly state: SheetState } | null;
}

/** Equal records in neighbouring lines, or a bad one. */
interface Waiting {
  readonly position: Position;
  readonly state: SheetState;
  readonly text: string;
  readonly count: number;
  readonly bad: ReadItem | null;
}

/** See the head of the file. */
export class SheetRecords {
  /** How many characters all records up to now have. */
  recordLength: number;
  readonly #options: SheetRecordsOptions;
  #columns: Columns | null = null;
  /** The line after the last record. */
  #nextLine = 1;
  #waiting: Waiting[] = [];

  constructor(options: SheetRecordsOptions) {
    const { from } = options;
    this.#options = options;
    this.recordLength = from?.state.recordLength ?? options.recordLength;
    if (from === null) return;
    this.#columns = new Columns(from.state.columns);
    this.#nextLine = from.line;
  }

  /** Takes the next row. Throws what is wrong with it where that ends the reading, SOURCE_EXPANDS. */
  readonly add = (row: Row): void => {
    const columns = this.#columns;
    if (columns === null) this.#addHeader(row);
    else if (row.fault !== null) this.#addBad(row, columns, row.fault);
    else if (row.width > 0) this.#addRecord(row, columns);
  };

  /** The records that wait, in batches: see {@link Reader}. */
  *take(): Generator<readonly ReadItem[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    let batch = new Batch();
    for (const { position, state, text, count, bad } of waiting) {
      for (let index = 0; index < count; index += 1) {
        if (bad !== null) batch.addBad(bad);
        else if (index === 0) batch.add(position, text);
        else batch.add(positionAfter(position, state, index, text), text);
        if (!batch.isFull) continue;
        yield batch.items();
        batch = new Batch();
      }
    }
    if (!batch.isEmpty) yield batch.items();
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
    if (headerRow === null && row.width === 0) return;
    this.#columns = Columns.fromHeader(row.cells, row.width);
    this.#nextLine = row.number + 1;
  }

  #addRecord(row: Row, columns: Columns): void {
    const emptyCount = row.number - this.#nextLine;
    if (this.#options.format.emptyRows === 'keep' && emptyCount > 0) {
      this.#wait(row, columns, { line: this.#nextLine, text: columns.recordOf([], 0), count: emptyCount });
    }
    const text = columns.recordOf(row.cells, row.width);
    const { maxRecordBytes } = this.#options.reader;
    // No character has more than 3 bytes; only where that could be too many they are counted.
    if (
      text.length > maxRecordBytes ||
      (3 * text.length > maxRecordBytes && Buffer.byteLength(text) > maxRecordBytes)
    ) {
      const detail = `Row ${row.number}: It is larger than ${maxRecordBytes} bytes.`;
      this.#addBad(row, columns, new ServiceError('RECORD_TOO_LARGE', { detail }));
      return;
    }
    this.#wait(row, columns, { line: row.number, text, count: 1 });
    this.#nextLine = row.number + 1;
  }

  #addBad(row: Row, columns: Columns, fault: ServiceError): void {
    const error = this.#placed(row, fault);
    if (this.#options.reader.onBadRecord === 'fail') throw error;
    const state = this.#stateAt(row, columns);
    const position = this.#options.positionAt(row.byteOffset, row.number, state);
    const raw = new Uint8Array(Buffer.from(row.raw()).subarray(0, MAX_RAW_BYTES));
    const bad = { position, byteLength: row.byteLength, error: toErrorRecord(error), raw };
    this.#waiting.push({ position, state, text: '', count: 1, bad });
    this.#nextLine = Math.max(this.#nextLine, row.number + 1);
  }

  #wait(row: Row, columns: Columns, { line, text, count }: { line: number; text: string; count: number }): void {
    const state = this.#stateAt(row, columns);
    this.recordLength += count * text.length;
    if (this.recordLength > this.#options.maxRecordLength) {
      const detail = `The records of the workbook have more than ${this.#options.maxRecordLength} characters.`;
      throw this.#placed(row, new ServiceError('SOURCE_EXPANDS', { detail }));
    }
    this.#waiting.push({
      position: this.#options.positionAt(row.byteOffset, line, state),
      state,
      text,
      count,
      bad: null,
    });
  }

  #stateAt(row: Row, columns: Columns): SheetState {
    return {
      sheet: this.#options.sheet,
      previousRow: row.previous,
      recordLength: this.recordLength,
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

function positionAfter(first: Position, state: SheetState, index: number, text: string): Position {
  return {
    ...first,
    line: first.line + index,
    state: { ...state, recordLength: state.recordLength + index * text.length },
  };
}

/** Items that are yielded together. */
class Batch {
  readonly #items: (ReadItem | null)[] = [];
  readonly #texts: string[] = [];
  readonly #positions: Position[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isFull(): boolean {
    return this.#length >= MAX_BATCH_LENGTH || this.#items.length >= MAX_BATCH_COUNT;
  }

  add(position: Position, text: string): void {
    this.#items.push(null);
    this.#texts.push(text);
    this.#positions.push(position);
    this.#length += text.length;
  }

  addBad(bad: ReadItem): void {
    this.#items.push(bad);
  }

  items(): readonly ReadItem[] {
    const joined = this.#texts.join('');
    const bytes = Buffer.from(joined);
    const isAscii = bytes.length === joined.length;
    let end = 0;
    let index = 0;
    return this.#items.map((bad) => {
      if (bad !== null) return bad;
      const text = this.#texts[index] as string;
      const position = this.#positions[index] as Position;
      index += 1;
      const start = end;
      end += isAscii ? text.length : Buffer.byteLength(text);
      return { bytes: bytes.subarray(start, end), position };
    });
  }
}
