/**
 * JSON text to canonical form (docs/protocol.md "Canonical JSON") in one pass over the bytes: grammar, UTF-8, keys and numbers are
 * checked and the value's end is found on the way. No value becomes an object or a string.
 *
 * What is in canonical form already is copied in runs ({@link TextRun}), and of keys that came before in the same place only that they are the same is
 * looked at ({@link OpenContainers}).
 *
 * The pass is iterative; Every method of the pass takes an index and returns the next, or INCOMPLETE or
 * FAULTY, which are negative: an exception per unfinished record would cost more than these checks.
 */
import type { ErrorCode } from '../../errors.ts';
import type { JsonFault } from '../json-place.ts';
import type { ByteOutput } from './byte-output.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isWhiteSpace,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  ZERO,
} from './bytes.ts';
import type { CanonicalOptions } from './canonical-options.ts';
import { NumberCanonicalizer } from './decimal.ts';
import { appendCharacter, escapeLength, isCanonicalEscape, isSurrogate, readEscape } from './escape.ts';
import { FIRST_UNORDERED_LEAD } from './key-order.ts';
import { ARRAY, OBJECT, OpenContainers } from './open-containers.ts';
import { TextRun } from './text-run.ts';
import { characterFault, isSecondByte, sequenceLength } from './utf8.ts';

/** The value goes on after the bytes that were given. */
export const INCOMPLETE = -1;
/** The text is faulty: see {@link Canonicalizer.fault}. */
export const FAULTY = -2;

const PLAIN = 0;
/** By byte: {@link PLAIN} where nothing has to be done about it inside of a string. */
const STRING_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? PLAIN : 1,
);

const LITERALS: ReadonlyMap<number, Uint8Array> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), new TextEncoder().encode(word)]),
);

/** See the head of the file. One may be used for many values, one after the other. */
export class Canonicalizer {
  /** What is wrong, after FAULTY. */
  fault: JsonFault | null = null;
  readonly #options: CanonicalOptions;
  readonly #run = new TextRun();
  readonly #containers = new OpenContainers(this.#run);
  readonly #numbers: NumberCanonicalizer;
  #input = this.#run.input;
  #end = 0;
  #isWhole = false;
  /** Whether the string last read holds no escape and no character from U+E000 up. */
  #isByteOrder = true;

  constructor(options: CanonicalOptions) {
    this.#options = options;
    this.#numbers = new NumberCanonicalizer(options.numberForm);
  }

  /** The canonical form of the values scanned, one after the other. */
  get output(): ByteOutput {
    return this.#run.output;
  }

  /**
   * Appends the canonical form of the value at `input[from]`, no white space, to the output. Returns the index after it, INCOMPLETE or FAULTY; the output
   * is then as it was before.
   * @param input `input[end]` must exist and be 0, which no JSON text can have: it stops every loop
   * @param isWhole whether nothing follows `end`; a value that goes on is then READER_TRUNCATED
   */
  scan(input: Uint8Array, from: number, end: number, isWhole: boolean): number {
    const { output } = this.#run;
    const outputLength = output.length;
    this.#input = input;
    this.#end = end;
    this.#isWhole = isWhole;
    this.#run.begin(input, from);
    this.#containers.clear();
    const index = this.#value(from);
    if (index < 0) output.length = outputLength;
    else this.#run.appendTo(index);
    return index;
  }

  #value(from: number): number {
    const input = this.#input;
    const containers = this.#containers;
    let index = from;
    do {
      const byte = input[index] as number;
      if (byte === QUOTE) index = this.#string(index + 1);
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        const { depth } = containers;
        index = this.#open(index, byte === OPEN_BRACE ? OBJECT : ARRAY);
        if (containers.depth > depth) continue;
      } else if ((byte >= ZERO && byte <= NINE) || byte === MINUS) index = this.#numeral(index);
      else index = this.#literal(index, byte);
      if (index >= 0) index = this.#afterValue(index);
    } while (index >= 0 && containers.depth > 0);
    return index;
  }

  /** Opens a container and goes on to its first value, or closes it where it is empty. */
  #open(from: number, kind: typeof ARRAY | typeof OBJECT): number {
    if (this.#containers.depth >= this.#options.maxDepth) {
      return this.#fail('RECORD_TOO_DEEP', from, `A value is nested deeper than ${this.#options.maxDepth}.`);
    }
    const index = this.#skipWhiteSpace(from + 1);
    if (this.#input[index] === (kind === OBJECT ? CLOSE_BRACE : CLOSE_BRACKET)) return index + 1;
    this.#containers.open(kind);
    return kind === OBJECT ? this.#key(index) : index;
  }

  /** From the end of a value to the next one, or after the outermost container. */
  #afterValue(from: number): number {
    const containers = this.#containers;
    let index = from;
    while (containers.depth > 0) {
      index = this.#skipWhiteSpace(index);
      const byte = this.#input[index];
      const { isInObject } = containers;
      if (byte === COMMA) {
        index = this.#skipWhiteSpace(index + 1);
        return isInObject ? this.#key(index) : index;
      }
      if (byte !== (isInObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        return this.#unexpected(index, `A comma or ${isInObject ? '}' : ']'} was expected.`);
      }
      index += 1;
      const repeated = containers.close(index);
      if (repeated !== -1) return this.#fail('DUPLICATE_KEY', repeated, 'An object has this key twice.');
    }
    return index;
  }

  /** A key and its colon, on to the value. */
  #key(from: number): number {
    const known = this.#containers.addKnownKey(from);
    if (known !== -1) return this.#skipWhiteSpace(known);
    if (this.#input[from] !== QUOTE) return this.#unexpected(from, 'A key was expected.');
    const start = from + this.#run.shift;
    this.#isByteOrder = true;
    const end = this.#string(from + 1);
    if (end < 0) return end;
    this.#containers.addKey(from, end, start, this.#isByteOrder);
    const colon = this.#skipWhiteSpace(end);
    if (this.#input[colon] !== COLON) return this.#unexpected(colon, 'A colon was expected.');
    return this.#skipWhiteSpace(colon + 1);
  }

  /** The rest of a string, from after its opening quote. */
  #string(from: number): number {
    const input = this.#input;
    let index = from;
    while (index >= 0) {
      let byte = input[index] as number;
      while (STRING_CLASSES[byte] === PLAIN) {
        index += 1;
        byte = input[index] as number;
      }
      if (byte === QUOTE) return index + 1;
      if (byte >= 0x80) index = this.#character(index, byte);
      else if (byte === BACKSLASH) index = this.#escape(index);
      else return this.#unexpected(index, 'A control character in a string must be escaped.');
    }
    return index;
  }

  #character(from: number, lead: number): number {
    const input = this.#input;
    const length = sequenceLength(lead);
    if (lead >= FIRST_UNORDERED_LEAD) this.#isByteOrder = false;
    if (length === 0) return this.#badCharacter(from, lead);
    if (!isSecondByte(lead, input[from + 1] as number)) return this.#badCharacter(from + 1, lead);
    for (let index = from + 2; index < from + length; index += 1) {
      if (((input[index] as number) & 0xc0) !== 0x80) return this.#badCharacter(index, lead);
    }
    return from + length;
  }

  #badCharacter(index: number, lead: number): number {
    if (index >= this.#end) return this.#unexpected(index, '');
    const { code, detail } = characterFault(lead, this.#input[index] as number);
    return this.#fail(code, index, detail);
  }

  #escape(from: number): number {
    this.#isByteOrder = false;
    if (isCanonicalEscape(this.#input[from + 1] as number)) return from + 2;
    const codePoint = readEscape(this.#input, from);
    if (codePoint < 0) return this.#unexpected(~codePoint, 'There is no such escape.');
    if (isSurrogate(codePoint)) return this.#fail('LONE_SURROGATE', from, 'A string holds half of a surrogate pair.');
    this.#run.appendTo(from);
    appendCharacter(this.#run.output, codePoint);
    return this.#run.beginAt(from + escapeLength(this.#input, from, codePoint));
  }

  #numeral(from: number): number {
    const end = this.#numbers.endOf(this.#input, from);
    if (end < 0) return this.#unexpected(~end, 'A digit was expected.');
    if (end === this.#end && !this.#isWhole) return INCOMPLETE;
    if (this.#numbers.isCanonical) return end;
    this.#run.appendTo(from);
    if (!this.#numbers.append(this.#run.output, this.#input, from, end)) {
      return this.#fail('NUMBER_OUT_OF_RANGE', from, 'A number is outside of what can be delivered.');
    }
    return this.#run.beginAt(end);
  }

  #literal(from: number, byte: number): number {
    const word = LITERALS.get(byte);
    if (word === undefined) return this.#unexpected(from, 'A value was expected.');
    for (let index = 1; index < word.length; index += 1) {
      if (this.#input[from + index] !== word[index]) return this.#unexpected(from + index, 'There is no such literal.');
    }
    return from + word.length;
  }

  /** Goes past white space, which ends the run. */
  #skipWhiteSpace(from: number): number {
    if ((this.#input[from] as number) > SPACE) return from;
    let index = from;
    while (isWhiteSpace(this.#input[index] as number)) index += 1;
    if (index === from) return index;
    this.#run.appendTo(from);
    return this.#run.beginAt(index);
  }

  #unexpected(index: number, detail: string): number {
    if (index < this.#end) return this.#fail('READER_SYNTAX', index, detail);
    if (!this.#isWhole) return INCOMPLETE;
    return this.#fail('READER_TRUNCATED', this.#end, 'The text ends in the middle.');
  }

  #fail(code: ErrorCode, index: number, detail: string): number {
    this.fault = { code, index, detail };
    return FAULTY;
  }
}
