import { describe, expect, it } from 'vitest';
import type { PlannedChunk } from '../../../src/model/chunk.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import type { AttemptTarget, RecordedStep, RunKey } from '../../../src/state/run-writes.ts';
import {
  acknowledge,
  claimed,
  complete,
  failOnce,
  ledgerOf,
  NOW,
  planAfter,
  running,
  sampleIngestion,
  snapshotOf,
  stored,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const { ingestionId } = sample;
const reason = 'said so';

/** Outcomes, and whether the receiver certainly does not have the chunk after each. */
const OUTCOMES: readonly (readonly [string, Outcome, boolean])[] = [
  ['no connection', { kind: 'unavailable', reason, httpStatus: null, retryAfterMs: null }, true],
  ['429', { kind: 'unavailable', reason, httpStatus: 429, retryAfterMs: 1_000 }, true],
  ['503', { kind: 'unavailable', reason, httpStatus: 503, retryAfterMs: null }, false],
  ['413', { kind: 'too-large', reason }, true],
  ['no answer', { kind: 'unknown', reason, httpStatus: 200 }, false],
  ['stale epoch', { kind: 'stale-epoch', highestEpoch: 9, reason }, false],
  ['rewind', { kind: 'rewind-asked', expectedChunk: 0, reason }, false],
  ['rejection', { kind: 'rejected', reason, httpStatus: 400, receiverError: 'BAD', isFinal: false }, true],
  [
    'a reused chunk id',
    { kind: 'rejected', reason, httpStatus: 422, receiverError: 'CHUNK_ID_REUSED', isFinal: false },
    false,
  ],
];

export function describeAttempts(subject: Subject): void {
  const retry = { failureCount: 2, firstFailedAt: NOW - 5, rejectionCount: 1, rewindCount: 1 };

  /** A run with its first chunk planned. */
  async function planned(): Promise<RunKey> {
    const run = await running(subject().store, sample);
    await subject().store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
    return run;
  }

  const recordFailure = (run: RunKey, target: AttemptTarget, attempt: number, outcome: Outcome) =>
    subject().store.recordFailure(run, target, { attempt, outcome, retry, nextAttemptAt: NOW + 9, now: NOW + 1 });

  describe('an attempt', () => {
    it.each(OUTCOMES)('that fails is told until a chunk is acknowledged: %s', async (_what, outcome) => {
      const { store } = subject();
      const run = await planned();
      await store.beginAttempt(run, 0, NOW);
      await recordFailure(run, 0, 1, outcome);
      const lastError = { code: 'ATTEMPT_FAILED', message: reason, at: NOW + 1 };
      expect(await stored(store, ingestionId)).toMatchObject({ lastError });
      expect(await acknowledge(store, run, 0)).toMatchObject({ lastError: null });
    });

    it('at COMPLETED that fails is told until COMPLETED is acknowledged', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await failOnce(store, run, 'completion');
      expect(await stored(store, ingestionId)).toMatchObject({ lastError: { code: 'ATTEMPT_FAILED' } });
      await complete(store, run);
      expect(await stored(store, ingestionId)).toMatchObject({ status: 'COMPLETED', lastError: null });
    });

    it('is numbered from 1 over all runs, for each target by itself', async () => {
      const { store } = subject();
      const run = await planned();
      await failOnce(store, run, 0);
      await failOnce(store, run, 0);
      await store.releaseRun(run, null, NOW);
      const next = await claimed(store);
      expect((await store.beginAttempt(next, 0, NOW)).attempt).toBe(3);
      await store.recordAck(next, { chunkNumber: 0, attempt: 3, next: null, beginsNext: false, now: NOW });
      expect((await store.beginAttempt(next, 'completion', NOW)).attempt).toBe(1);
    });

    it.each(OUTCOMES)('is on record with its outcome: %s', async (_name, outcome) => {
      const run = await planned();
      await subject().store.beginAttempt(run, 0, NOW);
      await recordFailure(run, 0, 1, outcome);
      const [entry] = await ledgerOf(await subject().reopen(), ingestionId);
      const httpStatus = 'httpStatus' in outcome ? outcome.httpStatus : null;
      const record = {
        attempt: 1,
        epoch: 1,
        begunAt: NOW,
        endedAt: NOW + 1,
        outcome: outcome.kind,
        httpStatus,
        reason,
      };
      expect(entry?.attempts).toEqual([record]);
    });

    it.each(OUTCOMES)('proves, or not, that the receiver has nothing: %s', async (_name, outcome, provesNotStored) => {
      const { store } = subject();
      const run = await planned();
      expect(await store.beginAttempt(run, 0, NOW)).toEqual({ attempt: 1, isCertainlyNotStored: true });
      await recordFailure(run, 0, 1, outcome);
      expect(await store.beginAttempt(run, 0, NOW)).toEqual({ attempt: 2, isCertainlyNotStored: provesNotStored });
      await recordFailure(run, 0, 2, { kind: 'too-large', reason });
      expect(await store.beginAttempt(run, 0, NOW)).toEqual({ attempt: 3, isCertainlyNotStored: provesNotStored });
    });

    it('without an outcome proves nothing to the next run', async () => {
      const { store } = subject();
      const run = await planned();
      await store.beginAttempt(run, 0, NOW);
      await store.releaseRun(run, null, NOW);
      expect(await store.beginAttempt(await claimed(store), 0, NOW)).toEqual({
        attempt: 2,
        isCertainlyNotStored: false,
      });
    });

    it('is refused while another is under way', async () => {
      const { store } = subject();
      const run = await planned();
      await store.beginAttempt(run, 0, NOW);
      const before = await snapshotOf(store, ingestionId);
      await expect(store.beginAttempt(run, 0, NOW)).rejects.toThrow('under way');
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });

    it('at a chunk that was acknowledged once proves nothing, whatever came before', async () => {
      const { store } = subject();
      const run = await planned();
      await acknowledge(store, run, 0);
      await store.rewindTo(run, 0, NOW);
      expect((await store.beginAttempt(run, 0, NOW)).isCertainlyNotStored).toBe(false);
    });

    it('at a COMPLETED that was acknowledged once proves nothing', async () => {
      const { store } = subject();
      await complete(store, await running(store, sample));
      await store.applyEvent(ingestionId, 'resume', NOW);
      expect((await store.beginAttempt(await claimed(store), 'completion', NOW)).isCertainlyNotStored).toBe(false);
    });

    it('ends the wait for it', async () => {
      const { store } = subject();
      const run = await planned();
      await failOnce(store, run, 0, { nextAttemptAt: NOW + 50 });
      await store.beginAttempt(run, 0, NOW + 50);
      expect(await stored(store, ingestionId)).toMatchObject({ nextAttemptAt: null, retry: { failureCount: 1 } });
    });

    it.each([1, 'completion'] as const)('at %s is refused while chunk 0 is to be delivered', async (target) => {
      const run = await planned();
      await expect(subject().store.beginAttempt(run, target, NOW)).rejects.toThrow('in order');
    });

    it('is refused at a chunk that is not planned', async () => {
      const run = await running(subject().store, sample);
      await expect(subject().store.beginAttempt(run, 0, NOW)).rejects.toThrow('in order');
    });
  });

  describe('an attempt that begins with the acknowledgement before it', () => {
    const second = planAfter(planAfter(null, 10), 10);

    /** Acknowledges chunk 0, and begins an attempt at chunk 1. */
    async function acknowledgeAndBegin(run: RunKey, next: PlannedChunk | null): Promise<RecordedStep> {
      const { attempt } = await subject().store.beginAttempt(run, 0, NOW);
      const ack = { chunkNumber: 0, attempt, next: next && withoutRejects(next), beginsNext: true, now: NOW + 3 };
      return subject().store.recordAck(run, ack);
    }

    it('is on record with the plan, over a restart', async () => {
      const run = await running(subject().store, sample);
      const plan = { ...withoutRejects(planAfter(null, 10)), begins: true };
      const { begun, ingestion } = await subject().store.planChunk(run, plan, NOW);
      expect(begun).toEqual({ attempt: 1, isCertainlyNotStored: true });
      const store = await subject().reopen();
      expect(await stored(store, ingestionId)).toEqual(ingestion);
      expect(await ledgerOf(store, ingestionId)).toMatchObject([{ attempts: [{ attempt: 1, outcome: null }] }]);
    });

    it('is on record with the ack and the plan, over a restart', async () => {
      const { begun, ingestion } = await acknowledgeAndBegin(await planned(), second);
      expect(begun).toEqual({ attempt: 1, isCertainlyNotStored: true });
      const store = await subject().reopen();
      expect(await stored(store, ingestionId)).toEqual(ingestion);
      const record = { attempt: 1, epoch: 1, begunAt: NOW + 3, endedAt: null, outcome: null };
      expect(await ledgerOf(store, ingestionId)).toMatchObject([
        { ackedAt: NOW + 3, attempts: [{ outcome: 'acknowledged' }] },
        { ...second, ackedAt: null, attempts: [record] },
      ]);
    });

    it('is the one attempt under way, and ends as any', async () => {
      const { store } = subject();
      const run = await planned();
      await acknowledgeAndBegin(run, second);
      await expect(store.beginAttempt(run, 1, NOW)).rejects.toThrow('under way');
      await recordFailure(run, 1, 1, { kind: 'too-large', reason });
      expect(await store.beginAttempt(run, 1, NOW)).toEqual({ attempt: 2, isCertainlyNotStored: true });
    });

    it('counts all attempts before it at a chunk that is on record already', async () => {
      const { store } = subject();
      const run = await planned();
      await acknowledge(store, run, 0, { next: second });
      await failOnce(store, run, 1);
      await store.rewindTo(run, 0, NOW);
      const { begun } = await acknowledgeAndBegin(run, null);
      expect(begun).toEqual({ attempt: 2, isCertainlyNotStored: false });
    });

    it('is refused, with all that belongs to it, where no chunk is planned behind', async () => {
      const { store } = subject();
      const run = await planned();
      await store.beginAttempt(run, 0, NOW);
      const before = await snapshotOf(store, ingestionId);
      const ack = { chunkNumber: 0, attempt: 1, next: null, beginsNext: true, now: NOW };
      await expect(store.recordAck(run, ack)).rejects.toThrow('in order');
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });

    it('is unknown where the process ends before it was made', async () => {
      await acknowledgeAndBegin(await planned(), second);
      const store = await subject().reopen();
      await store.recoverAtStart(NOW + 4);
      expect((await ledgerOf(store, ingestionId))[1]?.attempts).toMatchObject([{ outcome: 'unknown' }]);
      expect(await store.beginAttempt(await claimed(store), 1, NOW)).toEqual({
        attempt: 2,
        isCertainlyNotStored: false,
      });
    });
  });

  describe('a failure', () => {
    const outcome: Outcome = { kind: 'unknown', reason, httpStatus: null };

    it('is kept with the history and the time of the next attempt', async () => {
      const run = await planned();
      await subject().store.beginAttempt(run, 0, NOW);
      await recordFailure(run, 0, 1, outcome);
      const store = await subject().reopen();
      expect(await stored(store, ingestionId)).toMatchObject({ retry, nextAttemptAt: NOW + 9, updatedAt: NOW + 1 });
    });

    it('is recorded though a person stopped the run meanwhile, and decides nothing then', async () => {
      const { store } = subject();
      const run = await planned();
      await store.beginAttempt(run, 0, NOW);
      await store.applyEvent(ingestionId, 'pause', NOW);
      const before = await store.applyEvent(ingestionId, 'resume', NOW);
      await recordFailure(run, 0, 1, outcome);
      expect(await stored(store, ingestionId)).toEqual({ ...before, updatedAt: NOW + 1 });
      expect(await ledgerOf(store, ingestionId)).toMatchObject([{ attempts: [{ outcome: 'unknown' }] }]);
    });

    it('of an attempt that is not under way is refused', async () => {
      const { store } = subject();
      const run = await planned();
      await failOnce(store, run, 0);
      const before = await snapshotOf(store, ingestionId);
      await expect(recordFailure(run, 0, 1, outcome)).rejects.toThrow('must be under way');
      await expect(recordFailure(run, 0, 2, outcome)).rejects.toThrow('must be under way');
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });
  });
}
