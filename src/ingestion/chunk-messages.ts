import type { ChunkerResult } from '../chunking/chunker.ts';
import type { ErrorRecord } from '../errors.ts';
import type { ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { Position } from '../model/record.ts';
import type { FeedStart } from './open-feed.ts';

/** What a worker thread is started with. */
export interface ChunkWorkerStart extends FeedStart {
  readonly ingestionId: string;
  /** Where to begin reading; null: at the start of the feed. */
  readonly position: Position | null;
  readonly chunkNumber: number;
  readonly recordOffset: number;
}

/** One demand; each is answered by one {@link ChunkReply}, in order. `spare` is the body of a chunk that is done with, to be written over. */
export type ChunkRequest =
  /** A new chunk under bounds. */
  | { readonly kind: 'next'; readonly bounds: ChunkBounds; readonly spare: Uint8Array | null }
  /** The chunk of a recorded plan. */
  | { readonly kind: 'rebuild'; readonly plan: ChunkPlan; readonly spare: Uint8Array | null }
  /** Only whether the source still gives the chunk of a recorded plan. */
  | { readonly kind: 'verify'; readonly plan: ChunkPlan };

/** What a worker answers; the first message, `opened`, comes unasked. Bodies lie in shared memory and are not copied. */
export type ChunkReply =
  | { readonly kind: 'opened'; readonly recordPath: string | null }
  | ChunkerResult
  | { readonly kind: 'verified' }
  /** The demand failed, and so will all later ones. */
  | { readonly kind: 'error'; readonly error: ErrorRecord };
