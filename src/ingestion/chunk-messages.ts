import type { ErrorRecord } from '../errors.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { FileType, ReadSettings } from '../model/ingestion.ts';
import type { Position } from '../model/record.ts';
import type { SourceStat } from '../sources/source.ts';

/** What a worker thread is started with. */
export interface ChunkWorkerStart {
  readonly ingestionId: string;
  /** The real path, links resolved and found inside the allowed roots. */
  readonly sourcePath: string;
  readonly fileType: FileType;
  readonly read: ReadSettings;
  /** Where to begin reading; null: at the start of the source. */
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

/** What a worker answers; the first message, `opened`, comes unasked. */
export type ChunkReply =
  | { readonly kind: 'opened'; readonly stat: SourceStat; readonly recordPath: string | null }
  /** Its body lies in shared memory and is not copied. */
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'verified' }
  /** No record is left, the source ended soundly. */
  | { readonly kind: 'end' }
  /** The demand failed, and so will all later ones. */
  | { readonly kind: 'error'; readonly error: ErrorRecord };
