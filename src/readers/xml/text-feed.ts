import { isAscii, isUtf8 } from 'node:buffer';
import { characterFault, isSecondByte, sequenceLength } from '../../protocol/canonical/utf8.ts';
import type { JsonFault } from '../../protocol/json-place.ts';
import type { ByteWindow } from '../byte-window.ts';

const MAX_CHARACTER_BYTES = 4;

/**
 * A window's bytes as text, piece by piece, with the way back from a character to its byte. The window's start is where characters are counted from,
 * so that each is looked at once however often it is asked, and not at all where the text is ASCII.
 */
export class TextFeed {
  /** What ended the text before the window's end: bytes that are no UTF-8. */
  fault: JsonFault | null = null;
  readonly #window: ByteWindow;
  /** How many bytes from the window's start on were given, and up to where they may be other than ASCII. */
  #givenBytes = 0;
  #mixedBytes = 0;
  /** The character at the window's start, and the one after those given. */
  #startCharacter = 0;
  #endCharacter = 0;

  constructor(window: ByteWindow) {
    this.#window = window;
  }

  /** How many bytes of the window were given. */
  get givenBytes(): number {
    return this.#givenBytes;
  }

  /** How many characters were given since {@link restart}, those before it included. */
  get endCharacter(): number {
    return this.#endCharacter;
  }

  /** Gives again from the window's start on, of which the first character is then the one with this number. */
  restart(character: number): void {
    this.fault = null;
    this.#givenBytes = 0;
    this.#mixedBytes = 0;
    this.#startCharacter = character;
    this.#endCharacter = character;
  }

  /** The next piece, of at most `maxBytes` (4 or more); empty: the window holds no whole character more, or there is a {@link fault}. */
  next(maxBytes: number): string {
    const window = this.#window;
    const from = window.start + this.#givenBytes;
    const to = wholeCharactersEnd(window.bytes, from, Math.min(from + maxBytes, window.end));
    const bytes = Buffer.from(window.bytes.buffer, from, to - from);
    if (isAscii(bytes)) return this.#give(bytes.toString('latin1'), to);
    if (!isUtf8(bytes)) return this.#giveSound(from, to);
    this.#mixedBytes = to - window.start;
    return this.#give(bytes.toString(), to);
  }

  /** The index in the window of a character at or behind its start. */
  indexOf(character: number): number {
    const { bytes, start } = this.#window;
    let rest = character - this.#startCharacter;
    if (this.#mixedBytes <= 0) return start + rest;
    let index = start;
    for (; rest > 0; rest -= 1) {
      const lead = bytes[index] as number;
      if (lead < 0x80) index += 1;
      else {
        const length = sequenceLength(lead);
        index += length;
        if (length === 4) rest -= 1;
      }
    }
    return index;
  }

  /** Leaves what stands before a character behind, of which this is the index. */
  consume(character: number, index: number): void {
    const byteCount = index - this.#window.start;
    this.#window.consume(index);
    this.#givenBytes -= byteCount;
    this.#mixedBytes -= byteCount;
    this.#startCharacter = character;
  }

  #give(text: string, to: number): string {
    this.#givenBytes = to - this.#window.start;
    this.#endCharacter += text.length;
    return text;
  }

  /** What stands before the first bytes that are no character. */
  #giveSound(from: number, to: number): string {
    const { bytes, start } = this.#window;
    let index = from;
    while (index < to) {
      const lead = bytes[index] as number;
      const length = lead < 0x80 ? 1 : characterLength(bytes, index);
      if (length === 0) break;
      index += length;
    }
    const lead = bytes[index] as number;
    this.fault = { index, ...characterFault(lead, bytes[index + 1] as number) };
    this.#mixedBytes = index - start;
    return this.#give(Buffer.from(bytes.buffer, from, index - from).toString(), index);
  }
}

/** How many bytes the character at `index` has, whose lead byte is none of ASCII; 0: there is no character. */
function characterLength(bytes: Uint8Array, index: number): number {
  const lead = bytes[index] as number;
  const length = sequenceLength(lead);
  if (length === 0 || !isSecondByte(lead, bytes[index + 1] as number)) return 0;
  for (let next = index + 2; next < index + length; next += 1) if (((bytes[next] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

/** `to`, or where the character begins that goes on there. */
function wholeCharactersEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let index = to - 1; index >= from && index > to - MAX_CHARACTER_BYTES; index -= 1) {
    const byte = bytes[index] as number;
    if (byte < 0x80) return to;
    const length = sequenceLength(byte);
    if (length > 0) return index + length > to ? index : to;
  }
  return to;
}
