import type { BadRecord, Position, ReadItem } from '../model/record.ts';
import { ByteOutput } from '../protocol/canonical/byte-output.ts';

/** A batch of so many bytes is not added to: a window may hold many times what a block does. */
const FULL_BYTES = 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;

/** What was read since the last batch was taken. The records stand in its output until the next batch is written over them. */
export class CsvBatch {
  /** Where records are written, one after the other. */
  readonly output = new ByteOutput(INITIAL_BYTES);
  /** The place of each record, and the bad ones. */
  #items: (Position | BadRecord)[] = [];
  /** Where in the output each record ends. */
  readonly #ends: number[] = [];
  #rawBytes = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isFull(): boolean {
    return this.output.length + this.#rawBytes >= FULL_BYTES;
  }

  /** Adds the record that was written to the output last. */
  addRecord(position: Position): void {
    this.#items.push(position);
    this.#ends.push(this.output.length);
  }

  addBad(record: BadRecord): void {
    this.#items.push(record);
    this.#rawBytes += record.raw.length;
  }

  /** The items, in their order, of which this batch is then rid. */
  take(): readonly ReadItem[] {
    const bytes = this.output.take();
    let start = 0;
    let recordIndex = 0;
    const items = this.#items.map((item) => {
      if ('position' in item) return item;
      const end = this.#ends[recordIndex] as number;
      const record = { bytes: bytes.subarray(start, end), position: item };
      recordIndex += 1;
      start = end;
      return record;
    });
    this.#items = [];
    this.#ends.length = 0;
    this.#rawBytes = 0;
    return items;
  }
}
