import { describe, expect, it } from 'vitest';
import { STATUSES } from '../../../src/model/ingestion.ts';
import type { DeletedIngestion, MetState, StateStore } from '../../../src/state/state-store.ts';
import {
  answerOf,
  badRecordAt,
  claimed,
  complete,
  deliver,
  failOnce,
  keyOf,
  ledgerOf,
  NOW,
  planAfter,
  rejectsOf,
  running,
  sampleChain,
  sampleIngestion,
  stored,
  submitted,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const feed = sampleIngestion('feed');
const ID = feed.ingestionId;
const failure = { code: 'DELIVERY_REJECTED', message: 'no such product' } as const;

/** More than go in one piece. */
const MANY_BAD_RECORDS = Array.from({ length: 700 }, (_, index) => badRecordAt(index));

/** What a request meets, without anything that it changes. */
async function met(store: StateStore, ingestion = feed): Promise<MetState> {
  const seen: MetState[] = [];
  await store.submit(keyOf(ingestion), (state) => {
    seen.push(state);
    return { answer: answerOf(ingestion) };
  });
  const [state] = seen;
  if (state === undefined) throw new Error('nothing was decided');
  return state;
}

async function purgeAll(store: StateStore): Promise<void> {
  while (!(await store.purgeDeleted(ID)));
}

/** Delivers 3 chunks of the feed with a bad record and an attempt that failed, in the state FAILED. */
async function failedInPart(store: StateStore): Promise<void> {
  const run = await running(store, feed);
  const chain = sampleChain(3);
  await deliver(store, run, chain.slice(0, 1));
  await store.planChunk(run, { planned: planAfter(chain[0] ?? null, 10), rejects: [badRecordAt(12)] }, NOW);
  await failOnce(store, run, 1);
  await store.failRun(run, failure, NOW);
}

export function describeDeletions(subject: Subject): void {
  const KEPT: Pick<DeletedIngestion, 'ingestionId' | 'fingerprint' | 'callbackUrl'> = {
    ingestionId: ID,
    fingerprint: feed.fingerprint,
    callbackUrl: feed.delivery.callbackUrl,
  };

  describe('a deletion', () => {
    it.each(['QUEUED', 'RUNNING', 'PAUSED'])('of what is %s is refused', async (status) => {
      const { store } = subject();
      await submitted(store, feed);
      if (status !== 'QUEUED') await claimed(store);
      if (status === 'PAUSED') await store.applyEvent(ID, 'pause', NOW);
      await expect(store.deleteIngestion(ID, NOW)).rejects.toMatchObject({ code: 'MOVE_NOT_ALLOWED' });
      expect((await stored(store, ID)).status).toBe(status);
    });

    it('of what is not there, or deleted already, is INGESTION_NOT_FOUND', async () => {
      const { store } = subject();
      const refused = { code: 'INGESTION_NOT_FOUND' };
      await expect(store.deleteIngestion(ID, NOW)).rejects.toMatchObject(refused);
      await failedInPart(store);
      await store.deleteIngestion(ID, NOW);
      await expect(store.deleteIngestion(ID, NOW)).rejects.toMatchObject(refused);
      await expect(store.applyEvent(ID, 'resume', NOW)).rejects.toMatchObject(refused);
    });

    it('takes it from all lists and counts, and with its purge all that belongs to it', async () => {
      const { store } = subject();
      await failedInPart(store);
      await submitted(store, sampleIngestion('other'));
      await store.deleteIngestion(ID, NOW);
      expect(await store.getIngestion(ID)).toBeNull();
      expect((await store.listIngestions({ limit: 10 })).items).toHaveLength(1);
      expect((await store.listIngestions({ limit: 10, status: 'FAILED' })).items).toEqual([]);
      expect(await store.countByStatus()).toEqual({
        ...Object.fromEntries(STATUSES.map((one) => [one, 0])),
        QUEUED: 1,
      });
      expect(await store.listUnpurged()).toEqual([ID]);
      const { events } = await store.listEvents({ ingestionId: null, after: 0, limit: 10 });
      expect(events.map(({ ingestionId }) => ingestionId)).toEqual([sampleIngestion('other').ingestionId]);
      expect((await store.listEvents({ ingestionId: ID, after: 0, limit: 10 })).events).toEqual([]);
      await purgeAll(store);
      expect(await store.listUnpurged()).toEqual([]);
      expect(await ledgerOf(store, ID)).toEqual([]);
      expect(await rejectsOf(store, ID)).toEqual([]);
      expect(await store.getPlan(ID, 0)).toBeNull();
    });

    it('is purged in pieces, between which a restart finds a sound state', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await deliver(store, run, sampleChain(1_200));
      await complete(store, run);
      await store.deleteIngestion(ID, NOW);
      expect(await store.purgeDeleted(ID)).toBe(false);
      const again = await subject().reopen();
      expect(await again.listUnpurged()).toEqual([ID]);
      expect(await again.getIngestion(ID)).toBeNull();
      await purgeAll(again);
      expect(await (await subject().reopen()).listUnpurged()).toEqual([]);
    });

    it('leaves of one that was delivered in part or whole what a request must meet', async () => {
      const { store } = subject();
      await failedInPart(store);
      await store.deleteIngestion(ID, NOW);
      await purgeAll(store);
      expect(await met(await subject().reopen())).toMatchObject({
        resumable: null,
        deleted: { ...KEPT, completedAt: null, extent: 'part' },
      });
    });

    it('tells one that was completed, also where it was resumed and failed since', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await deliver(store, run, sampleChain(2));
      await complete(store, run);
      await store.applyEvent(ID, 'resume', NOW);
      await store.failRun(await claimed(store), failure, NOW);
      await store.deleteIngestion(ID, NOW);
      expect((await met(store)).deleted).toEqual({ ...KEPT, completedAt: NOW, extent: 'all' });
    });

    it('tells one that was completed, and of which the receiver then asked for chunks again, as one in part', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await deliver(store, run, sampleChain(2));
      await complete(store, run);
      await store.applyEvent(ID, 'resume', NOW);
      const again = await claimed(store);
      await store.rewindTo(again, 1, NOW);
      await store.failRun(again, failure, NOW);
      await store.deleteIngestion(ID, NOW);
      expect((await met(store)).deleted).toMatchObject({ extent: 'part' });
    });

    it('before anything was attempted frees the id, whose epoch goes on', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await store.planChunk(run, { planned: planAfter(null, 10), rejects: [badRecordAt(3)] }, NOW);
      await store.failRun(run, failure, NOW);
      await store.deleteIngestion(ID, NOW);
      expect((await met(store)).deleted).toEqual({ ...KEPT, completedAt: null, extent: 'none' });
      const again = await submitted(store, feed);
      expect(again).toMatchObject({ status: 'QUEUED', epoch: 1, highestPlannedChunk: -1, rejectedRecords: 0 });
      expect(await store.claimNext({ now: NOW, excludedIds: [] })).toMatchObject({ epoch: 2, isFirstRun: true });
      expect((await met(store)).deleted).toBeNull();
    });

    it('before anything was attempted leaves its bad records to the purge, and the id free as soon as they are gone', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await store.recordRejects(run, MANY_BAD_RECORDS, NOW);
      await store.failRun(run, failure, NOW);
      await store.deleteIngestion(ID, NOW);
      expect(await rejectsOf(store, ID)).toHaveLength(MANY_BAD_RECORDS.length);
      expect(await store.purgeDeleted(ID)).toBe(false);
      const again = await subject().reopen();
      expect(await again.listUnpurged()).toEqual([ID]);
      expect(await submitted(again, feed)).toMatchObject({ status: 'QUEUED', epoch: 1, rejectedRecords: 0 });
      expect(await again.listUnpurged()).toEqual([]);
      expect(await rejectsOf(again, ID)).toEqual([]);
    });

    it('is purged no further once its id is in use again', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await store.recordRejects(run, MANY_BAD_RECORDS, NOW);
      await store.failRun(run, failure, NOW);
      await store.deleteIngestion(ID, NOW);
      expect(await store.purgeDeleted(ID)).toBe(false);
      const next = await running(store, feed);
      await store.recordRejects(next, [badRecordAt(3)], NOW);
      expect(await store.purgeDeleted(ID)).toBe(true);
      expect(await rejectsOf(store, ID)).toHaveLength(1);
    });

    it('keeps the version of a re-ingestion from being given out again', async () => {
      const { store } = subject();
      const again = sampleIngestion('feed', { version: '1767225600000' });
      await submitted(store, again);
      await store.applyEvent(again.ingestionId, 'cancel', NOW);
      await store.deleteIngestion(again.ingestionId, NOW);
      expect((await met(store)).highestVersionMs).toBe(1_767_225_600_000);
    });

    it('lets a run that was cancelled under way write nothing more', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await deliver(store, run, sampleChain(1));
      await store.applyEvent(ID, 'cancel', NOW);
      await store.deleteIngestion(ID, NOW);
      await expect(store.takeEpochAbove(run, 5)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
    });
  });

  describe('the list of terminal ingestions', () => {
    it('holds those that are old enough, and none that goes on or waits for a person', async () => {
      const { store } = subject();
      await failedInPart(store);
      for (const name of ['paused', 'cancelled', 'queued']) await submitted(store, sampleIngestion(name));
      await store.applyEvent(sampleIngestion('paused').ingestionId, 'pause', NOW);
      const cancelled = sampleIngestion('cancelled').ingestionId;
      await store.applyEvent(cancelled, 'cancel', NOW + 1);
      expect(await store.listTerminalBefore(NOW, 10)).toEqual([]);
      expect(await store.listTerminalBefore(NOW + 1, 10)).toEqual([ID]);
      expect(await store.listTerminalBefore(NOW + 2, 10)).toEqual([ID, cancelled]);
      expect(await store.listTerminalBefore(NOW + 2, 1)).toEqual([ID]);
    });
  });
}
