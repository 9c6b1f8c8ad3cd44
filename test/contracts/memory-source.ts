import type { Source } from '../../src/sources/source.ts';

/** A source in memory whose blocks are cut as the test wants them and stand no longer than they must, and which tells what was asked of it. */
export interface MemorySource extends Source {
  /** Offsets at which it was opened, and how many of these readings were released. */
  readonly openedAt: number[];
  readonly released: { count: number };
}

/** @param cut the length of the block that begins at an offset; by default everything at once */
export function memorySource(bytes: Uint8Array, cut: (offset: number) => number = () => bytes.length): MemorySource {
  const openedAt: number[] = [];
  const released = { count: 0 };
  return {
    name: 'memory',
    fileIndex: 0,
    size: bytes.length,
    openedAt,
    released,
    async *open(offset) {
      openedAt.push(offset);
      try {
        for (let start = offset; start < bytes.length; ) {
          const end = Math.min(bytes.length, start + cut(start));
          const block = new Uint8Array(bytes.subarray(start, end));
          yield block;
          block.fill(0);
          start = end;
        }
      } finally {
        released.count += 1;
      }
    },
    readAt: async (offset, length) => bytes.slice(offset, offset + length),
    seekPointAt: () => null,
    sourceBytesAt: (offset) => offset,
    close: async () => undefined,
  };
}
