/**
 * What each event makes of an ingestion: pure, from one value to the next, so that every store says the same. A store reads the ingestion,
 * applies one of these and writes the result, all in one transaction.
 */
import assert from 'node:assert/strict';
import { ERRORS, type ErrorRecord, ServiceError } from '../errors.ts';
import { CHAIN_START, type ChunkPlan, type PlannedChunk } from '../model/chunk.ts';
import {
  type Checkpoint,
  type Ingestion,
  type IngestionEvent,
  type LastError,
  MAX_RETRY_AFTER_MS,
  NO_FAILURES,
  nextStatus,
  type RetryHistory,
  type SourceFingerprint,
  type Status,
  statusesAllowing,
} from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';
import type { AttemptTarget } from './run-writes.ts';
import type { NewIngestion, SubmissionDecision } from './state-store.ts';

const NOTHING_ACKED: Checkpoint = {
  nextChunkNumber: 0,
  recordCount: 0,
  sourceBytes: 0,
  chainChecksum: CHAIN_START,
  isAtEnd: false,
};

const TERMINAL: readonly Status[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** A new ingestion at the end of the queue. */
export function created(from: NewIngestion, queueSequence: number, now: number): Ingestion {
  return {
    ...from,
    status: 'QUEUED',
    queueSequence,
    epoch: 0,
    checkpoint: NOTHING_ACKED,
    highestAckedChunk: -1,
    highestPlannedChunk: -1,
    closeAtBytes: null,
    retry: NO_FAILURES,
    nextAttemptAt: null,
    lastError: null,
    rejectedRecords: 0,
    createdAt: now,
    updatedAt: now,
    runStartedAt: null,
    runStartedRecordCount: 0,
    completedAt: null,
  };
}

/** What was found of an unknown document; holds from then on. */
export function withFoundPath(ingestion: Ingestion, recordPath: string): Ingestion {
  return { ...ingestion, read: { ...ingestion.read, recordPath, isRecordPathFound: true } };
}

/** The file is another one: what was found in the old one says nothing, what was asked for still holds. */
export function restartedWith(ingestion: Ingestion, fingerprint: SourceFingerprint): Ingestion {
  const { read } = ingestion;
  const recordPath = read.isRecordPathFound ? null : read.recordPath;
  return { ...ingestion, fingerprint, read: { ...read, recordPath, isRecordPathFound: false } };
}

/** The one way to another status. Throws MOVE_NOT_ALLOWED. Whatever was waited for is over. */
export function moved(ingestion: Ingestion, event: IngestionEvent, now: number): Ingestion {
  const status = nextStatus(ingestion.status, event);
  if (status === undefined) {
    throw new ServiceError('MOVE_NOT_ALLOWED', {
      detail: `The ingestion is ${ingestion.status}; only one that is ${statusesAllowing(event).join(' or ')} takes \`${event}\`.`,
      data: { ingestion_id: ingestion.ingestionId, ingestion_status: ingestion.status, event },
    });
  }
  return { ...ingestion, status, nextAttemptAt: null, updatedAt: now };
}

/** A run begins, with the next epoch. */
export function claimed(ingestion: Ingestion, now: number): Ingestion {
  return {
    ...moved(ingestion, 'claim', now),
    epoch: ingestion.epoch + 1,
    runStartedAt: now,
    runStartedRecordCount: ingestion.checkpoint.recordCount,
  };
}

/** The run gave its slot back; it keeps its place in the queue. */
export function released(ingestion: Ingestion, nextAttemptAt: number | null, now: number): Ingestion {
  return { ...moved(ingestion, 'release', now), nextAttemptAt };
}

/** The process of its run ended without a word. The next run counts rejections anew, and waits as this one would have. */
export function recovered(ingestion: Ingestion, now: number): Ingestion {
  const queued = ingestion.status === 'RUNNING' ? released(ingestion, ingestion.nextAttemptAt, now) : ingestion;
  return withTimesOf(now, { ...queued, retry: { ...queued.retry, rejectionCount: 0 } });
}

/**
 * Times that were written by a clock that was ahead say nothing once it was set right: no wait is longer than anybody may ask for, and no failure
 * is yet to come, which would put off the end of the retry window.
 */
export function withTimesOf(now: number, ingestion: Ingestion): Ingestion {
  const { nextAttemptAt, retry, delivery } = ingestion;
  const latest = now + Math.max(MAX_RETRY_AFTER_MS, delivery.maxDelayMs);
  return {
    ...ingestion,
    nextAttemptAt: nextAttemptAt === null ? null : Math.min(nextAttemptAt, latest),
    retry: { ...retry, firstFailedAt: retry.firstFailedAt === null ? null : Math.min(retry.firstFailedAt, now) },
  };
}

/** Its secrets are lost with their key: it stops where it would go on by itself, since nothing shall be sent without them that nobody asked for. */
export function withLostSecrets(ingestion: Ingestion, now: number): Ingestion {
  const isActive = ingestion.status === 'QUEUED' || ingestion.status === 'RUNNING';
  const message = 'Its secrets are lost with their key: send the request again, with them.';
  const lastError: LastError = { code: 'STATE_KEY_MISMATCH', message, at: now };
  return { ...(isActive ? moved(ingestion, 'pause', now) : ingestion), lastError };
}

/** Throws MOVE_NOT_ALLOWED where an ingestion would yet go on by itself, or only waits for a person. */
export function assertTerminal({ ingestionId, status }: Ingestion): void {
  if (TERMINAL.includes(status)) return;
  throw new ServiceError('MOVE_NOT_ALLOWED', {
    detail: `The ingestion is ${status}; only one that is ${TERMINAL.join(' or ')} can be deleted.`,
    data: { ingestion_id: ingestionId, ingestion_status: status, event: 'delete' },
  });
}

/** A person asks it to go on, from the end of the queue. */
export function resumed(ingestion: Ingestion, queueSequence: number, now: number): Ingestion {
  return { ...moved(ingestion, 'resume', now), queueSequence, retry: NO_FAILURES };
}

/** Its run stops it, with what is to be shown. */
export function stopped(ingestion: Ingestion, event: 'fail' | 'pause', error: ErrorRecord, now: number): Ingestion {
  return { ...moved(ingestion, event, now), lastError: { ...error, at: now } };
}

/** The receiver acknowledged COMPLETED. Where the run no longer holds it, a person has decided what comes next. */
export function completed(ingestion: Ingestion, now: number): Ingestion {
  if (ingestion.status !== 'RUNNING') return { ...ingestion, updatedAt: now };
  return {
    ...moved(ingestion, 'complete', now),
    retry: NO_FAILURES,
    lastError: null,
    completedAt: ingestion.completedAt ?? now,
  };
}

/**
 * What a request changes of its settings. A run that reads what is replaced here is released: it must not send what it has read, nor take the answer of one
 * receiver for that of another.
 */
export function updated(
  ingestion: Ingestion,
  update: NonNullable<SubmissionDecision['update']>,
  now: number,
): Ingestion {
  let next = ingestion;
  if (update.delivery !== undefined) {
    if (update.delivery.callbackUrl !== next.delivery.callbackUrl) next = elsewhere(next, now);
    next = { ...next, delivery: update.delivery, updatedAt: now };
  }
  if (update.read !== undefined || update.fingerprint !== undefined || update.discardPlans === true) {
    next = next.status === 'RUNNING' ? released(next, null, now) : next;
    next = {
      ...next,
      read: update.read ?? next.read,
      fingerprint: update.fingerprint ?? next.fingerprint,
      updatedAt: now,
    };
  }
  return next;
}

/**
 * It goes to another receiver, which has neither failed nor asked to be left alone yet, and waits for its turn there: another ingestion of the file may be on
 * its way to it.
 */
function elsewhere(ingestion: Ingestion, now: number): Ingestion {
  const queued = ingestion.status === 'RUNNING' ? released(ingestion, null, now) : ingestion;
  return { ...queued, retry: NO_FAILURES, nextAttemptAt: null };
}

/** Its plans are dropped: nothing of it was ever sent. */
export function withoutPlans(ingestion: Ingestion): Ingestion {
  return { ...ingestion, checkpoint: NOTHING_ACKED, highestPlannedChunk: -1 };
}

/** Bad records that were not on record before were set aside; a negative count: they were forgotten. */
export function withRejects(ingestion: Ingestion, count: number): Ingestion {
  return { ...ingestion, rejectedRecords: ingestion.rejectedRecords + count };
}

/** The next chunk was frozen, behind `previous` (null: it is the first). */
export function planned(ingestion: Ingestion, plan: ChunkPlan, previous: ChunkPlan | null): Ingestion {
  assert.equal(plan.chunkNumber, ingestion.highestPlannedChunk + 1, 'only the next chunk can be planned');
  assertFollows(plan, previous);
  return { ...ingestion, highestPlannedChunk: plan.chunkNumber };
}

/** The highest plan was replaced by its half. */
export function replanned(
  ingestion: Ingestion,
  plan: ChunkPlan,
  { previous, closeAtBytes }: { readonly previous: ChunkPlan | null; readonly closeAtBytes: number },
): Ingestion {
  assert.equal(plan.chunkNumber, ingestion.highestPlannedChunk, 'only the highest plan can be replaced');
  assert.ok(plan.chunkNumber > ingestion.highestAckedChunk, 'an acknowledged plan cannot be replaced');
  assertFollows(plan, previous);
  return { ...ingestion, closeAtBytes };
}

/** Refuses a plan that would lose or repeat records behind `previous`. */
function assertFollows(plan: ChunkPlan, previous: ChunkPlan | null): void {
  const expected = previous === null ? 0 : previous.recordOffset + previous.recordCount;
  assert.equal(plan.recordOffset, expected, `chunk ${plan.chunkNumber} must begin where the one before it ends`);
  assert.notEqual(previous?.isLast, true, 'nothing can be planned behind the last chunk');
}

/** An attempt begins: what was waited for is over. */
export function attempted(ingestion: Ingestion, target: AttemptTarget): Ingestion {
  const { nextChunkNumber } = ingestion.checkpoint;
  const isAllAcked = nextChunkNumber > ingestion.highestPlannedChunk;
  assert.ok(target === 'completion' ? isAllAcked : target === nextChunkNumber && !isAllAcked, 'chunks go in order');
  return { ...ingestion, nextAttemptAt: null };
}

/** An attempt failed; why is shown until something is acknowledged. Where the run no longer holds it, a person has decided what comes next. */
export function failed(
  ingestion: Ingestion,
  failure: {
    readonly outcome: Outcome;
    readonly retry: RetryHistory;
    readonly nextAttemptAt: number | null;
    readonly now: number;
  },
): Ingestion {
  const { outcome, retry, nextAttemptAt, now } = failure;
  const message = 'reason' in outcome ? outcome.reason : ERRORS.ATTEMPT_FAILED.message;
  const lastError: LastError = { code: 'ATTEMPT_FAILED', message, at: now };
  return ingestion.status === 'RUNNING'
    ? { ...ingestion, retry, nextAttemptAt, lastError, updatedAt: now }
    : { ...ingestion, updatedAt: now };
}

/** The chunk that was to be delivered next was acknowledged. */
export function acknowledged(ingestion: Ingestion, { plan, chainChecksum }: PlannedChunk, now: number): Ingestion {
  assert.equal(plan.chunkNumber, ingestion.checkpoint.nextChunkNumber, 'chunks are acknowledged in order');
  const isNewGround = plan.chunkNumber > ingestion.highestAckedChunk;
  return {
    ...ingestion,
    checkpoint: checkpointAfter({ plan, chainChecksum }, ingestion.fingerprint),
    highestAckedChunk: Math.max(ingestion.highestAckedChunk, plan.chunkNumber),
    retry: { ...NO_FAILURES, rewindCount: isNewGround ? 0 : ingestion.retry.rewindCount },
    nextAttemptAt: null,
    lastError: null,
    updatedAt: now,
  };
}

/** The checkpoint goes back to after `last`, the last chunk that the receiver has; null: it has none. What follows is another chunk: only the rewinds are counted on. */
export function rewound(ingestion: Ingestion, last: PlannedChunk | null, now: number): Ingestion {
  const checkpoint = last === null ? NOTHING_ACKED : checkpointAfter(last, ingestion.fingerprint);
  assert.ok(checkpoint.nextChunkNumber < ingestion.checkpoint.nextChunkNumber, 'a rewind goes back');
  const retry = { ...NO_FAILURES, rewindCount: ingestion.retry.rewindCount + 1 };
  return { ...ingestion, checkpoint, retry, updatedAt: now };
}

function checkpointAfter({ plan, chainChecksum }: PlannedChunk, fingerprint: SourceFingerprint): Checkpoint {
  return {
    nextChunkNumber: plan.chunkNumber + 1,
    recordCount: plan.recordOffset + plan.recordCount,
    sourceBytes: plan.positionAfter?.sourceBytes ?? fingerprint.size,
    chainChecksum,
    isAtEnd: plan.isLast,
  };
}
