/**
 * Finds the cells of a row, as RFC 4180 has them and a little wider, in one pass over its bytes. A quote opens only at the start of a cell and stands for itself elsewhere
 * in an unquoted one. Whatever is wrong inside of a row, its end is found: the first fault is noted, and text after a closing quote is passed over as if it
 * stood in an unquoted cell. So where a row ends depends on nothing but its own bytes.
 */
import type { ErrorCode } from '../errors.ts';
import { BACKSLASH, LINE_FEED, QUOTE, SPACE } from '../protocol/canonical/bytes.ts';
import { characterFault, isSecondByte, sequenceLength } from '../protocol/canonical/utf8.ts';
import type { JsonFault } from '../protocol/json-place.ts';
import { CARRIAGE_RETURN, type CsvDialect } from './csv-dialect.ts';

/** Most cells of a row. */
const MAX_COLUMNS = 16_384;
const INITIAL_COLUMNS = 64;

/** The row goes on after the bytes that were given. */
export const INCOMPLETE = -1;
/** The row is inside of a quote which what follows is known not to close. */
export const OPEN = -2;

/** How the content of a cell stands in the source: as JSON has it, with characters that JSON escapes, or with escapes of CSV too. */
export const VERBATIM = 0;
const UNESCAPED = 1;
export const ESCAPED = 2;

/** What a byte is in a cell. Those up to the first terminator belong to it. */
const PLAIN = 0;
const JSON_ESCAPED = 1;
const MULTI_BYTE = 2;
const ZERO = 3;
/** In an unquoted cell: a carriage return that ends the row only before a line feed. */
const RETURN = 4;
const DELIMITER = 5;
const LINE_END = 6;
/** In a quoted cell. */
const QUOTING = 7;
const ESCAPING = 8;

/** The row that was scanned last, as indices into the bytes that were given. */
export class CsvRow {
  /** How many cells it has; only the first {@link MAX_COLUMNS} are described. */
  cellCount = 0;
  /** Of each cell: its content, without quotes around it, from and to, and how it stands there. */
  starts = new Int32Array(INITIAL_COLUMNS);
  ends = new Int32Array(INITIAL_COLUMNS);
  forms = new Uint8Array(INITIAL_COLUMNS);
  /** Where it ends, without its line end. */
  end = 0;
  /** What is wrong in it first, but for the number of its cells. */
  fault: JsonFault | null = null;
  /** The quote that is open where its first line ends, or where it breaks off; -1: none is. */
  openQuote = -1;
  readonly #dialect: CsvDialect;
  readonly #unquoted: Uint8Array;
  readonly #quoted: Uint8Array;
  #input: Uint8Array = new Uint8Array();
  #inputEnd = 0;
  #isWhole = false;
  #openUntil = 0;
  #form = VERBATIM;

  constructor(dialect: CsvDialect) {
    this.#dialect = dialect;
    this.#unquoted = unquotedClasses(dialect);
    this.#quoted = quotedClasses(dialect);
  }

  /**
   * Scans the row that begins at `from`, below `end`. Returns the index behind its line end, {@link INCOMPLETE} or {@link OPEN}.
   * @param input `input[end]` is 0
   * @param isWhole whether the source has nothing after `end`
   * @param openUntil a row that is inside of quotes at a line end before this index is known not to end before it
   */
  scan(input: Uint8Array, from: number, { end, isWhole, openUntil = 0 }: RowBounds): number {
    this.#input = input;
    this.#inputEnd = end;
    this.#isWhole = isWhole;
    this.#openUntil = openUntil;
    this.cellCount = 0;
    this.fault = null;
    this.openQuote = -1;
    for (let index = from; ; index += 1) {
      this.#form = VERBATIM;
      index = input[index] === this.#dialect.quote ? this.#passQuotedCell(index) : this.#passUnquotedCell(index);
      if (index < 0) return index;
      const terminator = this.#unquoted[input[index] as number];
      if (terminator === DELIMITER) continue;
      this.end = index;
      return Math.min(end, terminator === RETURN ? index + 2 : index + 1);
    }
  }

  /** The texts of the cells of a sound row of `input`. */
  readCells(input: Uint8Array): string[] {
    return Array.from({ length: this.cellCount }, (_, cell) => {
      const text = Buffer.from(input.subarray(this.starts[cell], this.ends[cell])).toString();
      return this.forms[cell] === ESCAPED ? text.replaceAll(this.#escaped(), '$1') : text;
    });
  }

  /** Matches a character of a quoted cell with the escape before it. */
  #escaped(): RegExp {
    const { quote, escape: escaping } = this.#dialect;
    const [quoteForm, escapeForm] = [quote, escaping].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
    return new RegExp(`${escapeForm}([${quoteForm}${escapeForm}])`, 'g');
  }

  /** The index of what ends the cell that begins at `from`, or {@link INCOMPLETE}. */
  #passUnquotedCell(from: number): number {
    const end = this.#passUnquoted(from);
    if (end >= 0) this.#addCell(from, end);
    return end;
  }

  /** The index of what ends the cell of which the quote is at `open`, {@link INCOMPLETE} or {@link OPEN}. */
  #passQuotedCell(open: number): number {
    const closing = this.#findClosingQuote(open);
    if (closing < 0) return closing;
    this.#addCell(open + 1, closing);
    const end = this.#passUnquoted(closing + 1);
    if (end > closing + 1) this.#note('READER_SYNTAX', closing + 1, 'Text follows the closing quote of a cell.');
    return end;
  }

  #addCell(start: number, end: number): void {
    const { cellCount } = this;
    this.cellCount += 1;
    if (cellCount >= MAX_COLUMNS) {
      this.#note('READER_SYNTAX', start, `A row has more than ${MAX_COLUMNS} cells.`);
      return;
    }
    if (cellCount === this.forms.length) this.#grow();
    this.starts[cellCount] = start;
    this.ends[cellCount] = end;
    this.forms[cellCount] = this.#form;
  }

  #grow(): void {
    const { starts, ends, forms } = this;
    const columnCount = 2 * forms.length;
    this.starts = new Int32Array(columnCount);
    this.ends = new Int32Array(columnCount);
    this.forms = new Uint8Array(columnCount);
    this.starts.set(starts);
    this.ends.set(ends);
    this.forms.set(forms);
  }

  /** The index of the first byte that can end an unquoted cell and does, or {@link INCOMPLETE}. */
  #passUnquoted(from: number): number {
    const input = this.#input;
    const classes = this.#unquoted;
    let index = from;
    for (;;) {
      const kind = classes[input[index] as number] as number;
      if (kind === PLAIN) index += 1;
      else if (kind >= DELIMITER) return index;
      else {
        const next = this.#passCharacter(kind, index);
        if (next <= index) return next;
        index = next;
      }
    }
  }

  /** The index of the quote that closes the one at `open`, {@link INCOMPLETE} or {@link OPEN}. */
  #findClosingQuote(open: number): number {
    const input = this.#input;
    const classes = this.#quoted;
    const { quote, escape: escaping } = this.#dialect;
    let index = open + 1;
    for (;;) {
      const kind = classes[input[index] as number] as number;
      if (kind === PLAIN) index += 1;
      else if (kind === QUOTING && (escaping !== quote || input[index + 1] !== quote)) return index;
      else if (kind === QUOTING || kind === ESCAPING) {
        const next = input[index + 1];
        index += next === quote || next === escaping ? 2 : 1;
        this.#form = ESCAPED;
      } else {
        index = this.#passQuotedCharacter(kind, index, open);
        if (index < 0) return index;
      }
    }
  }

  /** As {@link #passCharacter} inside of the quote at `open`, which can only be {@link OPEN} where the text ends. */
  #passQuotedCharacter(kind: number, index: number, open: number): number {
    if (kind === LINE_END && this.openQuote === -1) this.openQuote = open;
    if (kind === LINE_END && index < this.#openUntil) return OPEN;
    const next = this.#passCharacter(kind, index);
    if (next !== index) return next;
    if (this.openQuote === -1) this.openQuote = open;
    return OPEN;
  }

  /** The index behind a character that is not {@link PLAIN}; the same where the cell ends before it; or {@link INCOMPLETE}. */
  #passCharacter(kind: number, index: number): number {
    if (kind === MULTI_BYTE) return this.#passMultiByte(index);
    if (index === this.#inputEnd) return this.#isWhole ? index : INCOMPLETE;
    if (kind === ZERO) this.#note('READER_SYNTAX', index, 'There is a zero byte in the text.');
    if (kind === RETURN) {
      if (this.#input[index + 1] === LINE_FEED) return index;
      // Of the last line end the line feed may be cut off.
      if (index + 1 === this.#inputEnd) return this.#isWhole ? index : INCOMPLETE;
    }
    if (this.#form === VERBATIM) this.#form = UNESCAPED;
    return index + 1;
  }

  #passMultiByte(from: number): number {
    const input = this.#input;
    const lead = input[from] as number;
    const length = sequenceLength(lead);
    for (let index = from + 1; index < from + length; index += 1) {
      const byte = input[index] as number;
      if (index === from + 1 ? isSecondByte(lead, byte) : (byte & 0xc0) === 0x80) continue;
      if (index === this.#inputEnd) {
        if (!this.#isWhole) return INCOMPLETE;
        this.#note('READER_TRUNCATED', index, 'The file ends inside of a character.');
      } else {
        const { code, detail } = characterFault(lead, byte);
        this.#note(code, index, detail);
      }
      return index;
    }
    if (length > 0) return from + length;
    const { code, detail } = characterFault(lead, lead);
    this.#note(code, from, detail);
    return from + 1;
  }

  #note(code: ErrorCode, index: number, detail: string): void {
    if (this.fault === null || this.fault.index > index) this.fault = { code, index, detail };
  }
}

/** What bounds a scan; see {@link CsvRow.scan}. */
export interface RowBounds {
  readonly end: number;
  readonly isWhole: boolean;
  readonly openUntil?: number;
}

function commonClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(MULTI_BYTE, 0x80).fill(JSON_ESCAPED, 1, SPACE);
  classes[0] = ZERO;
  classes[QUOTE] = JSON_ESCAPED;
  classes[BACKSLASH] = JSON_ESCAPED;
  return classes;
}

function unquotedClasses({ delimiter, endsAtCarriageReturn }: CsvDialect): Uint8Array {
  const classes = commonClasses();
  classes[LINE_FEED] = LINE_END;
  classes[CARRIAGE_RETURN] = endsAtCarriageReturn ? LINE_END : RETURN;
  classes[delimiter] = DELIMITER;
  return classes;
}

function quotedClasses({ quote, escape: escaping, endsAtCarriageReturn }: CsvDialect): Uint8Array {
  const classes = commonClasses();
  classes[LINE_FEED] = LINE_END;
  if (endsAtCarriageReturn) classes[CARRIAGE_RETURN] = LINE_END;
  classes[escaping] = ESCAPING;
  if (quote >= 0) classes[quote] = QUOTING;
  return classes;
}
