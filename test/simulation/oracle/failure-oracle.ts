import type { StateStore } from '../../../src/state/state-store.ts';
import { type IngestionFacts, openAttempt } from './ingestion-facts.ts';
import type { Reading } from './read-exchange.ts';
import type { Change } from './state-oracle.ts';
import type { Accuse } from './violation.ts';

/** docs/protocol.md "The answer, and what follows": the first ceiling of the backoff, and what Retry-After is honoured up to. */
const FIRST_CEILING_MS = 1_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
const REJECTION_DELAYS_MS = [5_000, 30_000];

type Failure = Parameters<StateStore['recordFailure']>[2];

interface Judging {
  readonly facts: IngestionFacts;
  /** What was read of the answer; null: nothing was sent. */
  readonly reading: Reading | null;
  readonly now: number;
  readonly accuse: Accuse;
}

/** Judges a failed attempt as it went on record, and when the next one is to come. */
export function judgeFailure(
  [, target, failure]: Parameters<StateStore['recordFailure']>,
  { facts, after, now }: Change,
  accuse: Accuse,
): void {
  const message = facts.message(target);
  const { attempt, outcome, nextAttemptAt } = failure;
  const wasSent = message.sent.has(attempt);
  const reading = message.readings.get(attempt);
  const expected = wasSent ? (reading?.outcome ?? 'unknown') : 'unavailable';
  // A run that gives its attempt up takes it for unknown before anything was sent.
  const isGivenUp = !wasSent && outcome.kind === 'unknown';
  if (outcome.kind !== expected && !isGivenUp) {
    accuse('answer-read', `attempt ${attempt} at ${target} was ${expected} and is on record as ${outcome.kind}`);
  }
  facts.openAttempts.delete(openAttempt(target, attempt));
  const isProven = wasSent ? reading?.provesNotStored === true : outcome.kind === 'unavailable';
  if (isProven) message.doubtful.delete(attempt);
  if (after.status !== 'RUNNING') return;
  facts.notBefore = nextAttemptAt ?? 0;
  // Begun ahead and not made: nothing was learned.
  if (!wasSent && nextAttemptAt === null && failure.retry.failureCount === 0) return;
  // It counts once the checkpoint has gone back.
  if (outcome.kind === 'rewind-asked') return;
  facts.firstFailedAt = Math.min(facts.firstFailedAt ?? now, now);
  judgeWait(failure, { facts, reading: reading ?? null, now, accuse });
}

function judgeWait(failure: Failure, judging: Judging): void {
  const { facts } = judging;
  switch (failure.outcome.kind) {
    case 'rejected':
      facts.rejections += 1;
      judgeRejection(failure, judging);
      return;
    case 'rewind-asked':
    case 'too-large':
    case 'acknowledged':
      return;
    case 'unavailable':
    case 'unknown':
    case 'stale-epoch':
      judgeBackoff(failure, judging);
      return;
  }
}

function judgeRejection({ nextAttemptAt, outcome }: Failure, { facts, now, accuse }: Judging): void {
  const isFinal = outcome.kind === 'rejected' && outcome.isFinal;
  const delayMs = isFinal ? undefined : REJECTION_DELAYS_MS[facts.rejections - 1];
  const allowed: readonly (number | null)[] =
    delayMs === undefined ? [null] : [...facts.maxDelaysMs].map((maxDelayMs) => now + Math.min(delayMs, maxDelayMs));
  if (!allowed.includes(nextAttemptAt)) {
    accuse('retry-in-bounds', `after rejection ${facts.rejections} comes ${describeWait(nextAttemptAt, now)}`);
  }
}

function judgeBackoff({ nextAttemptAt, retry, outcome }: Failure, { facts, reading, now, accuse }: Judging): void {
  const firstFailedAt = facts.firstFailedAt ?? now;
  const windowMs = { least: Math.min(...facts.windowsMs), most: Math.max(...facts.windowsMs) };
  if (nextAttemptAt === null) {
    facts.hasRunOutOfTime = now >= firstFailedAt + windowMs.least;
    return;
  }
  const ceilingMs = Math.min(FIRST_CEILING_MS * 2 ** (retry.failureCount - 1), Math.max(...facts.maxDelaysMs));
  const waitMs = nextAttemptAt - now;
  // Where nothing was sent it was the open circuit that asked to wait.
  const ownMs = reading === null && outcome.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0;
  const askedMs = reading?.retryAfterMs ?? ownMs;
  const mostMs = Math.max(ceilingMs, Math.min(askedMs, MAX_RETRY_AFTER_MS));
  const askedUntil = reading === null ? now + ownMs : reading.readAt + askedMs;
  const leastMs = Math.min(askedUntil, firstFailedAt + windowMs.least) - now;
  const isWithin = waitMs >= Math.max(0, leastMs) && waitMs <= mostMs && nextAttemptAt <= firstFailedAt + windowMs.most;
  if (!isWithin || now > firstFailedAt + windowMs.most) {
    accuse('retry-in-bounds', `after failure ${retry.failureCount} comes ${describeWait(nextAttemptAt, now)}`);
  }
}

function describeWait(nextAttemptAt: number | null, now: number): string {
  return nextAttemptAt === null ? 'no attempt' : `an attempt in ${nextAttemptAt - now} ms`;
}
