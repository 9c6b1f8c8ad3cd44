import { type TextConversion, Utf8Output } from './transcode-conversion.ts';

const NOTHING = new Uint8Array(0);
const REPLACEMENT = '\uFFFD';
/**
 * Bytes below it are never the second or a later one of a character in these encodings (in GB18030 from `0` on, in the others from above): behind one of them,
 * which a feed has every few characters (space, comma, quote, line end), a character ends, even where what comes before is damaged.
 */
const FIRST_TRAIL_BYTE = 0x30;
/** How far back such a byte is looked for. */
const MAX_WAITING_BYTES = 1024;
const MAX_CHARACTER_BYTES = 4;

/**
 * Converts encodings of one to four bytes per character, as TextDecoder decodes them. GB18030 can spell U+FFFD: it is undecodable all the same. TextDecoder's
 * own way to go on behind a cut is not used: after damaged characters, it may fail for want of space.
 */
export class MultiByteConversion implements TextConversion {
  readonly #decoder: TextDecoder;
  readonly #output = new Utf8Output();
  #waiting: Uint8Array = NOTHING;

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding);
  }

  get waitingBytes(): number {
    return this.#waiting.length;
  }

  convert(bytes: Uint8Array): Uint8Array {
    const joined = Buffer.concat([this.#waiting, bytes]);
    const length = this.#wholeLength(joined);
    this.#waiting = joined.subarray(length);
    return this.#decode(joined.subarray(0, length));
  }

  end(): Uint8Array {
    return this.#decode(this.#waiting);
  }

  #decode(bytes: Uint8Array): Uint8Array {
    return this.#output.join(this.#decoder.decode(bytes).split(REPLACEMENT));
  }

  /** How many of the bytes are whole characters. */
  #wholeLength(bytes: Buffer): number {
    const tail = bytes.subarray(-MAX_WAITING_BYTES);
    const index = tail.findLastIndex((byte) => byte < FIRST_TRAIL_BYTE);
    if (index !== -1 || tail.length < MAX_WAITING_BYTES) return bytes.length - tail.length + index + 1;
    // A long run without any: whole where it decodes to its end; damaged where that is nowhere.
    for (let length = bytes.length; length > bytes.length - MAX_CHARACTER_BYTES; length--) {
      if (!this.#decoder.decode(bytes.subarray(0, length)).endsWith(REPLACEMENT)) return length;
    }
    return bytes.length;
  }
}
