/** Brings the bytes of one text into UTF-8, piece by piece. What cannot be decoded becomes {@link UNDECODABLE}. */
export interface TextConversion {
  /** The text of the next bytes, standing until the next call and until the bytes change. */
  convert(bytes: Uint8Array): Uint8Array;
  /** The text of what waits for its rest when the source ends. */
  end(): Uint8Array;
  /** How many of the bytes wait for their rest. At the first of them, a new conversion can begin. */
  readonly waitingBytes: number;
}

/** A byte that UTF-8 never has: readers find it in the very record, where U+FFFD would pass for what the text says. */
export const UNDECODABLE = 0xff;

/** A code unit of UTF-16 is at most three bytes of UTF-8. */
const MAX_UTF8_BYTES_PER_UNIT = 3;

/** Strings as UTF-8, each time into the same memory. */
export class Utf8Output {
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(0);

  /** Pieces of text, all of them well-formed, with {@link UNDECODABLE} between every two. It stands until the next call. */
  join(pieces: readonly string[]): Uint8Array {
    const unitCount = pieces.reduce((sum, piece) => sum + piece.length, pieces.length);
    const maxBytes = MAX_UTF8_BYTES_PER_UNIT * unitCount;
    if (this.#bytes.length < maxBytes) this.#bytes = new Uint8Array(maxBytes);
    let length = 0;
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#bytes[length++] = UNDECODABLE;
      length += this.#encoder.encodeInto(piece, this.#bytes.subarray(length)).written;
    }
    return this.#bytes.subarray(0, length);
  }
}
