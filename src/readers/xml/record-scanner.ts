/**
 * Reads records by their bytes, several times as fast as the parser, of which the strings cost more than all else. It knows what sound records of feeds are made of
 * (tags, attributes, text, references, CDATA sections, comments) and the names that the parser has met; whatever else it finds, sound or not, it leaves to the parser, which
 * alone says what is wrong. So it may be mistaken in one way only, by taking what the parser would refuse.
 *
 * Methods that read take the index at which something begins and return the index behind it; or `~index`, where what stands at `index` is not for the scanner
 * or lies behind the bytes. A zero must stand there, and nothing is looked at behind a byte that does not belong where it stands.
 */
import { isUtf8 } from 'node:buffer';
import { ServiceError } from '../../errors.ts';
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { CLOSE_BRACKET, isWhiteSpace, MINUS, QUOTE } from '../../protocol/canonical/bytes.ts';
import { appendCharacter } from '../../protocol/canonical/escape.ts';
import {
  APOSTROPHE_CONTENT,
  appendContent,
  CDATA_CONTENT,
  COMMENT_CONTENT,
  type ContentKind,
  QUOTED_CONTENT,
  TEXT_CONTENT,
} from './content-bytes.ts';
import { AMPERSAND, APOSTROPHE, BANG, EQUALS, GREATER, LESS, matchEnd, SLASH } from './markup.ts';
import type { RecordBuilder } from './record-builder.ts';
import { referencedCharacter, referenceEnd } from './references.ts';

const CDATA_START = Uint8Array.from(Buffer.from('<![CDATA['));
const COMMENT_START = Uint8Array.from(Buffer.from('<!--'));

/** See the head of the file. */
export class RecordScanner {
  readonly #builder: RecordBuilder;
  readonly #maxDepth: number;
  /** Counts start tags, for attributes to be told apart that occur twice in one. */
  #tag = 0;

  /** @param maxDepth deepest nesting of a record */
  constructor(builder: RecordBuilder, maxDepth: number) {
    this.#builder = builder;
    this.#maxDepth = maxDepth;
  }

  /** Reads the record at `start`, a bracket, and appends its canonical form to the output, to which anything may have been appended where it fails. */
  scan(bytes: Uint8Array, start: number, output: ByteOutput): number {
    const builder = this.#builder;
    try {
      const end = this.#record(bytes, start);
      if (end >= 0 && isUtf8(Buffer.from(bytes.buffer, start, end - start))) {
        builder.finish(output, this.#maxDepth);
        return end;
      }
      builder.clear();
      return end < 0 ? end : ~start;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      builder.clear();
      return ~start;
    }
  }

  #record(bytes: Uint8Array, start: number): number {
    const builder = this.#builder;
    let index = this.#startTag(bytes, start);
    while (index >= 0 && builder.depth > 0) {
      index = this.#text(bytes, index);
      if (index < 0) return index;
      const next = bytes[index + 1];
      if (next === SLASH) index = this.#endTag(bytes, index);
      else if (next !== BANG) index = this.#startTag(bytes, index);
      else if (bytes[index + 2] === MINUS) index = this.#comment(bytes, index);
      else index = this.#cdata(bytes, index);
    }
    return index;
  }

  #startTag(bytes: Uint8Array, at: number): number {
    const builder = this.#builder;
    const { elements } = builder.keys;
    const name = elements.find(bytes, at + 1);
    let index = elements.end;
    if (name === null || builder.depth > this.#maxDepth) return ~index;
    builder.open(name);
    if (isWhiteSpace(bytes[index] as number)) index = this.#attributes(bytes, index);
    if (index < 0) return index;
    const isEmptyElement = bytes[index] === SLASH;
    if (isEmptyElement) index += 1;
    if (bytes[index] !== GREATER) return ~index;
    if (isEmptyElement) builder.close();
    return index + 1;
  }

  /** From the white space behind a tag's name on. */
  #attributes(bytes: Uint8Array, from: number): number {
    const { attributes } = this.#builder.keys;
    this.#tag += 1;
    let index = skipWhiteSpace(bytes, from);
    while (bytes[index] !== GREATER && bytes[index] !== SLASH) {
      const key = attributes.find(bytes, index);
      index = skipWhiteSpace(bytes, attributes.end);
      if (key === null || key.lastTag === this.#tag || bytes[index] !== EQUALS) return ~index;
      key.lastTag = this.#tag;
      const start = this.#builder.text.length;
      index = this.#value(bytes, skipWhiteSpace(bytes, index + 1));
      if (index < 0) return index;
      this.#builder.addAttribute(key, start);
      const next = bytes[index] as number;
      if (next === GREATER || next === SLASH) return index;
      if (!isWhiteSpace(next)) return ~index;
      index = skipWhiteSpace(bytes, index + 1);
    }
    return index;
  }

  #value(bytes: Uint8Array, at: number): number {
    const quote = bytes[at];
    if (quote !== QUOTE && quote !== APOSTROPHE) return ~at;
    const index = this.#content(bytes, at + 1, quote === QUOTE ? QUOTED_CONTENT : APOSTROPHE_CONTENT);
    if (index < 0) return index;
    return bytes[index] === quote ? index + 1 : ~index;
  }

  /** Up to the bracket behind. */
  #text(bytes: Uint8Array, from: number): number {
    const builder = this.#builder;
    const { text } = builder;
    let index = builder.isLeading ? skipWhiteSpace(bytes, from) : from;
    if (bytes[index] === LESS) return index;
    const start = text.length;
    index = this.#content(bytes, index, TEXT_CONTENT);
    while (index >= 0 && bytes[index] === GREATER) {
      // What ends a CDATA section may not stand in text.
      if (bytes[index - 1] === CLOSE_BRACKET && bytes[index - 2] === CLOSE_BRACKET) return ~index;
      appendCharacter(text, GREATER);
      index = this.#content(bytes, index + 1, TEXT_CONTENT);
    }
    if (index < 0) return index;
    if (bytes[index] !== LESS) return ~index;
    builder.addText(start);
    return index;
  }

  /** Content and the references in it. */
  #content(bytes: Uint8Array, from: number, kind: ContentKind): number {
    const { text } = this.#builder;
    let index = appendContent(text, bytes, from, kind);
    while (bytes[index] === AMPERSAND) {
      const end = referenceEnd(bytes, index);
      if (end < 0) return end;
      const character = referencedCharacter(bytes, index + 1, end);
      if (character === -1) return ~index;
      appendCharacter(text, character);
      index = appendContent(text, bytes, end + 1, kind);
    }
    return index;
  }

  #endTag(bytes: Uint8Array, at: number): number {
    const nameEnd = matchEnd(bytes, at + 2, this.#builder.innermost.name);
    if (nameEnd < 0) return nameEnd;
    const index = skipWhiteSpace(bytes, nameEnd);
    if (bytes[index] !== GREATER) return ~index;
    this.#builder.close();
    return index + 1;
  }

  #cdata(bytes: Uint8Array, at: number): number {
    const builder = this.#builder;
    const { text } = builder;
    const start = text.length;
    let index = matchEnd(bytes, at, CDATA_START);
    while (index >= 0) {
      index = appendContent(text, bytes, index, CDATA_CONTENT);
      if (bytes[index] !== CLOSE_BRACKET) return ~index;
      if (bytes[index + 1] === CLOSE_BRACKET && bytes[index + 2] === GREATER) {
        builder.addText(start);
        return index + 3;
      }
      appendCharacter(text, CLOSE_BRACKET);
      index += 1;
    }
    return index;
  }

  #comment(bytes: Uint8Array, at: number): number {
    const { text } = this.#builder;
    const textEnd = text.length;
    let index = matchEnd(bytes, at, COMMENT_START);
    while (index >= 0) {
      index = appendContent(text, bytes, index, COMMENT_CONTENT);
      text.length = textEnd;
      if (bytes[index] !== MINUS) return ~index;
      index += 1;
      if (bytes[index] !== MINUS) continue;
      index += 1;
      return bytes[index] === GREATER ? index + 1 : ~index;
    }
    return index;
  }
}

function skipWhiteSpace(bytes: Uint8Array, from: number): number {
  let index = from;
  while (isWhiteSpace(bytes[index] as number)) index += 1;
  return index;
}
