/*
 * What follows an attempt, docs/protocol.md "The answer, and what follows". Pure: outcome, history, time and chance in, decision out. The
 * history is stored with each failed attempt, so waits and windows outlive the process.
 *
 *   unavailable, unknown, stale-epoch   retry with backoff until the window is over, then pause
 *   rejected                            twice more in the run, then fail; at once where no further try can help
 *   rewind-asked                        back, but not for ever without new ground
 *   too-large                           split where the receiver cannot have the chunk, else fail
 */
import { type ErrorCode, type ErrorRecord, ServiceError, toErrorRecord } from '../errors.ts';
import type { RetryHistory } from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';

/** The longest first delay; each further failure doubles it, up to the request's own most. */
const FIRST_DELAY_MS = 1_000;
/** Beyond this many doublings every delay is at its most anyway, and 2ⁿ stays a number. */
const MAX_DOUBLINGS = 30;
/** How long a rejected chunk waits before its second and third try: a person may be at work on the receiver. */
const REJECTION_DELAYS_MS = [5_000, 30_000] as const;
/** A receiver that asks this often to go back, without ever passing where it was, does not keep what it acknowledges. */
const MAX_REWINDS = 3;

/** What may be done about failures, from the request. */
export interface RetrySettings {
  /** From a chunk's first failed attempt, ms. */
  readonly windowMs: number;
  /** The longest delay of our own choosing, ms. */
  readonly maxDelayMs: number;
}

/** What is decided on. */
export interface DecisionInput {
  readonly outcome: Outcome;
  readonly history: RetryHistory;
  readonly target: 'chunk' | 'completion';
  /** From the journal: no attempt but this one can have left the chunk with the receiver. */
  readonly isCertainlyNotStored: boolean;
  /** Records of the chunk; 0 for COMPLETED. */
  readonly recordCount: number;
  readonly retry: RetrySettings;
  /** Wall clock, ms. */
  readonly now: number;
  /** One number in [0, 1). */
  readonly random: number;
}

/** What to do next, with the history to store. */
export type Decision =
  | { readonly kind: 'advance' }
  | {
      readonly kind: 'retry';
      readonly nextAttemptAt: number;
      /** Take the epoch above this one first; null: keep the run's. */
      readonly takeEpochAbove: number | null;
      readonly history: RetryHistory;
    }
  | { readonly kind: 'rewind'; readonly toChunk: number; readonly history: RetryHistory }
  | { readonly kind: 'split'; readonly history: RetryHistory }
  /** Only time or a person helps; nothing is dropped. */
  | { readonly kind: 'pause'; readonly error: ErrorRecord; readonly history: RetryHistory }
  | { readonly kind: 'fail'; readonly error: ErrorRecord; readonly history: RetryHistory };

/** Decides what follows an attempt. Total: every outcome has a decision. */
export function decide(input: DecisionInput): Decision {
  const { outcome } = input;
  switch (outcome.kind) {
    case 'acknowledged':
      return { kind: 'advance' };
    case 'unavailable':
      return retryWithinWindow(input, { reason: outcome.reason, leastDelayMs: outcome.retryAfterMs ?? 0 });
    case 'unknown':
      return retryWithinWindow(input, { reason: outcome.reason });
    case 'stale-epoch':
      return retryWithinWindow(input, { reason: outcome.reason, takeEpochAbove: outcome.highestEpoch });
    case 'rejected':
      return afterRejection(input, outcome);
    case 'rewind-asked':
      return afterRewindRequest(input, outcome);
    case 'too-large':
      return afterTooLarge(input, outcome.reason);
  }
}

/** Full jitter: any delay up to the exponential one, so that many senders do not come back at once. */
function retryWithinWindow(
  input: DecisionInput,
  {
    reason,
    leastDelayMs = 0,
    takeEpochAbove = null,
  }: { reason: string; leastDelayMs?: number; takeEpochAbove?: number | null },
): Decision {
  const { now, random, retry } = input;
  const failed = afterFailure(input);
  const history = { ...failed, failureCount: failed.failureCount + 1 };
  const windowEndsAt = failed.firstFailedAt + retry.windowMs;
  if (now >= windowEndsAt)
    return stop('pause', 'DELIVERY_WINDOW_OVER', `${attemptedSince(failed.firstFailedAt)} ${reason}`, history);
  const ceilingMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failed.failureCount, MAX_DOUBLINGS), retry.maxDelayMs);
  const delayMs = Math.max(Math.ceil(random * ceilingMs), leastDelayMs);
  // The last try falls on the window's end, however long the receiver asked to be left alone.
  return { kind: 'retry', nextAttemptAt: Math.min(now + delayMs, windowEndsAt), takeEpochAbove, history };
}

function afterRejection(input: DecisionInput, outcome: Extract<Outcome, { kind: 'rejected' }>): Decision {
  const { now, retry } = input;
  const failed = afterFailure(input);
  const history = { ...failed, rejectionCount: failed.rejectionCount + 1 };
  const delayMs = outcome.isFinal ? undefined : REJECTION_DELAYS_MS[failed.rejectionCount];
  if (delayMs === undefined) {
    // Without a status nobody was asked: it was the guard that refused.
    const code = outcome.httpStatus === null ? 'CALLBACK_NOT_ALLOWED' : 'DELIVERY_REJECTED';
    return stop('fail', code, outcome.reason, history);
  }
  return { kind: 'retry', nextAttemptAt: now + Math.min(delayMs, retry.maxDelayMs), takeEpochAbove: null, history };
}

function afterRewindRequest(input: DecisionInput, outcome: Extract<Outcome, { kind: 'rewind-asked' }>): Decision {
  const { history } = input;
  const rewindCount = history.rewindCount + 1;
  if (rewindCount >= MAX_REWINDS) {
    const detail = `The receiver went back ${rewindCount} times without passing the highest chunk it had acknowledged: ${outcome.reason}`;
    return stop('fail', 'RECEIVER_FORGETS', detail, history);
  }
  return { kind: 'rewind', toChunk: outcome.expectedChunk, history };
}

function afterTooLarge(input: DecisionInput, reason: string): Decision {
  const { target, recordCount, isCertainlyNotStored } = input;
  const history = afterFailure(input);
  if (target === 'chunk' && recordCount > 1 && isCertainlyNotStored) return { kind: 'split', history };
  const why =
    target === 'completion'
      ? 'it is COMPLETED, which has no records'
      : recordCount <= 1
        ? 'it holds one record'
        : 'the receiver may have it already from an earlier attempt';
  return stop('fail', 'CHUNK_TOO_LARGE_FOR_RECEIVER', `The message cannot be cut, since ${why}: ${reason}`, history);
}

/** The history with this failure's time. A clock that was set back must not stretch the window. */
function afterFailure({ history, now }: DecisionInput): RetryHistory & { readonly firstFailedAt: number } {
  return { ...history, firstFailedAt: Math.min(history.firstFailedAt ?? now, now) };
}

function attemptedSince(firstFailedAt: number): string {
  return `No attempt since ${new Date(firstFailedAt).toISOString()} was acknowledged; the last one:`;
}

function stop(kind: 'pause' | 'fail', code: ErrorCode, detail: string, history: RetryHistory): Decision {
  return { kind, error: toErrorRecord(new ServiceError(code, { detail })), history };
}
