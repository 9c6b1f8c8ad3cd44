import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { NO_FAILURES } from '../../../src/model/ingestion.ts';
import type { MetState, SubmissionDecision } from '../../../src/state/state-store.ts';
import {
  answerOf,
  claimed,
  failOnce,
  keyOf,
  NOW,
  planAfter,
  running,
  SECRET,
  sampleIngestion,
  stored,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const DAY_MS = 86_400_000;

export function describeSubmissions(subject: Subject): void {
  const sample = sampleIngestion('feed');

  /** What a request for the sample meets. */
  async function met(overrides: Parameters<typeof keyOf>[1] = {}): Promise<MetState> {
    let seen: MetState | undefined;
    await subject().store.submit(keyOf(sample, overrides), (state) => {
      seen = state;
      return { answer: answerOf(sample) };
    });
    if (seen === undefined) throw new Error('not decided');
    return seen;
  }

  const update = (change: SubmissionDecision['update'], now = NOW) =>
    subject().store.submit(keyOf(sample, { now }), () => ({
      answer: answerOf(sample, 'RUNNING'),
      ...(change === undefined ? {} : { update: change }),
    }));

  describe('submit', () => {
    it('meets nothing in an empty store', async () => {
      expect(await met()).toEqual({
        resumable: null,
        deleted: null,
        hasBegunAttempts: false,
        activeReingestions: [],
        highestVersionMs: null,
        queuedCount: 0,
      });
    });

    it('creates an ingestion in which everything begins at zero, and keeps every setting over a restart', async () => {
      await submitted(subject().store, sample);
      const store = await subject().reopen();
      expect(await stored(store, sample.ingestionId)).toEqual({
        ...sample,
        status: 'QUEUED',
        queueSequence: expect.any(Number),
        epoch: 0,
        checkpoint: {
          nextChunkNumber: 0,
          recordCount: 0,
          sourceBytes: 0,
          chainChecksum: '0'.repeat(64),
          isAtEnd: false,
        },
        highestAckedChunk: -1,
        highestPlannedChunk: -1,
        closeAtBytes: null,
        retry: NO_FAILURES,
        nextAttemptAt: null,
        lastError: null,
        rejectedRecords: 0,
        createdAt: NOW,
        updatedAt: NOW,
        runStartedAt: null,
        runStartedRecordCount: 0,
        completedAt: null,
      });
    });

    it('keeps settings that were left out as null', async () => {
      const { delivery, read } = sample;
      const bare = sampleIngestion('bare', {
        read: { ...read, recordPath: null, numberForm: 'jcs' },
        delivery: { ...delivery, callbackHeaders: null, callbackSecret: null, statusUrl: null },
      });
      expect(await submitted(subject().store, bare)).toMatchObject(bare);
    });

    it('meets the ingestion of the file, its attempts, and how many are queued', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await submitted(store, sampleIngestion('other'));
      expect(await met()).toMatchObject({ resumable: { status: 'RUNNING' }, hasBegunAttempts: false, queuedCount: 1 });
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await store.beginAttempt(run, 0, NOW);
      expect(await met()).toMatchObject({ hasBegunAttempts: true });
    });

    it('counts an attempt at COMPLETED as begun', async () => {
      const { store } = subject();
      await failOnce(store, await running(store, sample), 'completion');
      expect(await met()).toMatchObject({ hasBegunAttempts: true });
    });

    it('meets the active re-ingestions of the file to the same callback, oldest first, and the highest version', async () => {
      const { store } = subject();
      const version = (ms: number, callbackUrl = sample.delivery.callbackUrl) =>
        sampleIngestion('feed', { version: String(ms), delivery: { ...sample.delivery, callbackUrl } });
      const older = version(NOW + 5);
      const newer = version(NOW + 2);
      for (const one of [sample, older, newer, version(NOW + 9, 'http://other/'), version(NOW + 3)]) {
        await submitted(store, one);
      }
      await store.applyEvent(version(NOW + 3).ingestionId, 'cancel', NOW);
      const { activeReingestions, highestVersionMs } = await met();
      expect(activeReingestions.map((one) => one.ingestionId)).toEqual([older.ingestionId, newer.ingestionId]);
      expect(highestVersionMs).toBe(NOW + 9);
    });

    it('starts one ingestion for any number of equal requests at once', async () => {
      const { store } = subject();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          store.submit(keyOf(sample), ({ resumable }) =>
            resumable === null ? { answer: answerOf(sample), create: sample } : { answer: answerOf(sample, 'RUNNING') },
          ),
        ),
      );
      expect(answers.filter((answer) => answer.status === 'STARTED')).toHaveLength(1);
      expect((await store.listIngestions({ limit: 10 })).items).toHaveLength(1);
    });

    it('leaves everything as it was where the decision throws', async () => {
      const { store } = subject();
      const before = await submitted(store, sample);
      const idempotency = { key: 'k', bodyDigest: 'd' };
      const refused = store.submit(keyOf(sample, { idempotency }), () => {
        throw new ServiceError('QUEUE_FULL');
      });
      await expect(refused).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      expect(await stored(store, sample.ingestionId)).toEqual(before);
      await store.submit(keyOf(sample, { idempotency }), () => ({ answer: answerOf(sample, 'COMPLETED') }));
    });

    it('takes nothing of a decision that cannot be carried out as a whole', async () => {
      const { store } = subject();
      await submitted(store, sample);
      const other = sampleIngestion('other');
      const decision = { answer: answerOf(sample), create: other, update: { resume: true } };
      await expect(store.submit(keyOf(other), () => decision)).rejects.toMatchObject({ code: 'MOVE_NOT_ALLOWED' });
      expect(await store.getIngestion(other.ingestionId)).toBeNull();
    });
  });

  describe('an update by a request', () => {
    it('replaces the delivery settings', async () => {
      const { store } = subject();
      const before = await submitted(store, sample);
      const delivery = { ...sample.delivery, callbackUrl: 'http://new/', callbackSecret: null };
      await update({ delivery }, NOW + 1);
      expect(await stored(store, sample.ingestionId)).toEqual({
        ...before,
        delivery,
        updatedAt: NOW + 1,
      });
    });

    it('ends a wait where it brings another callback, which asked for none', async () => {
      const { store } = subject();
      await submitted(store, sample);
      const run = await claimed(store);
      await store.releaseRun(run, NOW + 3_600_000, NOW);
      await update({ delivery: { ...sample.delivery, chunkSizeByRecords: 7 } }, NOW + 1);
      expect((await stored(store, sample.ingestionId)).nextAttemptAt).toBe(NOW + 3_600_000);
      await update({ delivery: { ...sample.delivery, callbackUrl: 'http://new/' } }, NOW + 2);
      expect((await stored(store, sample.ingestionId)).nextAttemptAt).toBeNull();
    });

    it('leaves a run that goes to another callback to the next, which counts no failure of the old one', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await failOnce(store, run, 'completion', { nextAttemptAt: NOW + 60_000 });
      const { attempt } = await store.beginAttempt(run, 'completion', NOW);
      await update({ delivery: { ...sample.delivery, callbackUrl: 'http://new/' } }, NOW + 1);
      const moved = { status: 'QUEUED', nextAttemptAt: null, retry: NO_FAILURES, completedAt: null };
      expect(await stored(store, sample.ingestionId)).toMatchObject(moved);
      // What the old receiver says from now on says nothing of the new one.
      expect(await store.completeRun(run, attempt, NOW + 2)).toMatchObject(moved);
      await expect(store.rewindTo(run, 0, NOW)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      expect(await claimed(store)).toEqual({ ingestionId: run.ingestionId, epoch: run.epoch + 1 });
    });

    it('writes nothing where there is nothing to change', async () => {
      const before = await submitted(subject().store, sample);
      await update({ resume: false }, NOW + 1);
      expect(await stored(subject().store, sample.ingestionId)).toEqual(before);
    });

    it('drops the plans and takes another file while nothing was attempted', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await store.releaseRun(run, null, NOW);
      const fingerprint = { ...sample.fingerprint, size: 7 };
      const read = { ...sample.read, recordPath: 'elsewhere' };
      await update({ fingerprint, read, discardPlans: true });
      expect(await stored(store, sample.ingestionId)).toMatchObject({ fingerprint, read, highestPlannedChunk: -1 });
      expect(await store.getPlan(sample.ingestionId, 0)).toBeNull();
    });

    it('ends the run that has read what is replaced, before it sends any of it', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await update({ fingerprint: { ...sample.fingerprint, size: 7 }, discardPlans: true });
      await expect(store.beginAttempt(run, 0, NOW)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      await expect(store.recordRecordPath(run, 'old')).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      expect(await claimed(store)).toEqual({ ...run, epoch: run.epoch + 1 });
    });

    it('does not drop plans of which an attempt was begun', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await store.beginAttempt(run, 0, NOW);
      await expect(update({ discardPlans: true })).rejects.toThrow('what was attempted is frozen');
      expect(await store.getPlan(sample.ingestionId, 0)).toEqual(planAfter(null, 10));
    });

    it('resumes what has stopped, from the end of the queue', async () => {
      const { store } = subject();
      await submitted(store, sample);
      await store.applyEvent(sample.ingestionId, 'pause', NOW);
      const other = await submitted(store, sampleIngestion('other'));
      await update({ resume: true });
      const resumed = await stored(store, sample.ingestionId);
      expect(resumed.status).toBe('QUEUED');
      expect(resumed.queueSequence).toBeGreaterThan(other.queueSequence);
    });
  });

  describe('an Idempotency-Key', () => {
    const idempotency = { key: 'key-1', bodyDigest: 'digest-1' };
    const ask = (overrides: Parameters<typeof keyOf>[1], status: 'STARTED' | 'RUNNING' = 'STARTED') =>
      subject().store.submit(keyOf(sample, { idempotency, ...overrides }), () => ({
        answer: answerOf(sample, status),
      }));

    it('gives the recorded answer again, over a restart, without deciding', async () => {
      const answer = await ask({});
      await subject().reopen();
      expect(await ask({ now: NOW + 1 }, 'RUNNING')).toEqual(answer);
    });

    it('is refused with another body', async () => {
      await ask({});
      const reused = ask({ idempotency: { ...idempotency, bodyDigest: 'digest-2' } });
      await expect(reused).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    });

    it('is kept until the store is told to forget it, whatever time a request says it is', async () => {
      await ask({});
      await ask({ now: NOW + 400 * DAY_MS, idempotency: { ...idempotency, key: 'another' } });
      await subject().store.forgetBefore(NOW);
      expect(await ask({ now: NOW + 400 * DAY_MS }, 'RUNNING')).toMatchObject({ status: 'STARTED' });
      await subject().store.forgetBefore(NOW + 1);
      expect(await ask({}, 'RUNNING')).toMatchObject({ status: 'RUNNING' });
    });
  });

  it('shows a secret in no error', async () => {
    const { store } = subject();
    const run = await running(store, sample);
    const failures = await Promise.allSettled([
      submitted(store, sample),
      store.applyEvent(sample.ingestionId, 'resume', NOW),
      store.releaseRun({ ...run, epoch: 9 }, null, NOW),
      store.planChunk(run, withoutRejects({ ...planAfter(null, 10), chainChecksum: 'short' }), NOW),
      store.planChunk(run, withoutRejects(planAfter(planAfter(null, 1), 1)), NOW),
      update({ delivery: { ...sample.delivery, retryWindowMs: 0.5 } }),
    ]);
    for (const failure of failures) {
      expect(failure.status).toBe('rejected');
      const { reason } = failure as PromiseRejectedResult;
      expect(`${reason} ${reason.stack} ${JSON.stringify(reason)}`).not.toContain(SECRET);
    }
  });
}
