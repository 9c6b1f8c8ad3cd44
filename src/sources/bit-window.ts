import { ServiceError } from '../errors.ts';
import type { ByteSource } from './source.ts';

/** What {@link BitWindow.read} takes at once without going round twice. */
const HALF_WORD_BITS = 16;

/** The part of a source that is read bit by bit, the most significant first. */
export class BitWindow {
  readonly #source: ByteSource;
  readonly #blocks: AsyncIterator<Uint8Array>;
  #bytes = new Uint8Array(0);
  #next = 0;
  /** Offset in the source of the first of `#bytes`. */
  #base = 0;
  /** The low `#heldBitCount` bits were taken from the bytes and not yet read; never a whole byte between two reads. */
  #held = 0;
  #heldBitCount = 0;
  #isWhole = false;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#blocks = source.open(0)[Symbol.asyncIterator]();
  }

  /** How many bytes of the source were read, a byte of which some bits were read being one. */
  get readBytes(): number {
    return this.#base + this.#next;
  }

  /** Reads on until `byteCount` bytes lie before the window or the source ends: only these can be read until the next call. */
  async fill(byteCount: number): Promise<void> {
    const blocks = [this.#bytes.subarray(this.#next)];
    let length = this.#bytes.length - this.#next;
    while (!this.#isWhole && length < byteCount) {
      const block = await this.#blocks.next();
      if (block.done === true) {
        this.#isWhole = true;
      } else {
        blocks.push(Uint8Array.from(block.value));
        length += block.value.length;
      }
    }
    if (blocks.length === 1) return;
    this.#base += this.#next;
    this.#next = 0;
    this.#bytes = Buffer.concat(blocks, length);
  }

  /** Goes past the zeros that follow, from a whole byte on. Resolves to whether something else follows. */
  async skipZeros(): Promise<boolean> {
    for (;;) {
      await this.fill(1);
      if (this.#next === this.#bytes.length) return false;
      while (this.#bytes[this.#next] === 0) this.#next += 1;
      if (this.#next < this.#bytes.length) return true;
    }
  }

  /**
   * The next bits as a signed number, at most 32; null: goes on at the next whole byte. Throws READER_TRUNCATED at the end of the source, SOURCE_DAMAGED at the
   * end of what was filled.
   */
  readonly read = (bitCount: number | null): number => {
    if (bitCount === null) {
      this.#heldBitCount = 0;
      return 0;
    }
    if (bitCount > HALF_WORD_BITS) {
      return (this.read(bitCount - HALF_WORD_BITS) << HALF_WORD_BITS) | this.read(HALF_WORD_BITS);
    }
    while (this.#heldBitCount < bitCount) {
      if (this.#next === this.#bytes.length) throw this.#runOut();
      this.#held = (this.#held << 8) | (this.#bytes[this.#next++] ?? 0);
      this.#heldBitCount += 8;
    }
    this.#heldBitCount -= bitCount;
    return (this.#held >>> this.#heldBitCount) & ((1 << bitCount) - 1);
  };

  /** Releases the source's reading. */
  async close(): Promise<void> {
    await this.#blocks.return?.();
  }

  #runOut(): ServiceError {
    return new ServiceError(this.#isWhole ? 'READER_TRUNCATED' : 'SOURCE_DAMAGED', {
      place: { file: this.#source.name, byteOffset: this.readBytes },
    });
  }
}
