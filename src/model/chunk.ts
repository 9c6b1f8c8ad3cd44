import type { BadRecord, Position } from './record.ts';

/** The service's own bound, at which a chunk always closes: bodies are held in memory, a few per running ingestion. */
export const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/** What closes a chunk. Bytes are those of the canonical records array, brackets and commas included. */
export interface ChunkBounds {
  /** Most records of a chunk; null: no bound by count. */
  readonly maxRecords: number | null;
  /** Most bytes of a chunk. A record that alone is larger is RECORD_TOO_LARGE. */
  readonly maxBytes: number;
  /** A size a receiver's 413 taught: closes chunks too, but a record that alone exceeds it goes alone. Null: none. */
  readonly closeAtBytes: number | null;
}

/**
 * What is frozen of a chunk before it is first sent: whatever happens later, the chunk is sent with these bytes until it is
 * acknowledged.
 */
export interface ChunkPlan {
  /** From 0, without gaps. */
  readonly chunkNumber: number;
  /** Records delivered before this chunk. */
  readonly recordOffset: number;
  readonly recordCount: number;
  /** Where its first record begins. */
  readonly firstPosition: Position;
  /** Where the first record after it begins; null on the last chunk. */
  readonly positionAfter: Position | null;
  /** The bounds in force when it was planned. */
  readonly bounds: ChunkBounds;
  readonly isLast: boolean;
  /** SHA-256 of the canonical records array, 64 hex digits. */
  readonly checksum: string;
  /** Length of the canonical records array in bytes. */
  readonly byteCount: number;
}

/** A chunk as it was cut. */
export interface Chunk {
  readonly plan: ChunkPlan;
  /** The whole request body, docs/protocol.md "A chunk". */
  readonly body: Uint8Array;
  /** The bad records met on the way from the chunk before to what follows it; none where it was cut by a recorded plan. */
  readonly rejects: readonly BadRecord[];
}

/** A chunk that is ready to be sent. */
export interface ReadyChunk extends Chunk {
  /** SHA-256 of the body in base64, for Content-Digest. */
  readonly bodyDigest: string;
}

/** What is said to the receiver after the last acknowledgement. */
export interface Completion {
  readonly ingestionId: string;
  /** Number of the last chunk, 0 if there was none. */
  readonly lastChunkNumber: number;
  readonly totalRecords: number;
  readonly totalChunks: number;
  readonly rejectedRecords: number;
  /** The chain over all checksums, 64 hex digits. */
  readonly chainChecksum: string;
}

/** The chain before the first chunk: 64 characters `0`. */
export const CHAIN_START = '0'.repeat(64);

/** A plan with the chain over the checksums up to and with it, as the ledger keeps it. */
export interface PlannedChunk {
  readonly plan: ChunkPlan;
  readonly chainChecksum: string;
}
