/**
 * The rows of a sheet, one after the other, as its XML is given run by run. A parser of XML reads it, but for the rows that a {@link RowScanner} can read: those the parser
 * never sees. So what is unusual is judged by the parser alone, row by row.
 */
import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import { RowParser, type RowParserOptions } from './row-parser.ts';
import { RowScanner, UNUSUAL } from './row-scanner.ts';
import { decode, type XmlBytes } from './xml-text.ts';

/** What runs of a sheet should end with, for the scanner to see whole rows. */
export const ROW_END = '</row>';
const ROW_NAME = 'row';
const GREATER_THAN = 0x3e;
/** Characters that XML must not have, although UTF-8 has them: U+FFFE and U+FFFF. */
const REFUSED_CHARACTERS = ['\ufffe', '\uffff'].map((character) => Buffer.from(character));

/** See the head of the file. */
export class SheetRows {
  readonly #parser: RowParser;
  readonly #scanner: RowScanner;
  readonly #options: RowParserOptions;
  #run: XmlBytes = { bytes: Buffer.alloc(0), byteOffset: 0 };
  #index = 0;
  #mayBeScanned = false;

  constructor(options: RowParserOptions) {
    this.#options = options;
    this.#parser = new RowParser(options);
    this.#scanner = new RowScanner(options);
  }

  /** Takes up the next run. */
  begin(run: XmlBytes): void {
    this.#run = run;
    this.#index = 0;
    this.#mayBeScanned = !REFUSED_CHARACTERS.some((character) => run.bytes.includes(character));
  }

  /** Whether nothing is left of the run. */
  get isAtEnd(): boolean {
    return this.#index === this.#run.bytes.length;
  }

  /** Reads on to the end of one row at most, and tells it. Throws what is wrong with the sheet. */
  next(): void {
    if (!this.#mayBeScanned || !this.#parser.isBetweenRows || !this.#scan()) this.#parse();
  }

  /** Says that nothing follows. Throws what is wrong with the sheet. */
  end(): void {
    this.#parser.end();
  }

  #scan(): boolean {
    const { bytes, byteOffset } = this.#run;
    const previous = this.#parser.previousRow;
    let start = this.#index;
    while (start < bytes.length && isWhiteSpace(bytes[start] as number)) start += 1;
    const end = this.#scanner.scan(bytes, start, previous);
    if (end === UNUSUAL) return false;
    const { number } = this.#scanner;
    this.#index = end;
    this.#parser.previousRow = number;
    this.#options.onRow({
      number,
      previous,
      byteOffset: byteOffset + start,
      byteLength: end - start,
      cells: this.#options.cells,
      fault: null,
      raw: () => bytes.toString('utf8', start, end),
    });
    return true;
  }

  #parse(): void {
    const { bytes, byteOffset } = this.#run;
    const start = this.#index;
    this.#index = endOfRow(bytes, start);
    this.#parser.write(decode({ bytes: bytes.subarray(start, this.#index), byteOffset: byteOffset + start }));
  }
}

/** The index behind the first tag end that may be that of a row, of whatever prefix; the end where there is none. */
function endOfRow(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(ROW_NAME, from); at !== -1; at = bytes.indexOf(ROW_NAME, at)) {
    at += ROW_NAME.length;
    while (at < bytes.length && isWhiteSpace(bytes[at] as number)) at += 1;
    if (bytes[at] === GREATER_THAN) return at + 1;
  }
  return bytes.length;
}
