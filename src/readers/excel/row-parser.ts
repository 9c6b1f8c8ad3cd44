/**
 * The rows of a sheet, one after the other, as its XML is given piece by piece. What a row holds is kept only until the next one: the values of its cells, and the
 * head of its own XML for the case that it is bad. A bad row is told as such and does not end the parsing; XML that is not well-formed does.
 */
import { type ErrorCode, ServiceError } from '../../errors.ts';
import type { CellLiterals, CellTag } from './cell-literals.ts';
import { columnOf, MAX_COLUMNS, MAX_ROWS } from './cell-reference.ts';
import { RichText } from './rich-text.ts';
import type { Row } from './row.ts';
import type { RowCells } from './row-cells.ts';
import { RunOffsets } from './run-offsets.ts';
import { type XmlAttributes, type XmlHandler, XmlParser } from './xml-parser.ts';
import type { PartPlace, XmlText } from './xml-text.ts';

/** How deep the elements of a sheet lie, its root being 1. */
const DEPTH = { root: 1, data: 2, row: 3, cell: 4, value: 5 };
const ROW_NUMBER = /^[1-9]\d{0,6}$/;

/** What rows are read with. */
export interface RowParserOptions {
  readonly cells: RowCells;
  readonly literals: CellLiterals;
  readonly maxRecordBytes: number;
  readonly place: PartPlace;
  /** Called with each row; what it throws ends the parsing. */
  readonly onRow: (row: Row) => void;
  /** The full names of the elements around the rows: found, or given where the parsing begins at a row. */
  readonly elements: string[];
  /** The highest number of the rows before those that are parsed; 0: none. */
  readonly previousRow: number;
}

/** See the head of the file. */
export class RowParser implements XmlHandler {
  /** The highest number of the rows up to now. */
  previousRow: number;
  readonly #options: RowParserOptions;
  readonly #parser: XmlParser;
  readonly #offsets = new RunOffsets();
  readonly #cells: RowCells;
  readonly #inline: RichText;
  #depth = 0;
  #isInData = false;
  #isInRow = false;
  #isInCell = false;
  #isInValue = false;
  #isInInline = false;
  // The row.
  #number = 0;
  #numberText = '';
  #byteOffset = 0;
  #column = -1;
  #fault: ServiceError | null = null;
  // The cell.
  #tag: CellTag = { type: '', style: 0 };
  #value: string | null = null;
  #inlineText: string | null = null;

  constructor(options: RowParserOptions) {
    this.#options = options;
    this.#parser = new XmlParser(this, options.place);
    this.#inline = new RichText(options.maxRecordBytes);
    this.previousRow = options.previousRow;
    this.#cells = options.cells;
    this.#parser.write(options.elements.map((name) => `<${name}>`).join(''));
  }

  /** Whether what was parsed ends between two rows, or before the first: with a tag. */
  get isBetweenRows(): boolean {
    return this.#isInData && this.#depth === DEPTH.data && this.#parser.isBehindTag;
  }

  /** Parses on. */
  write(run: XmlText): void {
    this.#offsets.begin(run);
    this.#parser.write(run.text);
  }

  /** Says that nothing follows. */
  end(): void {
    this.#parser.end();
  }

  readonly open = (name: string, attributes: XmlAttributes): void => {
    this.#depth += 1;
    const depth = this.#depth;
    if (depth > DEPTH.value) {
      if (this.#isInInline) this.#inline.open(name);
    } else if (depth === DEPTH.value) {
      if (this.#isInCell) this.#beginValue(name);
    } else if (depth === DEPTH.cell) {
      if (this.#isInRow && name === 'c') this.#beginCell(attributes);
    } else if (depth === DEPTH.row) {
      if (this.#isInData && name === 'row') this.#beginRow(attributes);
    } else {
      this.#isInData = depth === DEPTH.data && name === 'sheetData';
      if (this.#isInData || depth === DEPTH.root) this.#options.elements[depth - 1] = this.#parser.tagName;
    }
  };

  readonly text = (text: string): void => {
    if (this.#isInValue) {
      const value = this.#value ?? '';
      if (value.length <= this.#options.maxRecordBytes) this.#value = value + text;
    } else if (this.#isInInline) this.#inline.text(text);
  };

  readonly close = (name: string): void => {
    const depth = this.#depth;
    this.#depth -= 1;
    if (depth > DEPTH.value) {
      if (this.#isInInline) this.#inline.close(name);
    } else if (depth === DEPTH.value) {
      if (this.#isInInline) this.#inlineText = (this.#inlineText ?? '') + this.#inline.take();
      this.#isInValue = false;
      this.#isInInline = false;
    } else if (depth === DEPTH.cell) {
      if (this.#isInCell) this.#endCell();
    } else if (depth === DEPTH.row) {
      if (this.#isInRow) this.#endRow();
    } else if (depth === DEPTH.data) this.#isInData = false;
  };

  #beginRow({ r }: XmlAttributes): void {
    this.#isInRow = true;
    this.#byteOffset = this.#offsets.byteOffsetOf(this.#parser.tagStart);
    this.#offsets.mark(this.#parser.tagStart);
    this.#cells.clear();
    this.#column = -1;
    this.#fault = null;
    this.#numberText = r ?? '';
    this.#number = r === undefined ? this.previousRow + 1 : ROW_NUMBER.test(r) ? Number(r) : 0;
    if (this.#number === 0 || this.#number > MAX_ROWS) {
      this.#number = this.previousRow;
      this.#fail('READER_SYNTAX', `The row has no number from 1 to ${MAX_ROWS}.`);
    } else if (this.#number <= this.previousRow) {
      this.#fail('READER_SYNTAX', `The row comes behind row ${this.previousRow}.`);
    }
  }

  #endRow(): void {
    this.#isInRow = false;
    const offsets = this.#offsets;
    const end = this.#parser.index;
    const byteLength = offsets.byteOffsetOf(end) - this.#byteOffset;
    if (byteLength > this.#options.maxRecordBytes) this.#failTooLarge();
    const previous = this.previousRow;
    this.previousRow = Math.max(previous, this.#number);
    this.#options.onRow({
      number: this.#number,
      previous,
      byteOffset: this.#byteOffset,
      byteLength,
      cells: this.#cells,
      fault: this.#fault,
      raw: () => offsets.marked(end),
    });
    offsets.unmark();
  }

  #beginCell({ r, t, s }: XmlAttributes): void {
    this.#isInCell = true;
    this.#tag = { type: t ?? 'n', style: Number(s ?? 0) };
    this.#value = null;
    this.#inlineText = null;
    this.#column = r === undefined ? this.#column + 1 : columnOf(r, this.#numberText);
    if (this.#column >= 0 && this.#column < MAX_COLUMNS) return;
    this.#column = -1;
    const detail =
      r === undefined ? 'The row has too many cells.' : `There is no cell ${JSON.stringify(r.slice(0, 40))} in it.`;
    this.#fail('READER_SYNTAX', detail);
  }

  #beginValue(name: string): void {
    this.#isInValue = name === 'v';
    this.#isInInline = name === 'is';
    if (this.#isInValue) this.#value ??= '';
    else if (this.#isInInline) this.#inlineText ??= '';
  }

  #endCell(): void {
    this.#isInCell = false;
    if (this.#fault !== null) return;
    try {
      this.#writeValue();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.#fail(error.code, error.message, this.#column);
    }
    if (!this.#cells.add(this.#column)) this.#fail('READER_SYNTAX', 'The row has it twice.', this.#column);
    if (this.#cells.output.length > this.#options.maxRecordBytes) this.#failTooLarge();
  }

  #writeValue(): void {
    const value = this.#tag.type === 'inlineStr' ? (this.#inlineText ?? this.#value) : this.#value;
    if (value === null) return;
    // The line feed is no part of a number.
    const bytes = Buffer.from(`${value}\n`);
    this.#options.literals.append(this.#tag, bytes, 0, bytes.length - 1);
  }

  #failTooLarge(): void {
    this.#fail('RECORD_TOO_LARGE', `It is larger than ${this.#options.maxRecordBytes} bytes.`);
  }

  /** Remembers what is wrong with the row: what comes first counts. */
  #fail(code: ErrorCode, detail: string, column?: number): void {
    const cell = column === undefined ? '' : ` column ${column + 1}:`;
    this.#fault ??= new ServiceError(code, { detail: `Row ${this.#number}:${cell} ${detail}` });
  }
}
