/** What stands between markup, from the bytes of a document to those of canonical form, which mostly are the same. */
import type { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { BACKSLASH, CLOSE_BRACKET, LINE_FEED, MINUS, QUOTE, SPACE } from '../../protocol/canonical/bytes.ts';
import { appendCharacter } from '../../protocol/canonical/escape.ts';
import { AMPERSAND, APOSTROPHE, GREATER, LESS } from './markup.ts';

const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
/** The lead byte of U+FFFE and U+FFFF, which are no characters of XML, and what follows it there. */
const NONCHARACTER_LEAD = 0xef;
const NONCHARACTER_SECOND = 0xbf;
const NONCHARACTER_THIRD = 0xbe;

/** More than one byte; content is copied as long as there is room, and no measure is taken of it before. */
const MIN_ROOM_BYTES = 64;

/** What becomes of a byte: it is copied, copied unless it begins no character, escaped, becomes a space, ends a line, or ends the content. */
const COPIED = 0;
const CHECKED = 1;
const ESCAPED = 2;
const SPACED = 3;
const RETURN = 4;
const END = 5;

/** A kind of content: by byte what becomes of it. */
export type ContentKind = Uint8Array;

export const TEXT_CONTENT = contentKind([LESS, AMPERSAND, GREATER]);
export const CDATA_CONTENT = contentKind([CLOSE_BRACKET]);
export const COMMENT_CONTENT = contentKind([MINUS]);
/** The value of an attribute, by its quote. */
export const QUOTED_CONTENT = attributeKind(QUOTE);
export const APOSTROPHE_CONTENT = attributeKind(APOSTROPHE);

/**
 * Appends the content that begins at `from` as that of a string in canonical form, up to a byte that ends it or that XML does not allow, and returns
 * the index of that. Sound UTF-8 is taken for granted, and that a zero stands behind the bytes.
 */
export function appendContent(output: ByteOutput, bytes: Uint8Array, from: number, kind: ContentKind): number {
  let index = from;
  for (;;) {
    index = copyContent(output, bytes, index, kind);
    const byte = bytes[index] as number;
    const becomes = kind[byte] as number;
    if (becomes === END || (becomes === CHECKED && isNoncharacter(bytes, index))) return index;
    index += 1;
    if (becomes === CHECKED) output.push(byte);
    else if (becomes === ESCAPED) appendCharacter(output, byte);
    else if (becomes === SPACED) appendCharacter(output, SPACE);
    // Of a carriage return and a line feed together only that counts.
    else if (bytes[index] !== LINE_FEED) appendCharacter(output, kind[LINE_FEED] === SPACED ? SPACE : LINE_FEED);
  }
}

/** Copies what stands for itself, and leaves room for one byte more. */
function copyContent(output: ByteOutput, bytes: Uint8Array, from: number, kind: ContentKind): number {
  let index = from;
  for (;;) {
    output.reserve(MIN_ROOM_BYTES);
    const target = output.bytes;
    const limit = target.length - 1;
    let { length } = output;
    let byte = bytes[index] as number;
    while (kind[byte] === COPIED && length < limit) {
      target[length] = byte;
      length += 1;
      index += 1;
      byte = bytes[index] as number;
    }
    output.length = length;
    if (length < limit) return index;
  }
}

function isNoncharacter(bytes: Uint8Array, index: number): boolean {
  return bytes[index + 1] === NONCHARACTER_SECOND && (bytes[index + 2] as number) >= NONCHARACTER_THIRD;
}

/** @param ends bytes that end it, beside those that XML does not allow */
function contentKind(ends: readonly number[]): ContentKind {
  const kind = new Uint8Array(256).fill(END, 0, SPACE);
  for (const byte of [TAB, LINE_FEED, QUOTE, BACKSLASH]) kind[byte] = ESCAPED;
  kind[CARRIAGE_RETURN] = RETURN;
  kind[NONCHARACTER_LEAD] = CHECKED;
  for (const byte of ends) kind[byte] = END;
  return kind;
}

function attributeKind(quote: number): ContentKind {
  const kind = contentKind([quote, LESS, AMPERSAND]);
  kind[TAB] = SPACED;
  kind[LINE_FEED] = SPACED;
  return kind;
}
