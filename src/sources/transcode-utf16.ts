import { type TextConversion, UNDECODABLE, Utf8Output } from './transcode-conversion.ts';

const NOTHING = Buffer.alloc(0);
/** With the flag `u`, pairs are single characters of another category. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Converts UTF-16. A lone surrogate, and what the text ends in the middle of, is undecodable; U+FFFD is a character as others are. */
export class Utf16Conversion implements TextConversion {
  readonly #isBigEndian: boolean;
  readonly #output = new Utf8Output();
  #waiting = NOTHING;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  get waitingBytes(): number {
    return this.#waiting.length;
  }

  convert(bytes: Uint8Array): Uint8Array {
    const joined = Buffer.concat([this.#waiting, bytes]);
    const length = this.#wholeLength(joined);
    this.#waiting = Buffer.from(joined.subarray(length));
    const units = joined.subarray(0, length);
    if (this.#isBigEndian) units.swap16();
    const text = units.toString('utf16le');
    return this.#output.join(text.isWellFormed() ? [text] : text.split(LONE_SURROGATE));
  }

  end(): Uint8Array {
    return this.#waiting.length === 0 ? NOTHING : Uint8Array.of(UNDECODABLE);
  }

  /** How many of the bytes are whole units, a pair of surrogates not cut. */
  #wholeLength(bytes: Buffer): number {
    const length = bytes.length & ~1;
    const highByte = bytes[length - (this.#isBigEndian ? 2 : 1)] ?? 0;
    return (highByte & 0xfc) === 0xd8 ? length - 2 : length;
  }
}
