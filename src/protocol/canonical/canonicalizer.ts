/**
 * JSON text to canonical form (docs/protocol.md "Canonical JSON") in one pass over the bytes: grammar, UTF-8, keys and numbers are
 * checked and the value's end is found on the way. No value becomes an object or a string.
 *
 * What is in canonical form already is not copied token by token: the pass only remembers where such a run began, and appends it to the
 * output where something else has to be written (white space left out, an escape or a number rewritten). So `index + shift`
 * is where a byte of the run will be in the output. An object whose keys do not ascend is permuted when it closes, by
 * {@link MemberTable}.
 *
 * The pass is iterative; open containers are frames on a stack. Every method of the pass takes an index and returns the next, or INCOMPLETE or
 * FAULTY, which are negative: an exception per unfinished record would cost more than these checks.
 */
import type { ErrorCode } from '../../errors.ts';
import type { NumberForm } from '../../model/record.ts';
import type { JsonFault } from '../json-place.ts';
import { ByteOutput } from './byte-output.ts';
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
import { NumberCanonicalizer } from './decimal.ts';
import { appendCharacter, escapeLength, isCanonicalEscape, isSurrogate, readEscape } from './escape.ts';
import { FIRST_UNORDERED_LEAD } from './key-order.ts';
import { MemberTable } from './member-table.ts';
import { characterFault, isSecondByte, sequenceLength } from './utf8.ts';

/** The value goes on after the bytes that were given. */
export const INCOMPLETE = -1;
/** The text is faulty: see {@link Canonicalizer.fault}. */
export const FAULTY = -2;

/** Frame of an open container: what it is, and of an object whether it must be sorted and how. */
const ARRAY = 0;
const OBJECT = 1;
const IS_UNSORTED = 2;
const IS_NOT_BYTE_ORDER = 4;

const INITIAL_OUTPUT_BYTES = 4096;
const INITIAL_FRAMES = 64;

const PLAIN = 0;
/** By byte: {@link PLAIN} where nothing has to be done about it inside of a string. */
const STRING_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? PLAIN : 1,
);

const LITERALS: ReadonlyMap<number, Uint8Array> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), new TextEncoder().encode(word)]),
);

/** What decides how values are read; see {@link Canonicalizer}. */
export interface CanonicalOptions {
  readonly numberForm: NumberForm;
  /** Deepest nesting, a scalar being 0 and `[]` 1: RECORD_TOO_DEEP. */
  readonly maxDepth: number;
}

/** See the head of the file. One may be used for many values, one after the other. */
export class Canonicalizer {
  /** The canonical form of the values scanned, one after the other. */
  readonly output = new ByteOutput(INITIAL_OUTPUT_BYTES);
  /** What is wrong, after FAULTY. */
  fault: JsonFault | null = null;
  readonly #options: CanonicalOptions;
  readonly #members = new MemberTable();
  readonly #numbers: NumberCanonicalizer;
  #input: Uint8Array = new Uint8Array(1);
  #end = 0;
  #isWhole = false;
  /** Where the run not yet appended begins, and what to add to its indexes for those in the output. */
  #runStart = 0;
  #shift = 0;
  #depth = 0;
  /** By depth from 1: kind and flags, and the first member of an object. */
  #frames = new Uint8Array(INITIAL_FRAMES);
  #firstMembers = new Int32Array(INITIAL_FRAMES);
  /** Whether the string last read holds no escape and no character from U+E000 up. */
  #isByteOrder = true;

  constructor(options: CanonicalOptions) {
    this.#options = options;
    this.#numbers = new NumberCanonicalizer(options.numberForm);
  }

  /**
   * Appends the canonical form of the value at `input[from]`, no white space, to the output. Returns the index after it, INCOMPLETE or FAULTY; the output
   * is then as it was before.
   * @param input `input[end]` must exist and be 0, which no JSON text can have: it stops every loop
   * @param isWhole whether nothing follows `end`; a value that goes on is then READER_TRUNCATED
   */
  scan(input: Uint8Array, from: number, end: number, isWhole: boolean): number {
    const outputLength = this.output.length;
    this.#input = input;
    this.#end = end;
    this.#isWhole = isWhole;
    this.#runStart = from;
    this.#shift = outputLength - from;
    this.#depth = 0;
    this.#members.count = 0;
    const index = this.#value(from);
    if (index < 0) this.output.length = outputLength;
    else this.#appendRun(index);
    return index;
  }

  #value(from: number): number {
    const input = this.#input;
    let index = from;
    do {
      const byte = input[index] as number;
      if (byte === QUOTE) index = this.#string(index + 1);
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        const depth = this.#depth;
        index = this.#open(index, byte === OPEN_BRACE ? OBJECT : ARRAY);
        if (this.#depth > depth) continue;
      } else if ((byte >= ZERO && byte <= NINE) || byte === MINUS) index = this.#numeral(index);
      else index = this.#literal(index, byte);
      if (index >= 0) index = this.#afterValue(index);
    } while (index >= 0 && this.#depth > 0);
    return index;
  }

  /** Opens a container and goes on to its first value, or closes it where it is empty. */
  #open(from: number, kind: typeof ARRAY | typeof OBJECT): number {
    if (this.#depth >= this.#options.maxDepth) {
      return this.#fail('RECORD_TOO_DEEP', from, `A value is nested deeper than ${this.#options.maxDepth}.`);
    }
    const index = this.#skipWhiteSpace(from + 1);
    if (this.#input[index] === (kind === OBJECT ? CLOSE_BRACE : CLOSE_BRACKET)) return index + 1;
    this.#depth += 1;
    if (this.#depth === this.#frames.length) this.#growFrames();
    this.#frames[this.#depth] = kind;
    this.#firstMembers[this.#depth] = this.#members.count;
    return kind === OBJECT ? this.#key(index) : index;
  }

  /** From the end of a value to the next one, or after the outermost container. */
  #afterValue(from: number): number {
    let index = from;
    while (this.#depth > 0) {
      index = this.#skipWhiteSpace(index);
      const byte = this.#input[index];
      const frame = this.#frames[this.#depth] as number;
      if (byte === COMMA) {
        index = this.#skipWhiteSpace(index + 1);
        return frame === ARRAY ? index : this.#key(index);
      }
      if (byte !== (frame === ARRAY ? CLOSE_BRACKET : CLOSE_BRACE)) {
        return this.#unexpected(index, `A comma or ${frame === ARRAY ? ']' : '}'} was expected.`);
      }
      index += 1;
      if (frame !== ARRAY && !this.#closeObject(index, frame)) return FAULTY;
      this.#depth -= 1;
    }
    return index;
  }

  /** Sorts the members of the object that ends before `index`; false where a key is there twice. */
  #closeObject(index: number, frame: number): boolean {
    const first = this.#firstMembers[this.#depth] as number;
    if ((frame & IS_UNSORTED) !== 0) {
      this.#appendRun(index);
      const repeated = this.#members.sort(first, this.output, (frame & IS_NOT_BYTE_ORDER) === 0);
      if (repeated !== -1) {
        this.#fail('DUPLICATE_KEY', repeated, 'An object has this key twice.');
        return false;
      }
    }
    this.#members.count = first;
    return true;
  }

  /** A key and its colon, on to the value. */
  #key(from: number): number {
    if (this.#input[from] !== QUOTE) return this.#unexpected(from, 'A key was expected.');
    const start = from + this.#shift;
    this.#isByteOrder = true;
    const end = this.#string(from + 1);
    if (end < 0) return end;
    const members = this.#members;
    const isFirst = members.count === this.#firstMembers[this.#depth];
    if (!this.#isByteOrder) this.#frames[this.#depth] = OBJECT | IS_UNSORTED | IS_NOT_BYTE_ORDER;
    else if (
      this.#frames[this.#depth] === OBJECT &&
      !isFirst &&
      !this.#isAfter(members.sourceOf(members.count - 1), from)
    ) {
      this.#frames[this.#depth] = OBJECT | IS_UNSORTED;
    }
    members.push(start, end + this.#shift, from);
    const colon = this.#skipWhiteSpace(end);
    if (this.#input[colon] !== COLON) return this.#unexpected(colon, 'A colon was expected.');
    return this.#skipWhiteSpace(colon + 1);
  }

  /** Whether the key at `second` comes after the one at `first`, neither holding escapes or characters from U+E000 up. */
  #isAfter(first: number, second: number): boolean {
    const input = this.#input;
    let offset = 1;
    while (input[first + offset] === input[second + offset]) {
      if (input[first + offset] === QUOTE) return false;
      offset += 1;
    }
    if (input[first + offset] === QUOTE) return true;
    return input[second + offset] !== QUOTE && (input[first + offset] as number) < (input[second + offset] as number);
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
    this.#appendRun(from);
    appendCharacter(this.output, codePoint);
    return this.#beginRun(from + escapeLength(this.#input, from, codePoint));
  }

  #numeral(from: number): number {
    const end = this.#numbers.endOf(this.#input, from);
    if (end < 0) return this.#unexpected(~end, 'A digit was expected.');
    if (end === this.#end && !this.#isWhole) return INCOMPLETE;
    if (this.#numbers.isCanonical) return end;
    this.#appendRun(from);
    if (!this.#numbers.append(this.output, this.#input, from, end)) {
      return this.#fail('NUMBER_OUT_OF_RANGE', from, 'A number is outside of what can be delivered.');
    }
    return this.#beginRun(end);
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
    this.#appendRun(from);
    return this.#beginRun(index);
  }

  #appendRun(end: number): void {
    if (end > this.#runStart) this.output.append(this.#input, this.#runStart, end);
    this.#beginRun(end);
  }

  #beginRun(index: number): number {
    this.#runStart = index;
    this.#shift = this.output.length - index;
    return index;
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

  #growFrames(): void {
    const frames = new Uint8Array(2 * this.#frames.length);
    frames.set(this.#frames);
    this.#frames = frames;
    const firstMembers = new Int32Array(2 * this.#firstMembers.length);
    firstMembers.set(this.#firstMembers);
    this.#firstMembers = firstMembers;
  }
}
