import type { RetryHistory } from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';

/** An attempt that is on record as begun. */
export interface BegunAttempt {
  /** From 1, counting all attempts at this id over all runs. */
  readonly attempt: number;
  readonly epoch: number;
  /** The chunk was never acknowledged, and every earlier attempt at it proves that the receiver does not have it. */
  readonly isCertainlyNotStored: boolean;
}

/**
 * What must be on record before and after an attempt at one chunk (or at COMPLETED). Each call is durable when it resolves; each throws
 * RUN_OVERTAKEN where the run no longer holds its ingestion, and STATE_UNAVAILABLE where nothing can be written: never a failed
 * delivery.
 */
export interface DeliveryJournal {
  /** Before the first byte of an attempt. */
  beginAttempt(): Promise<BegunAttempt>;
  /** The receiver has it. Gives the attempt at what follows, where one was put on record in the same commit; null: none was. */
  recordAck(attempt: number): Promise<BegunAttempt | null>;
  /** It failed; `nextAttemptAt` in wall-clock ms, null where none follows. */
  recordFailure(
    attempt: number,
    outcome: Outcome,
    next: { readonly retry: RetryHistory; readonly nextAttemptAt: number | null },
  ): Promise<void>;
  /** The receiver has seen `highestEpoch`: the run continues with the epoch above it, if it still holds its ingestion. */
  takeEpochAbove(highestEpoch: number): Promise<void>;
}
