/**
 * The parts of a whole JSON text as byte ranges, without making values of them: a receiver reads an envelope this way and keeps
 * every digit of what is inside.
 */
import type { ServiceError } from '../errors.ts';
import {
  byteOrderMarkLength,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isWhiteSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './canonical/bytes.ts';
import { JsonGrammar } from './json-grammar.ts';
import { decodeKey } from './json-key.ts';
import { faultOfText } from './json-place.ts';

/** Deepest nesting of the whole text, a scalar being 0 and `[]` 1. */
export interface JsonLimits {
  readonly maxDepth: number;
}

/**
 * The bytes of each member's value of the object that `text` is, by decoded key, in the order of the text. The grammar of the whole is checked; white space
 * around it and one byte order mark are let pass. Throws READER_SYNTAX (no object as well), READER_TRUNCATED, INVALID_UTF8, RECORD_TOO_DEEP, DUPLICATE_KEY and
 * LONE_SURROGATE (those of its own keys) with the place.
 */
export function jsonMembers(text: Uint8Array, limits: JsonLimits): Map<string, Uint8Array> {
  const parts = new TextParts(text, limits);
  const members = new Map<string, Uint8Array>();
  parts.expect(OPEN_BRACE, 'An object was expected.');
  if (!parts.skip(CLOSE_BRACE)) {
    do {
      const keyIndex = parts.index;
      const key = parts.key();
      if (members.has(key)) {
        throw faultOfText(text, { code: 'DUPLICATE_KEY', index: keyIndex, detail: 'An object has this key twice.' });
      }
      parts.expect(COLON, 'A colon was expected.');
      members.set(key, parts.value());
    } while (parts.skip(COMMA));
    parts.expect(CLOSE_BRACE, 'A comma or } was expected.');
  }
  parts.end();
  return members;
}

/** The bytes of each element of the array that `text` is. Checks and throws as {@link jsonMembers} does. */
export function jsonElements(text: Uint8Array, limits: JsonLimits): readonly Uint8Array[] {
  const parts = new TextParts(text, limits);
  const elements: Uint8Array[] = [];
  parts.expect(OPEN_BRACKET, 'An array was expected.');
  if (!parts.skip(CLOSE_BRACKET)) {
    do elements.push(parts.value());
    while (parts.skip(COMMA));
    parts.expect(CLOSE_BRACKET, 'A comma or ] was expected.');
  }
  parts.end();
  return elements;
}

/** A place in a text that moves forward token by token; it always stands on the next token, white space being behind. */
class TextParts {
  index: number;
  readonly #text: Uint8Array;
  readonly #grammar: JsonGrammar;

  constructor(text: Uint8Array, limits: JsonLimits) {
    // The container whose parts are wanted is one level of the whole.
    this.#grammar = new JsonGrammar({ maxDepth: limits.maxDepth - 1 });
    this.#text = text;
    this.index = byteOrderMarkLength(text);
    this.#skipWhiteSpace();
  }

  /** Goes past `byte` if it is next. */
  skip(byte: number): boolean {
    if (this.#text[this.index] !== byte) return false;
    this.index += 1;
    this.#skipWhiteSpace();
    return true;
  }

  expect(byte: number, detail: string): void {
    if (!this.skip(byte)) throw this.#unexpected(detail);
  }

  key(): string {
    if (this.#text[this.index] !== QUOTE) throw this.#unexpected('A key was expected.');
    const index = this.index;
    const key = decodeKey(this.value());
    if (key === undefined) {
      throw faultOfText(this.#text, { code: 'LONE_SURROGATE', index, detail: 'A key holds half of a surrogate pair.' });
    }
    return key;
  }

  value(): Uint8Array {
    const start = this.index;
    const grammar = this.#grammar;
    grammar.reset();
    const end = grammar.feed(this.#text, start, this.#text.length);
    if (!grammar.isComplete && grammar.fault === null) grammar.end(end);
    if (grammar.fault !== null) throw faultOfText(this.#text, grammar.fault);
    this.index = end;
    this.#skipWhiteSpace();
    return this.#text.subarray(start, end);
  }

  end(): void {
    if (this.index < this.#text.length) throw this.#unexpected('The text goes on after its value.');
  }

  #unexpected(detail: string): ServiceError {
    const isAtEnd = this.index === this.#text.length;
    return faultOfText(this.#text, {
      code: isAtEnd ? 'READER_TRUNCATED' : 'READER_SYNTAX',
      index: this.index,
      detail: isAtEnd ? 'The text ends in the middle.' : detail,
    });
  }

  #skipWhiteSpace(): void {
    while (this.index < this.#text.length && isWhiteSpace(this.#text[this.index] as number)) this.index += 1;
  }
}
