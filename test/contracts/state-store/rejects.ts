import { describe, expect, it } from 'vitest';
import type { PlannedChunk } from '../../../src/model/chunk.ts';
import type { BadRecord } from '../../../src/model/record.ts';
import type { PlanToRecord, RunKey } from '../../../src/state/run-writes.ts';
import {
  answerOf,
  badRecordAt,
  claimed,
  keyOf,
  NOW,
  planAfter,
  rejectsOf,
  running,
  sampleChain,
  sampleIngestion,
  stored,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const { ingestionId } = sample;
const chain = sampleChain(3) as [PlannedChunk, PlannedChunk, PlannedChunk];
const bad = [0.5, 3.5, 12.5].map(badRecordAt) as [BadRecord, BadRecord, BadRecord];
/** More than go in one piece. */
const many = Array.from({ length: 1_200 }, (_, index) => badRecordAt(index));
const first: PlanToRecord = { planned: chain[0], rejects: bad.slice(0, 2) };
const second: PlanToRecord = { planned: chain[1], rejects: bad.slice(2) };

export function describeRejects(subject: Subject): void {
  const isOnRecord = async (expected: readonly BadRecord[]): Promise<void> => {
    const { store } = subject();
    expect((await stored(store, ingestionId)).rejectedRecords).toBe(expected.length);
    const offsets = (await rejectsOf(store, ingestionId)).map(({ byteOffset }) => byteOffset);
    expect(offsets).toEqual(expected.map(({ position }) => position.byteOffset));
  };

  /** Acknowledges a chunk that brings the next plan along. */
  const acknowledgeWith = async (run: RunKey, chunkNumber: number, next: PlanToRecord) => {
    const { attempt } = await subject().store.beginAttempt(run, chunkNumber, NOW);
    return (await subject().store.recordAck(run, { chunkNumber, attempt, next, beginsNext: false, now: NOW }))
      .ingestion;
  };

  describe('bad records', () => {
    it('are kept whole over a restart, with the chunk whose plan brought them', async () => {
      const run = await running(subject().store, sample);
      await subject().store.planChunk(run, { planned: chain[0], rejects: bad.slice(0, 1) }, NOW);
      await subject().store.recordRejects(run, bad.slice(1, 2), NOW + 1);
      const [{ position, byteLength, error, raw }] = bad;
      const expected = { fileIndex: 0, byteOffset: position.byteOffset, line: 1, column: 1, byteLength, error, raw };
      expect(await rejectsOf(await subject().reopen(), ingestionId)).toEqual([
        { ...expected, chunkNumber: 0, recordedAt: NOW },
        expect.objectContaining({ line: 4, chunkNumber: null, recordedAt: NOW + 1 }),
      ]);
    });

    it('behind the highest plan are forgotten where what lies there is read anew, and no others', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.recordRejects(run, bad, NOW);
      expect((await store.dropRejectsBehindPlans(run)).rejectedRecords).toBe(0);
      await isOnRecord([]);
      await store.planChunk(run, first, NOW);
      const behind = badRecordAt(chain[0].plan.positionAfter?.byteOffset ?? 0);
      await store.recordRejects(
        run,
        [bad[2], { ...behind, position: chain[0].plan.positionAfter ?? behind.position }],
        NOW,
      );
      expect((await store.dropRejectsBehindPlans(run)).rejectedRecords).toBe(2);
      await isOnRecord(bad.slice(0, 2));
    });

    it('are there with the plan that brings them or not at all', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      await isOnRecord(bad.slice(0, 2));
      await expect(store.planChunk(run, { planned: planAfter(chain[1], 9), rejects: bad }, NOW)).rejects.toThrow(
        'must be planned',
      );
      await isOnRecord(bad.slice(0, 2));
    });

    it('are counted by the acknowledgement that brings the next plan', async () => {
      const run = await running(subject().store, sample);
      await subject().store.planChunk(run, first, NOW);
      expect((await acknowledgeWith(run, 0, second)).rejectedRecords).toBe(3);
      await isOnRecord(bad);
    });

    it('are left out with that plan where a person paused meanwhile', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      const { attempt } = await store.beginAttempt(run, 0, NOW);
      await store.applyEvent(ingestionId, 'pause', NOW);
      await store.recordAck(run, { chunkNumber: 0, attempt, next: second, beginsNext: true, now: NOW });
      await isOnRecord(bad.slice(0, 2));
    });

    it('are counted once though they are found again after a crash', async () => {
      const run = await running(subject().store, sample);
      expect((await subject().store.recordRejects(run, bad.slice(0, 2), NOW)).rejectedRecords).toBe(2);
      const store = await subject().reopen();
      await store.recoverAtStart(NOW);
      const next = await claimed(store);
      expect((await store.recordRejects(next, bad, NOW)).rejectedRecords).toBe(3);
      await store.planChunk(next, { planned: chain[0], rejects: bad }, NOW);
      await isOnRecord(bad);
    });

    it('are counted once though they are found again after a rewind', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      await acknowledgeWith(run, 0, second);
      await acknowledgeWith(run, 1, withoutRejects(chain[2]));
      await store.rewindTo(run, 0, NOW);
      await acknowledgeWith(run, 0, second);
      await isOnRecord(bad);
    });

    it('are counted once though their chunk is cut in half and the rest planned anew', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      const half = planAfter(null, 2);
      await store.replacePlan(run, { planned: half, rejects: bad.slice(0, 1) }, 200, NOW);
      await isOnRecord(bad.slice(0, 2));
      await acknowledgeWith(run, 0, { planned: planAfter(half, 8), rejects: bad.slice(1, 2) });
      await isOnRecord(bad.slice(0, 2));
    });

    it('go with the plans where the file is taken anew', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      await store.recordRejects(run, bad.slice(2), NOW);
      expect(await store.restartUnbegun(run, { ...sample.fingerprint, size: 5 })).toMatchObject({ rejectedRecords: 0 });
      await isOnRecord([]);
    });

    it('go with the plans that a request discards, and stay with those that it keeps', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, first, NOW);
      await store.pauseRun(run, { code: 'DELIVERY_REJECTED', message: 'no' }, NOW);
      const answer = answerOf(sample, 'RESUMED');
      await store.submit(keyOf(sample), () => ({ answer, update: { read: { ...sample.read, onBadRecord: 'fail' } } }));
      await isOnRecord(bad.slice(0, 2));
      await store.submit(keyOf(sample), () => ({ answer, update: { discardPlans: true } }));
      await isOnRecord([]);
    });

    it.each(['restartUnbegun', 'discardPlans'] as const)(
      'beyond a piece are behind no plan after %s, and counted until the next reading drops them',
      async (how) => {
        const run = await running(subject().store, sample);
        await subject().store.planChunk(run, { planned: chain[0], rejects: many }, NOW);
        if (how === 'restartUnbegun') {
          await subject().store.restartUnbegun(run, { ...sample.fingerprint, size: 5 });
        } else {
          const answer = answerOf(sample, 'RUNNING');
          await subject().store.submit(keyOf(sample), () => ({ answer, update: { discardPlans: true } }));
        }
        await isOnRecord(many.slice(500));
        expect(await stored(subject().store, ingestionId)).toMatchObject({ highestPlannedChunk: -1 });
        const store = await subject().reopen();
        await store.recoverAtStart(NOW);
        expect(await store.dropRejectsBehindPlans(await claimed(store))).toMatchObject({ rejectedRecords: 0 });
        await isOnRecord([]);
      },
    );

    it('are dropped in pieces, after each of which those on record are counted and the rest is found again', async () => {
      const run = await running(subject().store, sample);
      await subject().store.recordRejects(run, many, NOW);
      const dropping = subject().store.dropRejectsBehindPlans(run);
      await isOnRecord(many.slice(500));
      await subject().store.applyEvent(ingestionId, 'pause', NOW);
      await expect(dropping).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      const store = await subject().reopen();
      await isOnRecord(many.slice(500));
      await store.applyEvent(ingestionId, 'resume', NOW);
      expect(await store.dropRejectsBehindPlans(await claimed(store))).toMatchObject({ rejectedRecords: 0 });
      await isOnRecord([]);
    });

    it('of one ingestion are none of another', async () => {
      const { store } = subject();
      const other = sampleIngestion('other');
      const run = await running(store, sample);
      await store.recordRejects(run, bad, NOW);
      await store.recordRejects(await running(store, other), bad.slice(0, 1), NOW);
      expect(await rejectsOf(store, other.ingestionId)).toHaveLength(1);
      await isOnRecord(bad);
    });
  });
}
