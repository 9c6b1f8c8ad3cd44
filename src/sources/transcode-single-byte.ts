import { isAscii } from 'node:buffer';
import { type TextConversion, UNDECODABLE } from './transcode-conversion.ts';

const NOTHING = new Uint8Array(0);
const ASCII_COUNT = 0x80;
/** All characters of these encodings are in the Basic Multilingual Plane. */
const MAX_SEQUENCE_BYTES = 3;

/** Converts an encoding in which every byte is a character or none, and the first 128 are those of ASCII. */
export class SingleByteConversion implements TextConversion {
  readonly waitingBytes = 0;
  /** What each byte is in UTF-8. */
  readonly #sequences: readonly Uint8Array[];
  #output = new Uint8Array(0);

  constructor(encoding: string) {
    this.#sequences = Array.from({ length: 256 }, (_, byte) => sequenceOf(byte, encoding));
  }

  convert(bytes: Uint8Array): Uint8Array {
    if (isAscii(bytes)) return bytes;
    const maxBytes = MAX_SEQUENCE_BYTES * bytes.length;
    if (this.#output.length < maxBytes) this.#output = new Uint8Array(maxBytes);
    const output = this.#output;
    let length = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte < ASCII_COUNT) {
        output[length++] = byte;
        continue;
      }
      const sequence = this.#sequences[byte] ?? NOTHING;
      for (let at = 0; at < sequence.length; at++) output[length++] = sequence[at] ?? 0;
    }
    return output.subarray(0, length);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

function sequenceOf(byte: number, encoding: string): Uint8Array {
  const character = new TextDecoder(encoding).decode(Uint8Array.of(byte));
  return character === '\uFFFD' ? Uint8Array.of(UNDECODABLE) : Buffer.from(character);
}
