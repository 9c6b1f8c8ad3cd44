import { type ErrorCode, ServiceError } from '../../errors.ts';
import { RichText } from './rich-text.ts';
import { StringTable } from './string-table.ts';
import { textLiteral } from './text-literal.ts';
import type { XmlAttributes, XmlHandler } from './xml-parser.ts';

const QUOTE = 0x22;

/** The shared strings of a workbook: filled as the handler of their part, then asked by index. */
export class SharedStrings implements XmlHandler {
  readonly #table = new StringTable();
  readonly #item: RichText;
  readonly #maxLength: number;

  /** @param maxLength of characters: a longer string cannot be part of any record */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
    this.#item = new RichText(maxLength);
  }

  readonly open = (name: string, _attributes: XmlAttributes): void => this.#item.open(name);

  readonly text = (text: string): void => this.#item.text(text);

  readonly close = (name: string): void => {
    this.#item.close(name);
    if (name === 'si') this.#table.add(this.#literalOrCode(this.#item.take()));
  };

  /** A string as a JSON string in canonical form; undefined: there is none. Throws LONE_SURROGATE, RECORD_TOO_LARGE. */
  literalAt(index: number): string | undefined {
    const literal = this.#table.at(index);
    if (literal === undefined || literal.charCodeAt(0) === QUOTE) return literal;
    throw new ServiceError(literal as ErrorCode);
  }

  /** Releases what the strings take outside of memory. */
  release(): void {
    this.#table.close();
  }

  /** A string that is bad is so only for the records that refer to it: its code stands in its place. */
  #literalOrCode(text: string): string {
    if (text.length > this.#maxLength) return 'RECORD_TOO_LARGE' satisfies ErrorCode;
    try {
      return textLiteral(text);
    } catch (error) {
      if (error instanceof ServiceError) return error.code;
      throw error;
    }
  }
}
