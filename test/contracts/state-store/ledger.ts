import { describe, expect, it } from 'vitest';
import { CHAIN_START, type PlannedChunk } from '../../../src/model/chunk.ts';
import type { RunKey } from '../../../src/state/run-writes.ts';
import {
  acknowledge,
  claimed,
  deliver,
  FILE_SIZE,
  failOnce,
  ledgerOf,
  NOW,
  planAfter,
  positionOf,
  running,
  sampleChain,
  sampleIngestion,
  snapshotOf,
  stored,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const { ingestionId } = sample;
const chain = sampleChain(4) as [PlannedChunk, PlannedChunk, PlannedChunk, PlannedChunk];
const last = chain[3];

export function describeLedger(subject: Subject): void {
  /** A run that has delivered the first `count` chunks; the plan of the one after is on record, where there is one. */
  async function delivered(count: number): Promise<RunKey> {
    const { store } = subject();
    const run = await running(store, sample);
    if (count === 0) await store.planChunk(run, withoutRejects(chain[0]), NOW);
    await deliver(store, run, chain.slice(0, count));
    const next = chain[count];
    if (count > 0 && next !== undefined) await store.planChunk(run, withoutRejects(next), NOW);
    return run;
  }

  describe('a plan', () => {
    it('is kept whole over a restart', async () => {
      await delivered(3);
      const store = await subject().reopen();
      expect(await store.getPlan(ingestionId, 0)).toEqual(chain[0]);
      expect(await store.getPlan(ingestionId, 3)).toEqual(last);
      expect(await store.getPlan(ingestionId, 4)).toBeNull();
      expect(await store.getPlan('none', 0)).toBeNull();
    });

    it.each([
      ['skips a number', planAfter(chain[1], 10), 'must be planned'],
      ['is on record already', chain[0], 'only the next'],
      ['leaves a record out', { ...chain[1], plan: { ...chain[1].plan, recordOffset: 11 } }, 'begin where'],
      ['repeats a record', { ...chain[1], plan: { ...chain[1].plan, recordOffset: 9 } }, 'begin where'],
    ])('is refused where it %s', async (_why, planned, message) => {
      const { store } = subject();
      const run = await delivered(0);
      const before = await snapshotOf(store, ingestionId);
      await expect(store.planChunk(run, withoutRejects(planned), NOW)).rejects.toThrow(message);
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });

    it('is refused behind the last chunk', async () => {
      const { store } = subject();
      const run = await delivered(4);
      await expect(store.planChunk(run, withoutRejects(planAfter(last, 10)), NOW)).rejects.toThrow(
        'behind the last chunk',
      );
    });
  });

  describe('a plan that is replaced by its half', () => {
    const half = planAfter(chain[0], 5);

    it('is the one to deliver, and chunks close at its size from then on', async () => {
      const { store } = subject();
      const run = await delivered(1);
      await store.replacePlan(run, withoutRejects(half), 500, NOW);
      await store.replacePlan(run, withoutRejects(planAfter(chain[0], 3)), 300, NOW);
      expect(await store.getPlan(ingestionId, 1)).toEqual(planAfter(chain[0], 3));
      expect(await stored(store, ingestionId)).toMatchObject({ closeAtBytes: 300, highestPlannedChunk: 1 });
    });

    it('goes on counting its attempts', async () => {
      const { store } = subject();
      const run = await delivered(1);
      const { attempt } = await store.beginAttempt(run, 1, NOW);
      const { retry } = await stored(store, ingestionId);
      const failure = {
        attempt,
        outcome: { kind: 'too-large', reason: '413' },
        retry,
        nextAttemptAt: null,
        now: NOW,
      } as const;
      await store.recordFailure(run, 1, failure);
      await store.replacePlan(run, withoutRejects(half), 500, NOW);
      expect(await store.beginAttempt(run, 1, NOW)).toEqual({ attempt: 2, isCertainlyNotStored: true });
    });

    const elsewhere = { ...half, plan: { ...half.plan, recordOffset: 12 } };
    const nothing = async () => {};
    it.each<[string, PlannedChunk, string, (run: RunKey) => Promise<unknown>]>([
      ['is not the highest', planAfter(null, 5), 'only the highest', nothing],
      ['would begin elsewhere', elsewhere, 'begin where', nothing],
      ['may be with the receiver', half, 'may be with the receiver', (run) => failOnce(subject().store, run, 1)],
      ['is under way', half, 'may be with the receiver', (run) => subject().store.beginAttempt(run, 1, NOW)],
      ['was acknowledged', half, 'acknowledged plan', (run) => acknowledge(subject().store, run, 1)],
    ])('stays as it is where it %s', async (_why, planned, message, prepare) => {
      const { store } = subject();
      const run = await delivered(1);
      await prepare(run);
      const before = await snapshotOf(store, ingestionId);
      await expect(store.replacePlan(run, withoutRejects(planned), 500, NOW)).rejects.toThrow(message);
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });
  });

  describe('an acknowledgement', () => {
    it('moves ledger, checkpoint and chain on, together with the next plan', async () => {
      const { store } = subject();
      const run = await delivered(0);
      const before = await stored(store, ingestionId);
      const after = await acknowledge(store, run, 0, { next: chain[1], now: NOW + 5 });
      expect(after).toEqual({
        ...before,
        checkpoint: {
          nextChunkNumber: 1,
          recordCount: 10,
          sourceBytes: positionOf(10).sourceBytes,
          chainChecksum: chain[0].chainChecksum,
          isAtEnd: false,
        },
        highestAckedChunk: 0,
        highestPlannedChunk: 1,
        updatedAt: NOW + 5,
      });
      await subject().reopen();
      expect(await stored(subject().store, ingestionId)).toEqual(after);
      expect(await ledgerOf(subject().store, ingestionId)).toMatchObject([{ ackedAt: NOW + 5 }, { ackedAt: null }]);
    });

    it('of the last chunk is at the end of the source', async () => {
      await delivered(4);
      const { checkpoint } = await stored(subject().store, ingestionId);
      expect(checkpoint).toEqual({
        nextChunkNumber: 4,
        recordCount: 40,
        sourceBytes: FILE_SIZE,
        chainChecksum: last.chainChecksum,
        isAtEnd: true,
      });
    });

    it('clears the retry history', async () => {
      const { store } = subject();
      const run = await delivered(0);
      await failOnce(store, run, 0, { nextAttemptAt: NOW + 50 });
      expect(await stored(store, ingestionId)).toMatchObject({ retry: { failureCount: 1 }, nextAttemptAt: NOW + 50 });
      expect(await acknowledge(store, run, 0)).toMatchObject({
        retry: { failureCount: 0, firstFailedAt: null },
        nextAttemptAt: null,
      });
    });

    it.each(['pause', 'cancel'] as const)(
      'counts though a person asked to %s meanwhile, without the next plan and an attempt at it',
      async (event) => {
        const { store } = subject();
        const run = await delivered(0);
        const { attempt } = await store.beginAttempt(run, 0, NOW);
        const { status } = await store.applyEvent(ingestionId, event, NOW);
        const ack = { chunkNumber: 0, attempt, next: withoutRejects(chain[1]), beginsNext: true, now: NOW };
        const { ingestion, begun } = await store.recordAck(run, ack);
        expect(ingestion).toMatchObject({ status, highestAckedChunk: 0, highestPlannedChunk: 0 });
        expect(await store.getPlan(ingestionId, 1)).toBeNull();
        expect(begun).toBeNull();
      },
    );

    it('of another chunk than the next is refused, as is one without an attempt', async () => {
      const { store } = subject();
      const run = await delivered(2);
      const before = await snapshotOf(store, ingestionId);
      const ack = { attempt: 1, next: null, beginsNext: false, now: NOW };
      await expect(store.recordAck(run, { ...ack, chunkNumber: 1 })).rejects.toThrow('must be under way');
      await expect(store.recordAck(run, { ...ack, chunkNumber: 2 })).rejects.toThrow('must be under way');
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });
  });

  describe('a rewind', () => {
    it.each([0, 1, 2])('to chunk %i moves the checkpoint and is counted', async (toChunkNumber) => {
      const { store } = subject();
      const run = await delivered(3);
      const before = await stored(store, ingestionId);
      const ledger = await ledgerOf(store, ingestionId);
      const after = await store.rewindTo(run, toChunkNumber, NOW + 1);
      expect(after).toEqual({
        ...before,
        checkpoint: {
          nextChunkNumber: toChunkNumber,
          recordCount: 10 * toChunkNumber,
          sourceBytes: positionOf(10 * toChunkNumber).sourceBytes,
          chainChecksum: chain[toChunkNumber - 1]?.chainChecksum ?? CHAIN_START,
          isAtEnd: false,
        },
        retry: { failureCount: 0, firstFailedAt: null, rejectionCount: 0, rewindCount: 1 },
        updatedAt: NOW + 1,
      });
      expect(await ledgerOf(store, ingestionId)).toEqual(ledger);
    });

    it('from COMPLETED goes back to the last chunk', async () => {
      const { store } = subject();
      const run = await delivered(4);
      expect((await store.rewindTo(run, 3, NOW)).checkpoint).toMatchObject({ nextChunkNumber: 3, isAtEnd: false });
    });

    it('goes back only', async () => {
      const { store } = subject();
      const run = await delivered(2);
      await expect(store.rewindTo(run, 2, NOW)).rejects.toThrow('goes back');
    });

    it('leaves every acknowledged row as it is when it is acknowledged again', async () => {
      const { store } = subject();
      const run = await delivered(3);
      const rows = (await ledgerOf(store, ingestionId)).map(
        ({ attempts: _attempts, attemptCount: _count, ...row }) => row,
      );
      await store.rewindTo(run, 1, NOW);
      await acknowledge(store, run, 1, { next: chain[2], now: NOW + 99 });
      const after = await acknowledge(store, run, 2, { now: NOW + 99 });
      expect(after).toMatchObject({ checkpoint: { nextChunkNumber: 3 }, highestAckedChunk: 2, highestPlannedChunk: 3 });
      expect(
        (await ledgerOf(store, ingestionId)).map(({ attempts: _attempts, attemptCount: _count, ...row }) => row),
      ).toEqual(rows);
    });

    it('does not let a frozen chunk be planned in another way', async () => {
      const { store } = subject();
      const run = await delivered(3);
      await store.rewindTo(run, 1, NOW);
      const { attempt } = await store.beginAttempt(run, 1, NOW);
      const next = withoutRejects(planAfter(chain[1], 4));
      const ack = { chunkNumber: 1, attempt, next, beginsNext: true, now: NOW };
      await expect(store.recordAck(run, ack)).rejects.toThrow('frozen in another way');
      expect(await stored(store, ingestionId)).toMatchObject({ checkpoint: { nextChunkNumber: 1 } });
    });

    it('is counted until new ground is acknowledged', async () => {
      const { store } = subject();
      const run = await delivered(2);
      await store.rewindTo(run, 1, NOW);
      expect((await acknowledge(store, run, 1)).retry.rewindCount).toBe(1);
      expect((await acknowledge(store, run, 2)).retry.rewindCount).toBe(0);
    });
  });

  describe('what a run finds out', () => {
    it('is a record path that holds from then on', async () => {
      const { store } = subject();
      const run = await delivered(0);
      await store.recordRecordPath(run, 'a.b');
      expect((await stored(store, ingestionId)).read).toEqual({
        ...sample.read,
        recordPath: 'a.b',
        isRecordPathFound: true,
      });
    });

    it('is the same file under another inode', async () => {
      const { store } = subject();
      const run = await delivered(2);
      const fingerprint = { ...sample.fingerprint, inode: '64:2', ctimeNs: '3' };
      const before = await stored(store, ingestionId);
      await store.acceptFingerprint(run, fingerprint);
      expect(await stored(store, ingestionId)).toEqual({ ...before, fingerprint });
    });

    it('is another file, taken as it is while nothing was attempted', async () => {
      const { store } = subject();
      const run = await delivered(0);
      const before = await stored(store, ingestionId);
      const fingerprint = { ...sample.fingerprint, size: 5 };
      const after = await store.restartUnbegun(run, fingerprint);
      expect(after).toEqual({ ...before, fingerprint, highestPlannedChunk: -1 });
      expect(await stored(store, ingestionId)).toEqual(after);
      expect(await store.getPlan(ingestionId, 0)).toBeNull();
    });

    it('is another file, in which the records must be found anew', async () => {
      const { store } = subject();
      const run = await delivered(0);
      await store.recordRecordPath(run, 'a.b');
      const after = await store.restartUnbegun(run, { ...sample.fingerprint, size: 5 });
      expect(after?.read).toEqual({ ...sample.read, recordPath: null, isRecordPathFound: false });
    });

    it.each([0, 'completion'] as const)('is another file, too late once an attempt was begun: %s', async (target) => {
      const { store } = subject();
      const run = target === 0 ? await delivered(0) : await running(store, sample);
      await store.beginAttempt(run, target, NOW);
      const before = await snapshotOf(store, ingestionId);
      expect(await store.restartUnbegun(run, { ...sample.fingerprint, size: 5 })).toBeNull();
      expect(await snapshotOf(store, ingestionId)).toEqual(before);
    });
  });

  it('takes an epoch above the one that the receiver has seen, and above its own', async () => {
    const { store } = subject();
    const run = await delivered(0);
    expect(await store.takeEpochAbove(run, 41)).toBe(42);
    expect(await store.takeEpochAbove({ ...run, epoch: 42 }, 7)).toBe(43);
    await expect(store.beginAttempt(run, 0, NOW)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
    await store.releaseRun({ ...run, epoch: 43 }, null, NOW);
    expect((await claimed(store)).epoch).toBe(44);
  });
}
