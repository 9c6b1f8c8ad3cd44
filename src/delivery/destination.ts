import type { Completion, ReadyChunk } from '../model/chunk.ts';
import type { Outcome } from '../model/outcome.ts';

/** What goes with one attempt. */
export interface AttemptContext {
  readonly ingestionId: string;
  /** Number of the run. */
  readonly epoch: number;
  /** From 1, counting all attempts at this id over all runs. */
  readonly attempt: number;
  /** Aborted: the attempt ends at once as `unknown`. */
  readonly signal: AbortSignal;
}

/** Where chunks go. It does not throw for what networks do: whatever happens is an {@link Outcome}. */
export interface Destination {
  attempt(chunk: ReadyChunk, context: AttemptContext): Promise<Outcome>;
  /** Says that all was delivered; the same outcomes. */
  complete(completion: Completion, context: AttemptContext): Promise<Outcome>;
  /** Releases connections. */
  close(): Promise<void>;
}
