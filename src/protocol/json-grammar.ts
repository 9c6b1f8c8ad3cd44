/**
 * Checks the grammar of one JSON value (RFC 8259, strict UTF-8) whose bytes come in pieces of any size, in constant memory: what
 * is skipped may be larger than what is held. It keeps one state and one bit of kind per open container; neither keys nor
 * values are looked at, so repeated keys and lone escaped surrogates pass.
 *
 * States: a value, key, colon or comma is expected; inside of a string, an escape or a multi-byte character; inside of a number
 * (one state per part) or a literal; complete.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  hexDigitValue,
  isWhiteSpace,
  LOWER_E,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  LOWER_U,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  POINT,
  QUOTE,
  SPACE,
  ZERO,
} from './canonical/bytes.ts';
import { characterFault, isSecondByte, sequenceLength } from './canonical/utf8.ts';
import type { JsonFault } from './json-place.ts';

type State =
  | 'value'
  | 'value-or-close'
  | 'key'
  | 'key-or-close'
  | 'colon'
  | 'comma-or-close'
  | 'string'
  | 'escape'
  | 'hex'
  | 'character'
  | 'literal'
  | 'minus'
  | 'zero'
  | 'integer'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'exponent-sign'
  | 'exponent-digits'
  | 'complete';

const codesOf = (letters: string): readonly number[] => Array.from(letters, (letter) => letter.charCodeAt(0));
const TRUE = codesOf('true');
const FALSE = codesOf('false');
const NULL = codesOf('null');
const ESCAPES: ReadonlySet<number> = new Set(codesOf('"\\/bfnrt'));

/** The checker: {@link JsonGrammar.feed} until {@link JsonGrammar.isComplete} or {@link JsonGrammar.fault}. */
export class JsonGrammar {
  /** What is wrong; the index counts in the piece last fed. */
  fault: JsonFault | null = null;
  readonly #maxDepth: number;
  /** One entry per open container: whether it is an object. */
  readonly #objects: boolean[] = [];
  #state: State = 'value';
  /** Of a literal: its letters and how many were seen. */
  #literal: readonly number[] = NULL;
  #seen = 0;
  /** Whether the string under way is a key. */
  #isKey = false;
  /** Of a multi-byte character or a \u escape: bytes still to come; the lead byte until the second was seen. */
  #pending = 0;
  #lead = 0;

  /** @param limits `maxDepth`: a scalar being 0 and `[]` 1; more is RECORD_TOO_DEEP. */
  constructor(limits: { readonly maxDepth: number }) {
    this.#maxDepth = limits.maxDepth;
  }

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  /** Begins anew, before a value. */
  reset(): void {
    this.fault = null;
    this.#objects.length = 0;
    this.#state = 'value';
  }

  /**
   * Goes on with `input[from]` up to `input[to - 1]`. Returns the index after the last byte taken: `to`, or the one after the value, or the offending one.
   * A number is complete only when something follows it, or at {@link end}.
   */
  feed(input: Uint8Array, from: number, to: number): number {
    let index = from;
    while (index < to && this.#state !== 'complete') {
      if (this.#state === 'string') index = this.#string(input, index, to);
      else if (this.#step(input[index] as number, index)) index += 1;
      if (this.fault !== null) return this.fault.index;
    }
    return index;
  }

  /** Says that nothing follows; `index` is that of the end. A value still under way is READER_TRUNCATED. */
  end(index: number): void {
    if (this.#objects.length === 0 && isNumberEnd(this.#state)) this.#state = 'complete';
    if (this.#state !== 'complete')
      this.fault = { code: 'READER_TRUNCATED', index, detail: 'The text ends in the middle.' };
  }

  #string(input: Uint8Array, from: number, to: number): number {
    let index = from;
    let byte = 0;
    for (; index < to; index += 1) {
      byte = input[index] as number;
      if (byte === QUOTE || byte === BACKSLASH || byte < SPACE || byte >= 0x80) break;
    }
    if (index === to) return to;
    if (byte === QUOTE) this.#state = this.#isKey ? 'colon' : this.#afterValue();
    else if (byte === BACKSLASH) this.#state = 'escape';
    else if (byte < SPACE) this.#fail(index, 'A control character in a string must be escaped.');
    else this.#beginCharacter(byte, index);
    return index + 1;
  }

  #beginCharacter(byte: number, index: number): void {
    this.#pending = sequenceLength(byte) - 1;
    this.#lead = byte;
    this.#state = 'character';
    if (this.#pending < 0) this.fault = { ...characterFault(byte, 0), index };
  }

  /** Takes one byte outside of a string's plain part; false where a number ended before it and it is to be looked at again. */
  #step(byte: number, index: number): boolean {
    switch (this.#state) {
      case 'character':
        return this.#character(byte, index);
      case 'escape':
        if (byte === LOWER_U) {
          this.#pending = 4;
          this.#state = 'hex';
        } else if (ESCAPES.has(byte)) this.#state = 'string';
        else this.#fail(index, 'There is no such escape.');
        return true;
      case 'hex':
        if (hexDigitValue(byte) < 0) this.#fail(index, 'Four hexadecimal digits were expected.');
        this.#pending -= 1;
        if (this.#pending === 0) this.#state = 'string';
        return true;
      case 'literal':
        if (byte !== this.#literal[this.#seen]) this.#fail(index, 'There is no such literal.');
        this.#seen += 1;
        if (this.#seen === this.#literal.length) this.#state = this.#afterValue();
        return true;
      case 'value':
      case 'value-or-close':
      case 'key':
      case 'key-or-close':
      case 'colon':
      case 'comma-or-close':
        if (!isWhiteSpace(byte)) this.#token(byte, index);
        return true;
      default:
        return this.#number(byte, index);
    }
  }

  #character(byte: number, index: number): boolean {
    const isSound = this.#lead === 0 ? (byte & 0xc0) === 0x80 : isSecondByte(this.#lead, byte);
    if (!isSound) this.fault = { ...characterFault(this.#lead, byte), index };
    this.#lead = 0;
    this.#pending -= 1;
    if (this.#pending === 0) this.#state = 'string';
    return true;
  }

  #number(byte: number, index: number): boolean {
    const next = nextNumberState(this.#state, byte);
    if (next !== undefined) {
      this.#state = next;
      return true;
    }
    if (!isNumberEnd(this.#state)) {
      this.#fail(index, 'A digit was expected.');
      return true;
    }
    this.#state = this.#afterValue();
    return false;
  }

  /** A byte where the structure goes on. */
  #token(byte: number, index: number): void {
    const state = this.#state;
    const isObject = this.#objects.at(-1) === true;
    if (state === 'colon') {
      if (byte === COLON) this.#state = 'value';
      else this.#fail(index, 'A colon was expected.');
    } else if (byte === (isObject ? CLOSE_BRACE : CLOSE_BRACKET) && state.endsWith('-or-close')) {
      this.#objects.pop();
      this.#state = this.#afterValue();
    } else if (state === 'comma-or-close') {
      if (byte === COMMA) this.#state = isObject ? 'key' : 'value';
      else this.#fail(index, `A comma or ${isObject ? '}' : ']'} was expected.`);
    } else if (state === 'key' || state === 'key-or-close') {
      if (byte === QUOTE) this.#beginString(true);
      else this.#fail(index, 'A key was expected.');
    } else {
      this.#value(byte, index);
    }
  }

  #value(byte: number, index: number): void {
    if (byte === QUOTE) this.#beginString(false);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(byte === OPEN_BRACE, index);
    else if (byte === MINUS) this.#state = 'minus';
    else if (byte === ZERO) this.#state = 'zero';
    else if (byte > ZERO && byte <= NINE) this.#state = 'integer';
    else if (byte === LOWER_T) this.#beginLiteral(TRUE);
    else if (byte === LOWER_F) this.#beginLiteral(FALSE);
    else if (byte === LOWER_N) this.#beginLiteral(NULL);
    else this.#fail(index, 'A value was expected.');
  }

  #beginString(isKey: boolean): void {
    this.#isKey = isKey;
    this.#state = 'string';
  }

  #beginLiteral(letters: readonly number[]): void {
    this.#literal = letters;
    this.#seen = 1;
    this.#state = 'literal';
  }

  #open(isObject: boolean, index: number): void {
    if (this.#objects.length === this.#maxDepth) {
      this.fault = { code: 'RECORD_TOO_DEEP', index, detail: 'A value is nested deeper than the bound.' };
    }
    this.#objects.push(isObject);
    this.#state = isObject ? 'key-or-close' : 'value-or-close';
  }

  #afterValue(): State {
    return this.#objects.length === 0 ? 'complete' : 'comma-or-close';
  }

  #fail(index: number, detail: string): void {
    this.fault = { code: 'READER_SYNTAX', index, detail };
  }
}

function isNumberEnd(state: State): boolean {
  return state === 'zero' || state === 'integer' || state === 'fraction' || state === 'exponent-digits';
}

/** The state after one more byte of a number; undefined: the byte does not belong to it. */
function nextNumberState(state: State, byte: number): State | undefined {
  const isDigit = byte >= ZERO && byte <= NINE;
  switch (state) {
    case 'minus':
      if (!isDigit) return undefined;
      return byte === ZERO ? 'zero' : 'integer';
    case 'integer':
      if (isDigit) return 'integer';
      return afterIntegerState(byte);
    case 'zero':
      return afterIntegerState(byte);
    case 'point':
      return isDigit ? 'fraction' : undefined;
    case 'fraction':
      if (isDigit) return 'fraction';
      return (byte | 0x20) === LOWER_E ? 'exponent' : undefined;
    case 'exponent':
      if (isDigit) return 'exponent-digits';
      return byte === PLUS || byte === MINUS ? 'exponent-sign' : undefined;
    case 'exponent-sign':
    case 'exponent-digits':
      return isDigit ? 'exponent-digits' : undefined;
    default:
      return undefined;
  }
}

function afterIntegerState(byte: number): State | undefined {
  if (byte === POINT) return 'point';
  return (byte | 0x20) === LOWER_E ? 'exponent' : undefined;
}
