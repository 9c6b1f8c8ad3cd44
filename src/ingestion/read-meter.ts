import type { Source } from '../sources/source.ts';

const STEPS = 0;
const BYTES = 1;

/**
 * How much a reading thread has read, in memory that the main thread looks at even where the other answers nothing any more. Counted per block and per
 * batch of records, which costs nothing beside reading them.
 */
export class ReadMeter {
  readonly #counts: BigInt64Array;

  /** @param memory that of a meter in another thread */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.#counts = new BigInt64Array(memory);
  }

  /** What is handed to the other thread. */
  get memory(): SharedArrayBuffer {
    return this.#counts.buffer as SharedArrayBuffer;
  }

  /** Blocks and batches so far. */
  get steps(): bigint {
    return Atomics.load(this.#counts, STEPS);
  }

  /** Bytes so far, as they lie on the disk; those that are read twice count twice. */
  get bytes(): number {
    return Number(Atomics.load(this.#counts, BYTES));
  }

  /** Counts what was made of what was read. */
  step(): void {
    Atomics.add(this.#counts, STEPS, 1n);
  }

  /** Counts a block of a file. */
  read(byteCount: number): void {
    this.step();
    Atomics.add(this.#counts, BYTES, BigInt(byteCount));
  }
}

/** A file of which each block that is read is counted. */
export function metered(source: Source, meter: ReadMeter): Source {
  return {
    name: source.name,
    fileIndex: source.fileIndex,
    size: source.size,
    async *open(offset, seek) {
      for await (const block of source.open(offset, seek)) {
        meter.read(block.length);
        yield block;
      }
    },
    async readAt(offset, length) {
      const bytes = await source.readAt(offset, length);
      meter.read(bytes.length);
      return bytes;
    },
    seekPointAt: (offset) => source.seekPointAt(offset),
    sourceBytesAt: (offset) => source.sourceBytesAt(offset),
    close: () => source.close(),
  };
}
