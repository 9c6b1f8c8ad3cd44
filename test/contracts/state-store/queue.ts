import { describe, expect, it } from 'vitest';
import type { NewIngestion } from '../../../src/state/state-store.ts';
import {
  acknowledge,
  answerOf,
  claimed,
  failOnce,
  keyOf,
  NOW,
  planAfter,
  sampleIngestion,
  stored,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const [first, second, third] = ['first', 'second', 'third'].map((name) => sampleIngestion(name)) as [
  NewIngestion,
  NewIngestion,
  NewIngestion,
];
/** The same file as `first`, to be delivered anew. */
const again = sampleIngestion('first', { version: '1767225600000' });
const elsewhere = sampleIngestion('first', {
  version: '1767225600001',
  delivery: { ...first.delivery, callbackUrl: 'http://elsewhere/' },
});

export function describeQueue(subject: Subject): void {
  const submit = async (...ingestions: readonly NewIngestion[]) => {
    for (const one of ingestions) await submitted(subject().store, one);
  };
  const claimId = async (excludedIds: readonly string[] = [], now = NOW) =>
    (await subject().store.claimNext({ now, excludedIds }))?.ingestionId;
  const claimIdOf = async (...only: readonly NewIngestion[]) => {
    const onlyIds = only.map(({ ingestionId }) => ingestionId);
    return (await subject().store.claimNext({ now: NOW, excludedIds: [], onlyIds }))?.ingestionId;
  };

  describe('the queue', () => {
    it('gives its ingestions in the order in which they came', async () => {
      await submit(second, first, third);
      expect([await claimId(), await claimId(), await claimId(), await claimId()]).toEqual([
        second.ingestionId,
        first.ingestionId,
        third.ingestionId,
        undefined,
      ]);
    });

    it('begins a run with the next epoch and notes where it begins', async () => {
      const { store } = subject();
      await submit(first);
      const run = await claimed(store, NOW + 1);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await acknowledge(store, run, 0);
      await store.releaseRun(run, null, NOW + 2);
      expect(await store.claimNext({ now: NOW + 3, excludedIds: [] })).toMatchObject({
        status: 'RUNNING',
        epoch: run.epoch + 1,
        isFirstRun: false,
        runStartedAt: NOW + 3,
        runStartedRecordCount: 10,
        updatedAt: NOW + 3,
      });
    });

    it('lets a waiting one be overtaken until its time has come, in its old place', async () => {
      const { store } = subject();
      await submit(first, second, third);
      await store.releaseRun(await claimed(store), NOW + 100, NOW);
      expect(await claimId([], NOW + 99)).toBe(second.ingestionId);
      expect(await claimId([], NOW + 100)).toBe(first.ingestionId);
    });

    it('keeps the place of one that was released and gives one that was resumed a new place', async () => {
      const { store } = subject();
      await submit(first, second);
      await store.releaseRun(await claimed(store), null, NOW);
      const run = await claimed(store);
      expect(run.ingestionId).toBe(first.ingestionId);
      await store.applyEvent(first.ingestionId, 'pause', NOW);
      await store.applyEvent(first.ingestionId, 'resume', NOW);
      expect([await claimId(), await claimId()]).toEqual([second.ingestionId, first.ingestionId]);
    });

    it('leaves out those whose last run has not ended', async () => {
      await submit(first, second);
      expect(await claimId([first.ingestionId])).toBe(second.ingestionId);
      expect(await claimId([first.ingestionId])).toBeUndefined();
      expect(await claimId([])).toBe(first.ingestionId);
    });

    it('gives none of a file to a callback to which another of it runs', async () => {
      const { store } = subject();
      await submit(first, again, elsewhere, second);
      const run = await claimed(store);
      expect([await claimId(), await claimId(), await claimId()]).toEqual([
        elsewhere.ingestionId,
        second.ingestionId,
        undefined,
      ]);
      await store.applyEvent(run.ingestionId, 'cancel', NOW);
      expect(await claimId()).toBe(again.ingestionId);
    });

    it('gives none of a file to a callback for which an earlier one waits', async () => {
      const { store } = subject();
      await submit(first, again);
      await store.releaseRun(await claimed(store), NOW + 100, NOW);
      expect(await claimId()).toBeUndefined();
      expect(await claimId([], NOW + 100)).toBe(first.ingestionId);
    });

    it('gives none of a file to a callback while the run of one that was stopped still ends', async () => {
      const { store } = subject();
      await submit(first, again);
      await claimed(store);
      await store.applyEvent(first.ingestionId, 'pause', NOW);
      expect(await claimId([first.ingestionId])).toBeUndefined();
      expect(await claimId([])).toBe(again.ingestionId);
    });

    it('gives none of a file while a run still ends that may be sending it to where it went before', async () => {
      const { store } = subject();
      await submit(first, again, elsewhere);
      const run = await claimed(store);
      const key = keyOf(first, { callbackUrl: 'http://new/' });
      const delivery = { ...first.delivery, callbackUrl: 'http://new/' };
      await store.submit(key, () => ({ answer: answerOf(first), update: { delivery } }));
      expect(await claimId([run.ingestionId])).toBeUndefined();
      expect([await claimId(), await claimId(), await claimId()]).toEqual([
        first.ingestionId,
        again.ingestionId,
        elsewhere.ingestionId,
      ]);
    });

    it('passes over what is damaged, and gives nothing that would come behind it', async () => {
      const { store } = subject();
      await submit(first, again, elsewhere, second);
      const claimOther = async () =>
        (await store.claimNext({ now: NOW, excludedIds: [], damagedIds: [first.ingestionId] }))?.ingestionId;
      expect([await claimOther(), await claimOther(), await claimOther()]).toEqual([
        elsewhere.ingestionId,
        second.ingestionId,
        undefined,
      ]);
    });

    it('gives nothing but what it is asked for', async () => {
      await submit(first, second, third);
      expect(await claimIdOf()).toBeUndefined();
      expect(await claimIdOf(third, second)).toBe(second.ingestionId);
      expect(await claimIdOf(third, second)).toBe(third.ingestionId);
      expect(await claimIdOf(third, second)).toBeUndefined();
      expect(await claimId()).toBe(first.ingestionId);
    });

    it('gives what must be delivered before what it is asked for, and nothing behind it', async () => {
      const { store } = subject();
      const later = sampleIngestion('first', { version: '1767225600002' });
      await submit(second, elsewhere, first, again, later);
      expect(await claimIdOf(again)).toBe(first.ingestionId);
      expect(await claimIdOf(again)).toBeUndefined();
      await store.applyEvent(first.ingestionId, 'cancel', NOW);
      expect(await claimIdOf(again)).toBe(again.ingestionId);
      await store.applyEvent(again.ingestionId, 'cancel', NOW);
      expect(await claimIdOf(again)).toBeUndefined();
    });
  });

  describe('nextWakeAt', () => {
    it('is the earliest time for which a queued one waits', async () => {
      const { store } = subject();
      await submit(first, second, third);
      expect(await store.nextWakeAt(NOW)).toBeNull();
      const runs = [await claimed(store), await claimed(store), await claimed(store)];
      for (const [index, run] of runs.entries()) await store.releaseRun(run, NOW + 300 - 100 * index, NOW);
      expect(await store.nextWakeAt(NOW)).toBe(NOW + 100);
      await store.applyEvent(third.ingestionId, 'cancel', NOW);
      expect(await store.nextWakeAt(NOW)).toBe(NOW + 200);
    });

    it('leaves out those whose wait is over, and those that run', async () => {
      const { store } = subject();
      await submit(first);
      await failOnce(store, await claimed(store), 'completion', { nextAttemptAt: NOW + 100 });
      expect(await store.nextWakeAt(NOW)).toBeNull();
      const { epoch, ingestionId } = await stored(store, first.ingestionId);
      await store.releaseRun({ ingestionId, epoch }, NOW + 100, NOW);
      expect(await store.nextWakeAt(NOW + 100)).toBeNull();
    });
  });

  it('counts the queued ones that wait for a time to come', async () => {
    const { store } = subject();
    await submit(first, second, third);
    const runs = [await claimed(store), await claimed(store)];
    for (const [index, run] of runs.entries()) await store.releaseRun(run, NOW + 100 * (index + 1), NOW);
    expect(await store.countWaiting(NOW)).toBe(2);
    expect(await store.countWaiting(NOW + 100)).toBe(1);
    expect(await store.countWaiting(NOW + 200)).toBe(0);
  });

  it('counts ingestions by status', async () => {
    const { store } = subject();
    const none = { QUEUED: 0, RUNNING: 0, PAUSED: 0, COMPLETED: 0, FAILED: 0, CANCELLED: 0 };
    expect(await store.countByStatus()).toEqual(none);
    await submit(first, second, third);
    await claimId();
    expect(await store.countByStatus()).toEqual({ ...none, QUEUED: 2, RUNNING: 1 });
    expect(await store.countQueued()).toBe(2);
  });
}
