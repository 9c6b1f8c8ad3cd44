import { ByteOutput } from '../../protocol/canonical/byte-output.ts';
import { COLON, isWhiteSpace, LINE_FEED, NINE, QUOTE, SPACE, ZERO } from '../../protocol/canonical/bytes.ts';
import { resolveReferences } from './xml-references.ts';

const TAB = 0x09;
const AMPERSAND = 0x26;
const SLASH = 0x2f;
const LESS_THAN = 0x3c;
const EQUALS = 0x3d;
const GREATER_THAN = 0x3e;
const TAG_END = Buffer.of(GREATER_THAN);
const EMPTY_TAG_END = Buffer.of(SLASH, GREATER_THAN);

/** What is in a text beside characters that stand for themselves. */
const REFERENCE = 1;
const REFUSED = 2;
const CLASSES = new Uint8Array(256).fill(REFUSED, 0, SPACE);
CLASSES[TAB] = 0;
CLASSES[LINE_FEED] = 0;
CLASSES[AMPERSAND] = REFERENCE;
// Well-formed where no two brackets come before it, which is not looked at.
CLASSES[GREATER_THAN] = REFUSED;

/** Passes over XML that stands in bytes, from one expected thing to the next. What passes something returns whether it was there and well-formed. */
export class XmlCursor {
  bytes: Uint8Array = new Uint8Array();
  /** The index of the byte that comes next. */
  at = 0;
  /** The text passed last: `text[textStart]` up to `text[textEnd - 1]`, its references resolved; what follows it is part of no number. */
  text: Uint8Array = this.bytes;
  textStart = 0;
  textEnd = 0;
  /** Where the value of the attribute `r` passed last stands. */
  numberStart = 0;
  numberEnd = 0;
  readonly #resolved = new ByteOutput(1024);

  /** Passes these bytes. */
  pass(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    for (let index = 0; index < expected.length; index += 1) {
      if (bytes[at + index] !== expected[index]) return false;
    }
    this.at = at + expected.length;
    return true;
  }

  /** Passes the first of these that is there. */
  passAny(expected: readonly Uint8Array[]): boolean {
    for (const bytes of expected) if (this.pass(bytes)) return true;
    return false;
  }

  passWhiteSpace(): void {
    while (isWhiteSpace(this.bytes[this.at] as number)) this.at += 1;
  }

  /** Passes the end of a tag that has content. */
  passTagEnd(): boolean {
    return this.pass(TAG_END);
  }

  /** Passes the end of a tag that has none, `/>`. */
  passEmptyTagEnd(): boolean {
    return this.pass(EMPTY_TAG_END);
  }

  /** Passes the space before a tag's end. */
  passSpace(): void {
    if (this.bytes[this.at] === SPACE) this.at += 1;
  }

  /** Passes ` r="`, for a name of one letter. */
  passName(letter: number): boolean {
    const { bytes, at } = this;
    if (bytes[at] !== SPACE || bytes[at + 1] !== letter || bytes[at + 2] !== EQUALS || bytes[at + 3] !== QUOTE)
      return false;
    this.at = at + 4;
    return true;
  }

  /** Passes a text, up to the next tag. */
  passText(): boolean {
    const { bytes, at: start } = this;
    const { length } = bytes;
    let at = start;
    let classes = 0;
    for (; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === LESS_THAN) break;
      classes |= CLASSES[byte] as number;
    }
    this.at = at;
    this.text = bytes;
    this.textStart = start;
    this.textEnd = at;
    return classes === 0 || (classes === REFERENCE && this.#resolve());
  }

  /** Passes attributes of any names, each at most once, and the space behind them. */
  passAttributes(): boolean {
    const { bytes } = this;
    const names: string[] = [];
    this.numberStart = 0;
    this.numberEnd = 0;
    while (bytes[this.at] === SPACE && isLetter(bytes[this.at + 1] as number)) {
      const start = this.at + 1;
      let at = start;
      while (isNameByte(bytes[at] as number)) at += 1;
      if (bytes[at] !== EQUALS || bytes[at + 1] !== QUOTE) return false;
      const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, at - start).toString('latin1');
      if (names.includes(name)) return false;
      names.push(name);
      this.at = at + 2;
      if (!this.#passAttributeValue()) return false;
      if (name !== 'r') continue;
      this.numberStart = at + 2;
      this.numberEnd = this.at - 1;
    }
    this.passSpace();
    return true;
  }

  /** Passes the value of an attribute with the quote behind it. */
  #passAttributeValue(): boolean {
    const { bytes } = this;
    for (let { at } = this; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.at = at + 1;
        return true;
      }
      if (byte < SPACE || byte === LESS_THAN || CLASSES[byte] !== 0) return false;
    }
    return false;
  }

  #resolve(): boolean {
    const resolved = this.#resolved;
    resolved.length = 0;
    if (!resolveReferences(resolved, this.text, this.textStart, this.textEnd)) return false;
    this.textStart = 0;
    this.textEnd = resolved.length;
    resolved.appendAscii('<');
    this.text = resolved.bytes;
    return true;
  }
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

/** Whether it can stand in the name of an attribute, of those that are ASCII. */
function isNameByte(byte: number): boolean {
  return isLetter(byte) || (byte >= ZERO && byte <= NINE) || byte === COLON;
}
