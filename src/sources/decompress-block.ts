import type { Source } from './source.ts';

/** A block of what a file expands to. */
export interface ExpandedBlock {
  /** They stand until the next block is asked for. */
  readonly bytes: Uint8Array;
  /** How many bytes of the file were used up to the end of the block, about. */
  readonly compressedBytes: number;
}

/** What a file expands to, from its start. Throws READER_TRUNCATED, SOURCE_DAMAGED, SOURCE_EXPANDS. */
export type Expand = (source: Source) => AsyncIterable<ExpandedBlock>;
