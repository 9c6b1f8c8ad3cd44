import type { ChunkerResult } from '../chunking/chunker.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { ChunkWorkerStart } from './chunk-messages.ts';

/**
 * One reading of a feed from one position on. Demands are answered in the order in which they are made, so the caller bounds how many are
 * open.
 */
export interface ChunkSession {
  /** Where the records were found to be; null: the format has no such thing. Throws what opening throws. */
  opened(): Promise<string | null>;
  /**
   * The next new chunk, bad records, or the sound end of the source. Throws what reader and chunker throw.
   * @param spare the body of a chunk that is done with, to be written over; null: none
   */
  next(bounds: ChunkBounds, spare?: Uint8Array | null): Promise<ChunkerResult>;
  /**
   * The chunk of a recorded plan. Throws SOURCE_CHANGED where the source no longer gives its bytes.
   * @param spare as with {@link next}
   */
  rebuild(plan: ChunkPlan, spare?: Uint8Array | null): Promise<Chunk>;
  /** Throws SOURCE_CHANGED where the source no longer gives the bytes of a recorded plan. */
  verify(plan: ChunkPlan): Promise<void>;
  /** What its thread uses, where it has one; it answers also while the thread is busy. */
  usage?(): Promise<ThreadUsage>;
  /** Ends the reading; open demands are refused. */
  close(): Promise<void>;
}

/** What a thread uses. */
export interface ThreadUsage {
  /** By its JavaScript objects. */
  readonly heapBytes: number;
  /** Since it began. */
  readonly cpuMs: number;
}

/** Begins a reading. Opening goes on behind that: {@link ChunkSession.opened} tells what came of it. */
export type OpenChunkSession = (start: ChunkWorkerStart) => ChunkSession;
