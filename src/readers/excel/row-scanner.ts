/**
 * Reads the rows of a sheet byte by byte, several times as fast as a parser of XML could. It knows only the few ways in which nearly all programs write a row, and takes
 * nothing that is not well-formed and sound: whatever else it meets it calls unusual and leaves to the RowParser, which finds the same in all that both take.
 */
import { ServiceError } from '../../errors.ts';
import { NINE, QUOTE, ZERO } from '../../protocol/canonical/bytes.ts';
import type { CellLiterals } from './cell-literals.ts';
import { MAX_COLUMNS, MAX_ROWS } from './cell-reference.ts';
import type { RowCells } from './row-cells.ts';
import { XmlCursor } from './xml-cursor.ts';

/** What scanning a row that is left to the parser gives. */
export const UNUSUAL = -1;

const UPPER_A = 0x41;
const LETTERS = 26;
const LOWER_R = 0x72;
const LOWER_S = 0x73;
const LOWER_T = 0x74;
const MAX_DIGITS = 7;

const QUOTE_END = Buffer.of(QUOTE);
const ROW_START = Buffer.from('<row');
const ROW_END = Buffer.from('</row>');
const CELL_START = Buffer.from('<c');
const CELL_END = Buffer.from('</c>');
const FORMULA_START = Buffer.from('<f');
const FORMULA_END = Buffer.from('</f>');
const VALUE_START = Buffer.from('<v>');
const VALUE_END = Buffer.from('</v></c>');
const EMPTY_VALUES = ['<v/></c>', '<v /></c>'].map((text) => Buffer.from(text));
const INLINE_STARTS = ['<is><t>', '<is><t xml:space="preserve">'].map((text) => Buffer.from(text));
const INLINE_END = Buffer.from('</t></is></c>');
/** The types of cells, the most frequent first, each with the quote behind it. */
const TYPES = ['s', 'inlineStr', 'b', 'str', 'n', 'e', 'd'].map((type) => [type, Buffer.from(`${type}"`)] as const);

/** What rows are scanned with. */
export interface RowScannerOptions {
  readonly cells: RowCells;
  readonly literals: CellLiterals;
  readonly maxRecordBytes: number;
}

/** See the head of the file. */
export class RowScanner {
  /** The number of the row scanned last. */
  number = 0;
  readonly #cells: RowCells;
  readonly #literals: CellLiterals;
  readonly #maxRecordBytes: number;
  readonly #cursor = new XmlCursor();
  readonly #tag = { type: 'n', style: 0 };
  #column = -1;
  /** Where the number of the row stands; both 0: it has none. */
  #numberStart = 0;
  #numberEnd = 0;

  constructor({ cells, literals, maxRecordBytes }: RowScannerOptions) {
    this.#cells = cells;
    this.#literals = literals;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /**
   * Scans the row that begins at `bytes[from]`; its values are in the cells then. Returns the index behind it or {@link UNUSUAL}.
   * @param bytes UTF-8, of characters that XML may have, but for those below U+0020
   * @param previousRow the highest number of the rows before it
   */
  scan(bytes: Uint8Array, from: number, previousRow: number): number {
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.at = from;
    this.#cells.clear();
    try {
      const isUsual = this.#passRow(previousRow) && cursor.at - from <= this.#maxRecordBytes;
      return isUsual ? cursor.at : UNUSUAL;
    } catch (error) {
      // The parser finds it again, and then tells of it.
      if (error instanceof ServiceError) return UNUSUAL;
      throw error;
    }
  }

  #passRow(previousRow: number): boolean {
    const cursor = this.#cursor;
    if (!cursor.pass(ROW_START) || !cursor.passAttributes()) return false;
    this.#numberStart = cursor.numberStart;
    this.#numberEnd = cursor.numberEnd;
    this.number = cursor.numberStart === 0 ? previousRow + 1 : this.#rowNumber();
    if (this.number <= previousRow || this.number > MAX_ROWS) return false;
    if (cursor.passEmptyTagEnd()) return true;
    if (!cursor.passTagEnd()) return false;
    this.#column = -1;
    for (;;) {
      cursor.passWhiteSpace();
      if (!cursor.pass(CELL_START)) return cursor.pass(ROW_END);
      if (!this.#passCell() || !this.#cells.add(this.#column)) return false;
      if (this.#cells.output.length > this.#maxRecordBytes) return false;
    }
  }

  #rowNumber(): number {
    const { bytes } = this.#cursor;
    if (this.#numberEnd - this.#numberStart > MAX_DIGITS || bytes[this.#numberStart] === ZERO) return 0;
    let number = 0;
    for (let at = this.#numberStart; at < this.#numberEnd; at += 1) {
      const byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) return 0;
      number = number * 10 + byte - ZERO;
    }
    return number;
  }

  /** Passes a cell behind `<c`, and writes its value. */
  #passCell(): boolean {
    const cursor = this.#cursor;
    if (!this.#passCellAttributes()) return false;
    if (cursor.passEmptyTagEnd()) return true;
    if (!cursor.passTagEnd()) return false;
    if (cursor.pass(FORMULA_START) && !this.#passFormula()) return false;
    return cursor.pass(CELL_END) || this.#passContent();
  }

  /** Passes the attributes of a cell, in the order in which all programs write them. */
  #passCellAttributes(): boolean {
    const cursor = this.#cursor;
    const tag = this.#tag;
    tag.type = 'n';
    tag.style = 0;
    if (!cursor.passName(LOWER_R)) this.#column += 1;
    else if (!this.#passReference()) return false;
    if (cursor.passName(LOWER_S) && !this.#passStyle()) return false;
    if (cursor.passName(LOWER_T) && !this.#passType()) return false;
    cursor.passSpace();
    return this.#column < MAX_COLUMNS;
  }

  /** Passes `B12"`, the column and number of a cell, which are of the row. */
  #passReference(): boolean {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    let { at } = cursor;
    let column = 0;
    for (; ; at += 1) {
      const letter = (bytes[at] as number) - UPPER_A;
      // What is no number, behind the end, is not between them either.
      if (!(letter >= 0 && letter < LETTERS)) break;
      column = column * LETTERS + letter + 1;
    }
    if (column === 0 || this.#numberStart === 0) return false;
    for (let digit = this.#numberStart; digit < this.#numberEnd; digit += 1, at += 1) {
      if (bytes[at] !== bytes[digit]) return false;
    }
    cursor.at = at;
    this.#column = column - 1;
    return cursor.pass(QUOTE_END);
  }

  /** Passes `7"`. */
  #passStyle(): boolean {
    const cursor = this.#cursor;
    const { bytes, at: start } = cursor;
    let style = 0;
    let at = start;
    for (; at - start < MAX_DIGITS; at += 1) {
      const byte = bytes[at] as number;
      if (!(byte >= ZERO && byte <= NINE)) break;
      style = style * 10 + byte - ZERO;
    }
    cursor.at = at;
    this.#tag.style = style;
    return at > start && cursor.pass(QUOTE_END);
  }

  /** Passes `inlineStr"`. */
  #passType(): boolean {
    for (const [type, bytes] of TYPES) {
      if (!this.#cursor.pass(bytes)) continue;
      this.#tag.type = type;
      return true;
    }
    return false;
  }

  /** Passes a formula behind `<f`. */
  #passFormula(): boolean {
    const cursor = this.#cursor;
    if (!cursor.passAttributes()) return false;
    if (cursor.passEmptyTagEnd()) return true;
    return cursor.passTagEnd() && cursor.passText() && cursor.pass(FORMULA_END);
  }

  /** Passes the value of a cell with the cell's end, and writes it. */
  #passContent(): boolean {
    const cursor = this.#cursor;
    if (cursor.pass(VALUE_START)) return this.#passValue(VALUE_END);
    if (this.#tag.type === 'inlineStr' && cursor.passAny(INLINE_STARTS)) return this.#passValue(INLINE_END);
    if (!cursor.passAny(EMPTY_VALUES)) return false;
    this.#literals.append(this.#tag, cursor.bytes, cursor.at, cursor.at);
    return true;
  }

  /** Passes a text and the tags that must follow it, and writes the value that it is. */
  #passValue(tagsBehind: Uint8Array): boolean {
    const cursor = this.#cursor;
    if (!cursor.passText() || !cursor.pass(tagsBehind)) return false;
    this.#literals.append(this.#tag, cursor.text, cursor.textStart, cursor.textEnd);
    return true;
  }
}
