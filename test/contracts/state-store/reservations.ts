import { describe, expect, it } from 'vitest';
import { STATUSES } from '../../../src/model/ingestion.ts';
import type { ForeignIngestion, MetState, StateStore } from '../../../src/state/state-store.ts';
import {
  answerOf,
  badRecordAt,
  keyOf,
  NOW,
  rejectsOf,
  running,
  sampleIngestion,
  snapshotOf,
  stored,
  submitted,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const feed = sampleIngestion('feed');
const ID = feed.ingestionId;
const WRITTEN_AT = NOW - 1000;

function foreign(extent: ForeignIngestion['extent'], ingestionId = ID): ForeignIngestion {
  return { ingestionId, lastChunk: 3, recordCount: 40, extent, lastWrittenAt: WRITTEN_AT };
}

async function deletedOf(store: StateStore, ingestion = feed): Promise<MetState['deleted']> {
  const seen: MetState[] = [];
  await store.submit(keyOf(ingestion), (met) => {
    seen.push(met);
    return { answer: answerOf(ingestion) };
  });
  return seen[0]?.deleted ?? null;
}

export function describeReservations(subject: Subject): void {
  const forReal = { now: NOW, isDryRun: false };

  describe('a reservation of ids of another service', () => {
    it.each(['all', 'part'] as const)(
      'is met by requests (%s), over restarts, and seen by nobody else',
      async (extent) => {
        const { store } = subject();
        expect(await store.reserveForeign([foreign(extent)], forReal)).toEqual({
          all: 0,
          part: 0,
          known: 0,
          [extent]: 1,
        });
        const again = await subject().reopen();
        expect(await deletedOf(again)).toEqual({
          ingestionId: ID,
          fingerprint: null,
          callbackUrl: null,
          completedAt: extent === 'all' ? WRITTEN_AT : null,
          extent,
        });
        expect(await again.getIngestion(ID)).toBeNull();
        expect((await again.listIngestions({ limit: 10 })).items).toEqual([]);
        expect(await again.countByStatus()).toEqual(Object.fromEntries(STATUSES.map((one) => [one, 0])));
        expect(await again.listUnpurged()).toEqual([]);
        expect(await again.listTerminalBefore(NOW + 1, 10)).toEqual([]);
      },
    );

    it('leaves alone what is known, also by a reservation before', async () => {
      const { store } = subject();
      await submitted(store, feed);
      const before = await snapshotOf(store, ID);
      const other = foreign('part', sampleIngestion('other').ingestionId);
      expect(await store.reserveForeign([foreign('all'), other], forReal)).toEqual({ all: 0, part: 1, known: 1 });
      expect(await store.reserveForeign([{ ...other, extent: 'all' }], forReal)).toEqual({ all: 0, part: 0, known: 1 });
      expect(await snapshotOf(store, ID)).toEqual(before);
      expect((await deletedOf(store, sampleIngestion('other')))?.extent).toBe('part');
    });

    it('takes an id that was free again because nothing of it had been attempted', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await store.failRun(run, { code: 'DELIVERY_REJECTED', message: 'no such product' }, NOW);
      await store.deleteIngestion(ID, NOW);
      expect(await store.reserveForeign([foreign('part')], forReal)).toEqual({ all: 0, part: 1, known: 0 });
      expect((await deletedOf(store))?.extent).toBe('part');
    });

    it('takes an id of which something is yet to be purged', async () => {
      const { store } = subject();
      const run = await running(store, feed);
      await store.recordRejects(run, [badRecordAt(1)], NOW);
      await store.failRun(run, { code: 'DELIVERY_REJECTED', message: 'no such product' }, NOW);
      await store.deleteIngestion(ID, NOW);
      expect(await store.reserveForeign([foreign('part')], forReal)).toEqual({ all: 0, part: 1, known: 0 });
      expect(await rejectsOf(store, ID)).toEqual([]);
      expect(await store.listUnpurged()).toEqual([]);
    });

    it('on trial counts and writes nothing', async () => {
      const { store } = subject();
      const onTrial = { now: NOW, isDryRun: true };
      expect(await store.reserveForeign([foreign('all')], onTrial)).toEqual({ all: 1, part: 0, known: 0 });
      expect(await deletedOf(store)).toBeNull();
      await submitted(store, feed);
      expect((await stored(store, ID)).status).toBe('QUEUED');
    });

    it('of which one cannot be written reserves none', async () => {
      const { store } = subject();
      const broken = { ...foreign('part', sampleIngestion('other').ingestionId), lastChunk: 0.5 };
      await expect(store.reserveForeign([foreign('all'), broken], forReal)).rejects.toThrow(/INTEGER/);
      expect(await deletedOf(store)).toBeNull();
    });
  });
}
