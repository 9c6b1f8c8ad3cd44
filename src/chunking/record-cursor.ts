import type { ReadItem } from '../model/record.ts';

/**
 * Walks over batches of what was read one item at a time, with the next one always in view. Waiting is needed only between batches, which
 * spares a promise per record.
 */
export class RecordCursor {
  readonly #batches: AsyncIterator<readonly ReadItem[]>;
  #batch: readonly ReadItem[] = [];
  #index = 0;
  #isAtEnd = false;

  constructor(batches: AsyncIterable<readonly ReadItem[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** Whether {@link load} must be awaited before {@link current} says anything. */
  get needsLoad(): boolean {
    return this.#index >= this.#batch.length && !this.#isAtEnd;
  }

  /** The next item, not yet taken; null at the sound end of the source. */
  get current(): ReadItem | null {
    return this.#batch[this.#index] ?? null;
  }

  /** Brings the next batch into view. Throws what the reader throws. */
  async load(): Promise<void> {
    while (this.needsLoad) {
      const result = await this.#batches.next();
      this.#isAtEnd = result.done === true;
      this.#batch = result.done === true ? [] : result.value;
      this.#index = 0;
    }
  }

  /** Takes the current item. */
  take(): void {
    this.#index += 1;
  }

  /** Releases the reader. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
