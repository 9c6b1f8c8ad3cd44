import { describe, expect, it } from 'vitest';
import { type ErrorRecord, ServiceError } from '../../../src/errors.ts';
import { EVENTS, type IngestionEvent, nextStatus, STATUSES, type Status } from '../../../src/model/ingestion.ts';
import type { RunKey } from '../../../src/state/run-writes.ts';
import type { StateStore } from '../../../src/state/state-store.ts';
import {
  acknowledge,
  claimed,
  complete,
  failOnce,
  NOW,
  planAfter,
  running,
  sampleIngestion,
  snapshotOf,
  stored,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const ERROR: ErrorRecord = { code: 'DELIVERY_REJECTED', message: 'schema mismatch', data: { httpStatus: 400 } };

/** Brings the sample to a status; the key of its last run. */
async function bringTo(store: StateStore, status: Status): Promise<RunKey> {
  const { ingestionId } = await submitted(store, sample);
  if (status === 'QUEUED') return { ingestionId, epoch: 0 };
  const run = await claimed(store);
  if (status === 'PAUSED') await store.applyEvent(ingestionId, 'pause', NOW);
  if (status === 'CANCELLED') await store.applyEvent(ingestionId, 'cancel', NOW);
  if (status === 'FAILED') await store.failRun(run, ERROR, NOW);
  if (status === 'COMPLETED') await complete(store, run);
  return run;
}

/** Carries an event out by the method that the store offers for it; a claim that finds nothing counts as refused. */
async function carryOut(store: StateStore, run: RunKey, event: IngestionEvent): Promise<void> {
  switch (event) {
    case 'claim':
      if ((await store.claimNext({ now: NOW, excludedIds: [] })) === null) throw new ServiceError('MOVE_NOT_ALLOWED');
      return;
    case 'release':
      return store.releaseRun(run, null, NOW);
    case 'fail':
      return store.failRun(run, ERROR, NOW);
    case 'complete':
      return complete(store, run);
    case 'pause':
    case 'resume':
    case 'cancel':
      await store.applyEvent(run.ingestionId, event, NOW);
  }
}

export function describeMoves(subject: Subject): void {
  describe('every status and event', () => {
    it.each(STATUSES.flatMap((status) => EVENTS.map((event) => [status, event] as const)))(
      'moves, or refuses and changes nothing: %s + %s',
      async (status, event) => {
        const { store } = subject();
        const run = await bringTo(store, status);
        const before = await snapshotOf(store, run.ingestionId);
        const expected = nextStatus(status, event);
        if (expected === undefined) {
          const code = expect.stringMatching(/^(MOVE_NOT_ALLOWED|RUN_OVERTAKEN)$/);
          await expect(carryOut(store, run, event)).rejects.toMatchObject({ code });
          expect(await snapshotOf(store, run.ingestionId)).toEqual(before);
        } else {
          await carryOut(store, run, event);
          expect((await stored(store, run.ingestionId)).status).toBe(expected);
        }
      },
    );

    it.each(STATUSES)('pauses by its run from RUNNING only: %s', async (status) => {
      const { store } = subject();
      const run = await bringTo(store, status);
      const paused = store.pauseRun(run, ERROR, NOW);
      if (status === 'RUNNING') await paused;
      else await expect(paused).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      expect((await stored(store, run.ingestionId)).status).toBe(status === 'RUNNING' ? 'PAUSED' : status);
    });
  });

  describe('a move', () => {
    it('of an ingestion that does not exist is INGESTION_NOT_FOUND', async () => {
      const moved = subject().store.applyEvent('none', 'pause', NOW);
      await expect(moved).rejects.toMatchObject({ code: 'INGESTION_NOT_FOUND' });
    });

    it('that is not allowed says in which status it met the ingestion', async () => {
      const { store } = subject();
      const run = await bringTo(store, 'COMPLETED');
      await expect(store.applyEvent(run.ingestionId, 'pause', NOW)).rejects.toMatchObject({
        code: 'MOVE_NOT_ALLOWED',
        message: 'The ingestion is COMPLETED; only one that is QUEUED or RUNNING takes `pause`.',
        data: { ingestion_status: 'COMPLETED', event: 'pause' },
      });
    });

    it('by a person gives the ingestion as it is then', async () => {
      const { store } = subject();
      await submitted(store, sample);
      const paused = await store.applyEvent(sample.ingestionId, 'pause', NOW + 1);
      expect(paused).toMatchObject({ status: 'PAUSED', updatedAt: NOW + 1 });
      expect(paused).toEqual(await stored(store, sample.ingestionId));
    });

    it('to resume clears the retry history and the wait', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await failOnce(store, run, 'completion', { nextAttemptAt: NOW + 60_000 });
      await store.applyEvent(sample.ingestionId, 'pause', NOW);
      expect(await stored(store, sample.ingestionId)).toMatchObject({
        nextAttemptAt: null,
        retry: { failureCount: 1 },
      });
      const retry = { failureCount: 0, firstFailedAt: null, rejectionCount: 0, rewindCount: 0 };
      expect(await store.applyEvent(sample.ingestionId, 'resume', NOW)).toMatchObject({ nextAttemptAt: null, retry });
    });

    it('to FAILED and PAUSED by a run keeps the error, with its time, over a restart', async () => {
      const run = await running(subject().store, sample);
      await subject().store.pauseRun(run, ERROR, NOW + 7);
      const store = await subject().reopen();
      const lastError = { ...ERROR, at: NOW + 7 };
      expect(await stored(store, sample.ingestionId)).toMatchObject({ status: 'PAUSED', lastError });
      await store.applyEvent(sample.ingestionId, 'resume', NOW);
      await store.failRun(await claimed(store), { ...ERROR, code: 'RECEIVER_FORGETS' }, NOW + 8);
      expect(await stored(store, sample.ingestionId)).toMatchObject({
        status: 'FAILED',
        lastError: { code: 'RECEIVER_FORGETS', at: NOW + 8 },
      });
    });

    it('to COMPLETED keeps the first time, however often COMPLETED is sent again', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(planAfter(null, 10, true)), NOW);
      await acknowledge(store, run, 0);
      await complete(store, run, NOW + 1);
      await store.applyEvent(sample.ingestionId, 'resume', NOW + 2);
      await complete(store, await claimed(store), NOW + 3);
      expect(await stored(store, sample.ingestionId)).toMatchObject({ completedAt: NOW + 1, updatedAt: NOW + 3 });
    });

    it.each(['pause', 'cancel'] as const)(
      'that a person asked for by %s stands, and what the receiver acknowledged of COMPLETED is on record',
      async (event) => {
        const { store } = subject();
        const run = await running(store, sample);
        const { attempt } = await store.beginAttempt(run, 'completion', NOW);
        const { status } = await store.applyEvent(sample.ingestionId, event, NOW);
        expect(await store.completeRun(run, attempt, NOW + 1)).toMatchObject({ status, completedAt: null });
        await (await subject().reopen()).recoverAtStart(NOW + 2);
        expect(await subject().store.getLastFailedAttempt(sample.ingestionId)).toBeNull();
      },
    );
  });
}
