import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  answerOf,
  claimed,
  deliver,
  failOnce,
  keyOf,
  ledgerOf,
  NOW,
  planAfter,
  running,
  sampleChain,
  sampleIngestion,
  snapshotOf,
  stored,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const { ingestionId } = sample;
const retry = { failureCount: 3, firstFailedAt: NOW, rejectionCount: 2, rewindCount: 1 };
const unavailable = { kind: 'unavailable', reason: 'refused', httpStatus: null, retryAfterMs: null } as const;

export function describeRecovery(subject: Subject): void {
  describe('recoverAtStart', () => {
    it('puts what was running back into its old place, to be run with the next epoch', async () => {
      const run = await running(subject().store, sample);
      const { queueSequence } = await submitted(subject().store, sampleIngestion('later'));
      const store = await subject().reopen();
      await store.recoverAtStart(NOW + 1);
      const recovered = await stored(store, ingestionId);
      expect(recovered).toMatchObject({ status: 'QUEUED', epoch: run.epoch, updatedAt: NOW + 1 });
      expect(recovered.queueSequence).toBeLessThan(queueSequence);
      expect(await claimed(store)).toEqual({ ingestionId, epoch: run.epoch + 1 });
    });

    it('waits on where the run waited, and counts rejections alone anew', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const { attempt } = await store.beginAttempt(run, 'completion', NOW);
      const failure = { attempt, outcome: unavailable, retry, nextAttemptAt: NOW + 60_000, now: NOW };
      await store.recordFailure(run, 'completion', failure);
      await store.recoverAtStart(NOW + 1);
      expect(await stored(store, ingestionId)).toMatchObject({
        status: 'QUEUED',
        nextAttemptAt: NOW + 60_000,
        retry: { ...retry, rejectionCount: 0 },
      });
    });

    it('waits no longer than anybody may ask for, where the clock was set back meanwhile', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.releaseRun(run, NOW + 60_000, NOW);
      const aDayBefore = NOW - 24 * 3_600_000;
      await store.recoverAtStart(aDayBefore);
      expect((await stored(store, ingestionId)).nextAttemptAt).toBe(aDayBefore + 3_600_000);
    });

    it('lets no first failure lie ahead, where the clock was ahead when it was written', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const { attempt } = await store.beginAttempt(run, 'completion', NOW);
      const failure = { attempt, outcome: unavailable, retry, nextAttemptAt: null, now: NOW };
      await store.recordFailure(run, 'completion', failure);
      await store.recoverAtStart(NOW - 1);
      expect((await stored(store, ingestionId)).retry).toEqual({ ...retry, firstFailedAt: NOW - 1, rejectionCount: 0 });
    });

    it('waits as long as a request asked for at most, where that is longer than a receiver may ask for', async () => {
      const { store } = subject();
      const maxDelayMs = 5 * 3_600_000;
      const run = await running(store, sampleIngestion('feed', { delivery: { ...sample.delivery, maxDelayMs } }));
      await store.releaseRun(run, NOW + 100 * maxDelayMs, NOW);
      await store.recoverAtStart(NOW);
      expect((await stored(store, ingestionId)).nextAttemptAt).toBe(NOW + maxDelayMs);
    });

    it('counts the rejections of a queued one anew', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const { attempt } = await store.beginAttempt(run, 'completion', NOW);
      const failure = { attempt, outcome: unavailable, retry, nextAttemptAt: null, now: NOW };
      await store.recordFailure(run, 'completion', failure);
      await store.releaseRun(run, NOW + 9, NOW);
      await store.recoverAtStart(NOW + 1);
      expect(await stored(store, ingestionId)).toMatchObject({ nextAttemptAt: NOW + 9, retry: { rejectionCount: 0 } });
    });

    it('gives attempts without an outcome the outcome unknown, so that they prove nothing', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await store.beginAttempt(run, 0, NOW);
      await store.recoverAtStart(NOW + 1);
      expect(await ledgerOf(store, ingestionId)).toMatchObject([
        { attempts: [{ attempt: 1, outcome: 'unknown', endedAt: NOW + 1, httpStatus: null }] },
      ]);
      const begun = await store.beginAttempt(await claimed(store), 0, NOW);
      expect(begun).toEqual({ attempt: 2, isCertainlyNotStored: false });
    });

    it.each(['pause', 'cancel'] as const)('leaves alone what a person stopped: %s', async (event) => {
      const { store } = subject();
      const run = await running(store, sample);
      await deliver(store, run, sampleChain(2));
      await store.applyEvent(ingestionId, event, NOW);
      const before = await snapshotOf(store, ingestionId);
      await store.recoverAtStart(NOW + 1);
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });
  });

  describe('recoverTimes', () => {
    it('cuts the waits of what is queued where the clock was set back, and changes nothing else', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const { attempt } = await store.beginAttempt(run, 'completion', NOW);
      const failure = { attempt, outcome: unavailable, retry, nextAttemptAt: NOW + 60_000, now: NOW };
      await store.recordFailure(run, 'completion', failure);
      await store.releaseRun(run, NOW + 60_000, NOW);
      const before = await stored(store, ingestionId);
      await store.recoverTimes(NOW, []);
      expect(await stored(store, ingestionId)).toEqual(before);
      const aDayBefore = NOW - 24 * 3_600_000;
      await store.recoverTimes(aDayBefore, [ingestionId]);
      expect(await stored(store, ingestionId)).toEqual(before);
      await store.recoverTimes(aDayBefore, []);
      expect(await stored(store, ingestionId)).toEqual({
        ...before,
        nextAttemptAt: aDayBefore + 3_600_000,
        retry: { ...retry, firstFailedAt: aDayBefore },
      });
    });

    it('leaves alone what runs or was stopped', async () => {
      const { store } = subject();
      const paused = await running(store, sampleIngestion('paused'));
      await failOnce(store, paused, 'completion', { nextAttemptAt: NOW + 60_000 });
      await store.applyEvent(paused.ingestionId, 'pause', NOW);
      const run = await running(store, sample);
      await failOnce(store, run, 'completion', { nextAttemptAt: NOW + 60_000 });
      const both = async () => [await stored(store, ingestionId), await stored(store, paused.ingestionId)];
      const before = await both();
      await store.recoverTimes(NOW - 24 * 3_600_000, []);
      expect(await both()).toEqual(before);
    });
  });

  describe('newestTime', () => {
    it('is that of whatever was put on record last, and none where nothing is', async () => {
      const { store } = subject();
      expect(await store.newestTime()).toBeNull();
      await submitted(store, sample, NOW + 1);
      expect(await store.newestTime()).toBe(NOW + 1);
      await store.applyEvent(ingestionId, 'pause', NOW + 2);
      expect(await store.newestTime()).toBe(NOW + 2);
      const idempotency = { key: 'key', bodyDigest: 'digest' };
      await store.submit(keyOf(sample, { idempotency, now: NOW + 3 }), () => ({ answer: answerOf(sample, 'RUNNING') }));
      expect(await (await subject().reopen()).newestTime()).toBe(NOW + 3);
    });
  });

  it('ends, with the next run, the attempts that the last one left open', async () => {
    const { store } = subject();
    const run = await running(store, sample);
    await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
    await store.beginAttempt(run, 0, NOW);
    await store.releaseRun(run, null, NOW);
    await claimed(store, NOW + 5);
    expect(await ledgerOf(store, ingestionId)).toMatchObject([
      { attempts: [{ outcome: 'unknown', endedAt: NOW + 5 }] },
    ]);
  });

  it('finds everything as it was after a restart', async () => {
    const { store } = subject();
    const run = await running(store, sample);
    await deliver(store, run, sampleChain(3).slice(0, 2));
    await store.planChunk(run, withoutRejects(sampleChain(3)[2] ?? planAfter(null, 1)), NOW);
    await store.beginAttempt(run, 2, NOW);
    const before = await snapshotOf(store, ingestionId);
    expect(await snapshotOf(await subject().reopen(), ingestionId)).toEqual(before);
    // The run goes on in the reopened store: nothing of it lived in the old one.
    await subject().store.recordAck(run, { chunkNumber: 2, attempt: 1, next: null, beginsNext: false, now: NOW });
    await expect(acknowledge(subject().store, run, 2)).rejects.toThrow('in order');
  });
}
