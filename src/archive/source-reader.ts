import { callbackify } from 'node:util';
import { RandomAccessReader } from 'yauzl';
import type { Source } from '../sources/source.ts';

/** A directory is read in small steps one behind the other; so many bytes are fetched at once. */
const FETCHED_BYTES = 64 * 1024;

/** How yauzl reads a source; what the source throws it hands on. */
export class SourceReader extends RandomAccessReader {
  readonly #source: Source;
  #fetched: Uint8Array = new Uint8Array();
  #fetchedAt = 0;

  constructor(source: Source) {
    super();
    this.#source = source;
  }

  override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader['read']>): void {
    callbackify(() => this.#copy(buffer.subarray(offset, offset + length), position))(callback);
  }

  /** Fills `target` from a position on; returns how many bytes there are. */
  async #copy(target: Uint8Array, position: number): Promise<number> {
    if (position < this.#fetchedAt || position + target.length > this.#fetchedAt + this.#fetched.length) {
      this.#fetched = await this.#source.readAt(position, Math.max(target.length, FETCHED_BYTES));
      this.#fetchedAt = position;
    }
    const start = position - this.#fetchedAt;
    const bytes = this.#fetched.subarray(start, start + target.length);
    target.set(bytes);
    return bytes.length;
  }
}
