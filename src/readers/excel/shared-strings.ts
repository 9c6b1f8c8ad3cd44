import { type ErrorCode, ServiceError } from '../../errors.ts';
import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { QUOTE } from '../../protocol/canonical/bytes.ts';
import { RichText } from './rich-text.ts';
import { StringTable } from './string-table.ts';
import { appendTextLiteral } from './text-literal.ts';
import type { XmlAttributes, XmlHandler } from './xml-parser.ts';

/** The shared strings of a workbook: filled as the handler of their part, then asked by index. */
export class SharedStrings implements XmlHandler {
  readonly #table = new StringTable();
  readonly #item: RichText;
  readonly #maxLength: number;
  /** The string that is being added. */
  readonly #literal = new ByteOutput(1024);

  /** @param maxLength of characters: a longer string cannot be part of any record */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
    this.#item = new RichText(maxLength);
  }

  readonly open = (name: string, _attributes: XmlAttributes): void => this.#item.open(name);

  readonly text = (text: string): void => this.#item.text(text);

  readonly close = (name: string): void => {
    this.#item.close(name);
    if (name === 'si') this.#add(this.#item.take());
  };

  /** Appends a string as a JSON string in canonical form; false: there is none. Throws LONE_SURROGATE, RECORD_TOO_LARGE. */
  appendLiteral(index: number, output: ByteOutput): boolean {
    const table = this.#table;
    if (!table.find(index)) return false;
    const { bytes, start, end } = table;
    if (bytes[start] !== QUOTE) throw new ServiceError(Buffer.from(bytes.subarray(start, end)).toString() as ErrorCode);
    output.append(bytes, start, end);
    return true;
  }

  /** Releases what the strings take outside of memory. */
  release(): void {
    this.#table.close();
  }

  /** A string that is bad is so only for the records that refer to it: its code stands in its place. */
  #add(text: string): void {
    const literal = this.#literal;
    literal.length = 0;
    if (text.length > this.#maxLength) literal.appendAscii('RECORD_TOO_LARGE' satisfies ErrorCode);
    else this.#writeLiteral(text);
    this.#table.add(literal.bytes, 0, literal.length);
  }

  #writeLiteral(text: string): void {
    const bytes = Buffer.from(text);
    try {
      appendTextLiteral(this.#literal, bytes, 0, bytes.length);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.#literal.appendAscii(error.code);
    }
  }
}
