import type { BadRecord, Position, ReadItem } from '../../model/record.ts';
import { ByteOutput } from '../../protocol/canonical/byte-output.ts';

const INITIAL_CAPACITY_BYTES = 512 * 1024;

/** What was read since the last batch was taken: records one after the other in an output, and bad records between them. */
export class XmlBatch {
  /** To which a record is written before it is added. */
  readonly output = new ByteOutput(INITIAL_CAPACITY_BYTES);
  /** By item: a bad record, or a record's position. */
  readonly #items: (BadRecord | Position)[] = [];
  /** By item: the length of the output behind it. */
  readonly #ends: number[] = [];

  get length(): number {
    return this.#items.length;
  }

  /** Adds what was written to the output, or a bad record, for which nothing is written. */
  add(item: BadRecord | Position): void {
    this.#items.push(item);
    this.#ends.push(this.output.length);
  }

  /** The items, in their order, of which this batch is then rid. The bytes stand until something is written again. */
  take(): readonly ReadItem[] {
    const bytes = this.output.take();
    let start = 0;
    const items = this.#items.map((item, index) => {
      if ('error' in item) return item;
      const end = this.#ends[index] as number;
      const record = { bytes: bytes.subarray(start, end), position: item };
      start = end;
      return record;
    });
    this.#items.length = 0;
    this.#ends.length = 0;
    return items;
  }
}
