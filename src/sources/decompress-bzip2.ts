import bzip2 from 'unbzip2-stream/lib/bzip2.js';
import { ServiceError } from '../errors.ts';
import { BitWindow } from './bit-window.ts';
import type { ExpandedBlock } from './decompress-block.ts';
import type { Source } from './source.ts';

/**
 * No block is longer: it has at most 900,000 symbols, none of more than 20 bits, and its tables are small. The library cannot wait for input in the
 * middle of a block.
 */
const MAX_BLOCK_BYTES = 2.5 * 1024 * 1024;
/** A block before its last transformation is this long times the digit in the header. */
const WORKING_UNIT = 100_000;
const MAX_WORKING_UNITS = 9;
/** Somewhat more than the block of most files; runs can make 46 MB of one. */
const INITIAL_OUTPUT_BYTES = 1024 * 1024;

/**
 * Expands all streams of a bzip2 file, a block at a time. Of unbzip2-stream only the decoder is used: its stream does not wait for its reader, and expands the
 * last megabyte of its input at once whatever becomes of it. Throws READER_TRUNCATED, SOURCE_DAMAGED.
 */
export async function* expandBzip2(source: Source): AsyncGenerator<ExpandedBlock> {
  const input = new BitWindow(source);
  const decoder = new Bzip2Decoder(source.name, input);
  try {
    do yield* expandStream(input, decoder);
    while (await input.skipZeros());
  } finally {
    await input.close();
  }
}

async function* expandStream(input: BitWindow, decoder: Bzip2Decoder): AsyncGenerator<ExpandedBlock> {
  await input.fill(MAX_BLOCK_BYTES);
  decoder.readHeader();
  for (;;) {
    await input.fill(MAX_BLOCK_BYTES);
    const bytes = decoder.readBlock();
    if (bytes === null) return;
    if (bytes.length > 0) yield { bytes, compressedBytes: input.readBytes };
  }
}

class Bzip2Decoder {
  readonly #file: string;
  readonly #input: BitWindow;
  /** The library keeps its tables in the object of its functions: each decoder has its own. */
  readonly #bzip2: typeof bzip2 = Object.create(bzip2);
  readonly #working = new Int32Array(MAX_WORKING_UNITS * WORKING_UNIT);
  #workingLength = 0;
  #checksum = 0;
  #output = new Uint8Array(INITIAL_OUTPUT_BYTES);
  #outputLength = 0;

  constructor(file: string, input: BitWindow) {
    this.#file = file;
    this.#input = input;
  }

  readHeader(): void {
    this.#workingLength = WORKING_UNIT * this.#attempt(() => this.#bzip2.header(this.#input.read));
    this.#checksum = 0;
  }

  /** What the next block expands to, standing until the next call; null: the stream has ended. The input holds the block as a whole. */
  readBlock(): Uint8Array | null {
    this.#outputLength = 0;
    const checksum = this.#attempt(() =>
      this.#bzip2.decompress(this.#input.read, this.#push, this.#working, this.#workingLength, this.#checksum),
    );
    if (checksum === null) return null;
    this.#checksum = checksum;
    return this.#output.subarray(0, this.#outputLength);
  }

  readonly #push = (byte: number): void => {
    if (this.#outputLength === this.#output.length) this.#grow();
    this.#output[this.#outputLength++] = byte;
  };

  #grow(): void {
    const grown = new Uint8Array(2 * this.#output.length);
    grown.set(this.#output);
    this.#output = grown;
  }

  #attempt<Result>(step: () => Result): Result {
    try {
      return step();
    } catch (cause) {
      if (cause instanceof ServiceError) throw cause;
      throw new ServiceError('SOURCE_DAMAGED', { place: { file: this.#file }, cause });
    }
  }
}
