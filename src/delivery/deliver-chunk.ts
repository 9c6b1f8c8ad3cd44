/*
 * All attempts at one chunk, or at COMPLETED, until the receiver has it or somebody else must act. The order is what makes it safe: an attempt
 * is on record before its first byte, its outcome before anything that follows from it. Errors of the journal are let through: they say
 * nothing about the delivery, so they never count as a failed one.
 */
import { crashPoint } from '../crash-point.ts';
import type { ErrorRecord } from '../errors.ts';
import type { Completion, ReadyChunk } from '../model/chunk.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { RetryHistory } from '../model/ingestion.ts';
import type { LogFields, Logger } from '../model/logger.ts';
import { httpStatusOf, type Outcome } from '../model/outcome.ts';
import type { AttemptContext, Destination } from './destination.ts';
import type { BegunAttempt, DeliveryJournal } from './journal.ts';
import { decide, type RetrySettings } from './retry-policy.ts';

/** The longest wait that keeps slot and worker, ms: a longer one is left to the caller. */
export const MAX_HELD_WAIT_MS = 5_000;

/** What becomes of an attempt that was begun ahead and then not made: to the ledger, a connection never made. */
const NEVER_SENT: Outcome = {
  kind: 'unavailable',
  reason: 'the run was stopped before it was sent',
  httpStatus: null,
  retryAfterMs: null,
};

/** What is delivered. */
export type DeliveryTarget =
  | { readonly kind: 'chunk'; readonly chunk: ReadyChunk }
  | { readonly kind: 'completion'; readonly completion: Completion };

/** One delivery. */
export interface Delivery {
  readonly ingestionId: string;
  readonly target: DeliveryTarget;
  readonly destination: Destination;
  readonly retry: RetrySettings;
  readonly journal: DeliveryJournal;
  /** The first attempt, where it was begun with the plan or with the acknowledgement before; null: it is yet to begin. */
  readonly begun: BegunAttempt | null;
  /** As it is on record. */
  readonly history: RetryHistory;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted: no further attempt begins and a wait ends at once; the attempt under way is finished. */
  readonly signal: AbortSignal;
  /** Aborted: the attempt under way is given up too, as `unknown`. */
  readonly attemptSignal: AbortSignal;
  readonly logger: Logger;
}

/** How a delivery ended. Everything but `waits`, `stopped` and the errors is to be carried out by the caller. */
export type DeliveryResult =
  /** And recorded, with the beginning of an attempt at what follows: the caller delivers that at once. Null: none was begun. */
  | { readonly kind: 'acknowledged'; readonly attempt: number; readonly begunNext: BegunAttempt | null }
  /** The next attempt is due at `until`, wall clock in ms. */
  | { readonly kind: 'waits'; readonly until: number }
  | { readonly kind: 'rewind'; readonly toChunkNumber: number }
  /** Cut the chunk, plan its half, deliver that. */
  | { readonly kind: 'split' }
  | { readonly kind: 'paused'; readonly error: ErrorRecord }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }
  /** Asked to by the signal. */
  | { readonly kind: 'stopped' };

/** Delivers. Throws only what the journal throws. */
export async function deliver(delivery: Delivery): Promise<DeliveryResult> {
  const { clock, signal, journal } = delivery;
  let { history, begun } = delivery;
  while (!signal.aborted) {
    const step = await attemptOnce(delivery, history, begun ?? (await journal.beginAttempt()));
    begun = null;
    if (step.kind !== 'retry') return step;
    const waitMs = step.nextAttemptAt - clock.now();
    if (waitMs > MAX_HELD_WAIT_MS && !signal.aborted) return { kind: 'waits', until: step.nextAttemptAt };
    await clock.sleep(Math.max(waitMs, 0), signal);
    history = step.history;
  }
  if (begun !== null) await journal.recordFailure(begun.attempt, NEVER_SENT, { retry: history, nextAttemptAt: null });
  return { kind: 'stopped' };
}

/** The end of a delivery, or another attempt later. */
type Step = DeliveryResult | { readonly kind: 'retry'; readonly nextAttemptAt: number; readonly history: RetryHistory };

/** One attempt, on record before and after. */
async function attemptOnce(delivery: Delivery, history: RetryHistory, begun: BegunAttempt): Promise<Step> {
  const { target, journal, retry, clock, random } = delivery;
  crashPoint('attempt-begun-not-sent');
  const begunAt = clock.now();
  const outcome = await send(delivery, begun);
  logAttempt(delivery, begun, outcome, clock.now() - begunAt);
  const decision = decide({
    outcome,
    history,
    target: target.kind,
    isCertainlyNotStored: begun.isCertainlyNotStored,
    recordCount: target.kind === 'chunk' ? target.chunk.plan.recordCount : 0,
    retry,
    now: clock.now(),
    random: random(),
  });
  if (decision.kind === 'advance') {
    crashPoint(target.kind === 'chunk' ? 'acked-not-committed' : 'completed-not-committed');
    const begunNext = await journal.recordAck(begun.attempt);
    return { kind: 'acknowledged', attempt: begun.attempt, begunNext };
  }
  const nextAttemptAt = decision.kind === 'retry' ? decision.nextAttemptAt : null;
  await journal.recordFailure(begun.attempt, outcome, { retry: decision.history, nextAttemptAt });
  switch (decision.kind) {
    case 'retry':
      if (decision.takeEpochAbove !== null) await journal.takeEpochAbove(decision.takeEpochAbove);
      return decision;
    case 'rewind':
      return { kind: 'rewind', toChunkNumber: decision.toChunk };
    case 'split':
      return { kind: 'split' };
    case 'pause':
      return { kind: 'paused', error: decision.error };
    case 'fail':
      return { kind: 'failed', error: decision.error };
  }
}

function send(delivery: Delivery, begun: BegunAttempt): Promise<Outcome> {
  const { ingestionId, target, destination, attemptSignal } = delivery;
  const context: AttemptContext = { ingestionId, epoch: begun.epoch, attempt: begun.attempt, signal: attemptSignal };
  return target.kind === 'chunk'
    ? destination.attempt(target.chunk, context)
    : destination.complete(target.completion, context);
}

function logAttempt(delivery: Delivery, begun: BegunAttempt, outcome: Outcome, durationMs: number): void {
  const { ingestionId, target, logger } = delivery;
  const fields: LogFields = {
    ingestion_id: ingestionId,
    chunk_number: target.kind === 'chunk' ? target.chunk.plan.chunkNumber : 'COMPLETED',
    attempt: begun.attempt,
    epoch: begun.epoch,
    outcome: outcome.kind,
    http_status: outcome.kind === 'acknowledged' ? undefined : httpStatusOf(outcome),
    reason: 'reason' in outcome ? outcome.reason : undefined,
    duration_ms: durationMs,
  };
  if (outcome.kind === 'acknowledged') logger.info('attempt.ended', fields);
  else logger.warn('attempt.ended', fields);
}
