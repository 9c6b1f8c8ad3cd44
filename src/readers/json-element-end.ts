import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../protocol/canonical/bytes.ts';

/** There is no end that could be relied on: brackets do not match. */
export const NO_END = -1;
/** More brackets than anybody means: one is remembered for each. */
const MAX_OPEN_BRACKETS = 1_000_000;

/**
 * Looks for the end of an array's element that is no JSON: the comma or bracket that follows it, outside of its strings and brackets. Nothing
 * else of the grammar is asked for. The bytes come in pieces of any size.
 */
export class JsonElementEnd {
  /** The closing bracket of each open one. */
  readonly #closers: number[] = [];
  #isInString = false;
  #isEscaped = false;

  /**
   * Goes on with `input[from]` up to `input[to - 1]`. Returns the index of the comma or bracket, `to` where the element goes on, or NO_END.
   */
  find(input: Uint8Array, from: number, to: number): number {
    for (let index = from; index < to; index += 1) {
      if (this.#isInString) index = this.#skipString(input, index, to);
      else {
        const byte = input[index] as number;
        if (this.#closers.length === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) return index;
        if (!this.#take(byte)) return NO_END;
      }
    }
    return to;
  }

  /** The index of the quote that ends the string, or `to`. */
  #skipString(input: Uint8Array, from: number, to: number): number {
    let isEscaped = this.#isEscaped;
    let index = from;
    for (; index < to; index += 1) {
      const byte = input[index];
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) break;
    }
    this.#isEscaped = isEscaped;
    this.#isInString = index === to;
    return index;
  }

  /** Takes a byte outside of strings; false where brackets do not match or are too many. */
  #take(byte: number): boolean {
    const closers = this.#closers;
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_BRACE) closers.push(CLOSE_BRACE);
    else if (byte === OPEN_BRACKET) closers.push(CLOSE_BRACKET);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return closers.pop() === byte;
    return closers.length <= MAX_OPEN_BRACKETS;
  }
}
