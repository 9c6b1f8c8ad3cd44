/**
 * Excel workbooks (.xlsx, .xlsm): the rows of one sheet, or of all, are the records; one row names the columns. The sheets' XML is read as a
 * stream, in which a position is the offset of a row's tag in the expanded XML, behind that of the sheets before it, and `line` the number of the row.
 * Resuming inflates the sheet up to that offset but parses nothing of it.
 */
import { ServiceError } from '../errors.ts';
import type { ExcelFormat } from '../model/format.ts';
import type { Position, ReadItem } from '../model/record.ts';
import type { Source } from '../sources/source.ts';
import { CellLiterals } from './excel/cell-literals.ts';
import { RowCells } from './excel/row-cells.ts';
import { selectSheets } from './excel/select-sheets.ts';
import { SheetRecords, type SheetState } from './excel/sheet-records.ts';
import { ROW_END, SheetRows } from './excel/sheet-rows.ts';
import { openWorkbook, type Sheet, type Workbook } from './excel/workbook.ts';
import { readXmlBytes } from './excel/xml-text.ts';
import type { Reader, ReaderOptions } from './reader.ts';

/** A longer text than half of what a JavaScript string can be is not put together. */
const MAX_TEXT_LENGTH = 256 * 1024 * 1024;
/** A record repeats the names of the columns and the strings it refers to: by no more than this is its text longer than the file, which is compressed. */
const MAX_EXPANSION = 1000;
const MIN_MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** A reader of workbooks; see {@link Reader}. A position's state is {@link SheetState}. */
export function createExcelReader(format: ExcelFormat): Reader<Source> {
  return {
    async *read(source, from, options) {
      const bounded = { ...options, maxRecordBytes: Math.min(options.maxRecordBytes, MAX_TEXT_LENGTH) };
      const workbook = await openWorkbook(source, bounded.maxRecordBytes);
      try {
        yield* new WorkbookRecords(source, workbook, { format, reader: bounded }).batches(from);
      } finally {
        workbook.sharedStrings.release();
      }
    },
  };
}

/** The records of the selected sheets, one sheet after the other. */
class WorkbookRecords {
  readonly #source: Source;
  readonly #workbook: Workbook;
  readonly #format: ExcelFormat;
  readonly #options: ReaderOptions;
  readonly #sheets: readonly Sheet[];
  readonly #cells = new RowCells();
  readonly #literals: CellLiterals;
  /** How many bytes all selected sheets expand to. */
  readonly #expandedBytes: number;

  constructor(source: Source, workbook: Workbook, { format, reader }: { format: ExcelFormat; reader: ReaderOptions }) {
    this.#source = source;
    this.#workbook = workbook;
    this.#format = format;
    this.#options = reader;
    this.#sheets = selectSheets(workbook.sheets, format.sheet, source.name);
    this.#literals = new CellLiterals(workbook, reader.numberForm, this.#cells.output);
    this.#expandedBytes = this.#sheets.reduce((sum, { entry }) => sum + entry.expandedBytes, 0);
  }

  async *batches(from: Position | null): AsyncGenerator<readonly ReadItem[]> {
    const state = from?.state as SheetState | undefined;
    let bytesBefore = 0;
    let recordBytes = 0;
    for (const [index, sheet] of this.#sheets.entries()) {
      if (index >= (state?.sheet ?? 0)) {
        const isResumed = from !== null && index === state?.sheet;
        recordBytes = yield* this.#sheet(sheet, { index, bytesBefore, recordBytes, from: isResumed ? from : null });
      }
      bytesBefore += sheet.entry.expandedBytes;
    }
  }

  /** The records of a sheet; returns how many bytes all up to its end have. */
  async *#sheet(
    sheet: Sheet,
    at: { index: number; bytesBefore: number; recordBytes: number; from: Position | null },
  ): AsyncGenerator<readonly ReadItem[], number> {
    const { name: file } = this.#source;
    const { from, bytesBefore } = at;
    const place = { file, part: sheet.entry.name };
    const state = from === null ? null : (from.state as SheetState);
    const elements: string[] = state === null ? [] : [...state.elements];
    const records = new SheetRecords({
      format: this.#format,
      reader: this.#options,
      maxTotalBytes: MAX_EXPANSION * this.#source.size + MIN_MAX_TOTAL_BYTES,
      positionAt: (byteOffset, line, rowState) => this.#position(bytesBefore + byteOffset, line, rowState),
      file,
      sheet: at.index,
      recordBytes: at.recordBytes,
      elements,
      from: from === null || state === null ? null : { line: from.line, state },
    });
    const rows = new SheetRows({
      cells: this.#cells,
      literals: this.#literals,
      maxRecordBytes: this.#options.maxRecordBytes,
      place,
      onRow: records.add,
      elements,
      previousRow: state?.previousRow ?? 0,
    });
    const start = from === null ? 0 : from.byteOffset - bytesBefore;
    const blocks = this.#workbook.package.open(sheet.entry);
    for await (const run of readXmlBytes(blocks, place, { from: start, boundary: ROW_END })) {
      rows.begin(run);
      while (!rows.isAtEnd) {
        const failure = failureOf(() => {
          while (!rows.isAtEnd && !records.isFull) rows.next();
        });
        yield* records.take();
        if (failure !== null) throw failure;
      }
    }
    rows.end();
    return records.recordBytes;
  }

  #position(byteOffset: number, line: number, state: SheetState): Position {
    const { fileIndex, size } = this.#source;
    const rawOffset = Math.floor((byteOffset / Math.max(1, this.#expandedBytes)) * size);
    return {
      fileIndex,
      byteOffset,
      line,
      column: 1,
      sourceBytes: this.#source.sourceBytesAt(rawOffset),
      seek: null,
      state,
    };
  }
}

/** What a call throws on purpose: all that came before it is yielded first. */
function failureOf(call: () => void): ServiceError | null {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}
