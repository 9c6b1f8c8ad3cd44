import { describe, expect, it } from 'vitest';
import type { PlannedChunk } from '../../../src/model/chunk.ts';
import type { CircuitEvent, LoggedEvent } from '../../../src/model/event.ts';
import { NO_FAILURES } from '../../../src/model/ingestion.ts';
import type { RunKey } from '../../../src/state/run-writes.ts';
import { ANSWERED } from '../../state/realistic-state.ts';
import {
  acknowledge,
  badRecordAt,
  claimed,
  complete,
  failOnce,
  NOW,
  planAfter,
  running,
  sampleChain,
  sampleIngestion,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const { ingestionId } = sample;
const chain = sampleChain(4) as [PlannedChunk, PlannedChunk, PlannedChunk, PlannedChunk];
const CIRCUIT: CircuitEvent = {
  kind: 'circuit',
  origin: 'http://receiver.example',
  state: 'open',
  since: NOW,
  nextProbeAt: NOW + 30_000,
};

/** The sums after so many chunks of a sample chain. */
const sums = (chunks: number) => ({
  kind: 'chunk',
  nextChunkNumber: chunks,
  recordCount: chunks * 10,
  chunkCount: chunks,
});

export function describeEvents(subject: Subject): void {
  const logged = async (query: Partial<{ ingestionId: string | null; after: number; limit: number }> = {}) =>
    (await subject().store.listEvents({ ingestionId: null, after: 0, limit: 1_000, ...query })).events;
  const contents = async () => (await logged()).map(({ content }) => content);
  const kinds = async () =>
    (await logged()).map(({ content: { kind, ...content } }) => [kind, Object.values(content)[0]]);

  /** Acknowledges the chunks of the chain up to a number, one every so many ms; when the last was. */
  const deliverEvery = async (run: RunKey, intervalMs: number, upTo: number) => {
    const { store } = subject();
    await store.planChunk(run, withoutRejects(chain[0]), NOW);
    for (let number = 0; number <= upTo; number += 1) {
      await acknowledge(store, run, number, { next: chain[number + 1] ?? null, now: NOW + number * intervalMs });
    }
    return NOW + upTo * intervalMs;
  };

  describe('the event log', () => {
    it('has every change of a status, numbered over all ingestions and kept over a restart', async () => {
      const run = await running(subject().store, sample);
      await submitted(subject().store, sampleIngestion('other'));
      await subject().store.pauseRun(run, { code: 'SOURCE_UNREADABLE', message: 'the disk' }, NOW + 1);
      const events = await logged();
      expect(events.map((event) => [event.ingestionId, event.content])).toEqual([
        [ingestionId, { kind: 'state', status: 'QUEUED', error: null }],
        [ingestionId, { kind: 'state', status: 'RUNNING', error: null }],
        [sampleIngestion('other').ingestionId, { kind: 'state', status: 'QUEUED', error: null }],
        [ingestionId, { kind: 'state', status: 'PAUSED', error: { code: 'SOURCE_UNREADABLE', message: 'the disk' } }],
      ]);
      expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
      expect(events.at(-1)?.at).toBe(NOW + 1);
      await subject().reopen();
      expect(await logged()).toEqual(events);
    });

    it('is read from behind a number, of one ingestion or of all, and says how far it goes', async () => {
      const { store } = subject();
      const before = await store.listEvents({ ingestionId: null, after: 0, limit: 10 });
      expect(before).toEqual({ events: [], oldestId: 1, newestId: 0 });
      await running(store, sample);
      await submitted(store, sampleIngestion('other'));
      const page = await store.listEvents({ ingestionId: null, after: 1, limit: 1 });
      expect(page).toMatchObject({ events: [{ id: 2 }], oldestId: 1, newestId: 3 });
      expect((await logged({ ingestionId, after: 1 })).map(({ id }) => id)).toEqual([2]);
    });

    it('tells of acknowledgements at most every 250 ms, by sums', async () => {
      const run = await running(subject().store, sample);
      await deliverEvery(run, 125, 3);
      const chunks = (await contents()).filter(({ kind }) => kind === 'chunk');
      expect(chunks).toMatchObject([sums(1), sums(3)]);
    });

    it('tells what it left out before the end', async () => {
      const run = await running(subject().store, sample);
      const last = await deliverEvery(run, 1, 3);
      await complete(subject().store, run, last);
      const told = (await contents()).slice(2);
      expect(told).toMatchObject([sums(1), sums(4), { kind: 'state', status: 'COMPLETED' }]);
    });

    it('tells what it left out before an attempt that failed', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await deliverEvery(run, 1, 1);
      await failOnce(store, run, 2, { nextAttemptAt: NOW + 1_000 });
      expect((await contents()).slice(2)).toMatchObject([
        sums(1),
        sums(2),
        {
          kind: 'attempt_failed',
          chunkNumber: 2,
          attempt: 1,
          outcome: 'unknown',
          httpStatus: null,
          reason: 'the connection was reset',
          nextAttemptAt: NOW + 1_000,
        },
      ]);
    });

    it('keeps a bound on what a hostile receiver says', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(chain[0]), NOW);
      const said = String.fromCharCode(1).repeat(10_000);
      await failOnce(store, run, 0, { outcome: { kind: 'unknown', reason: said, httpStatus: null } });
      await store.failRun(run, { code: 'DELIVERY_REJECTED', message: said }, NOW);
      const bytes = (await contents()).map((content) => Buffer.byteLength(JSON.stringify(content)));
      expect(Math.max(...bytes)).toBeLessThan(1_500);
      expect((await contents()).slice(-2)).toMatchObject([
        { kind: 'attempt_failed', reason: expect.stringMatching('\u0001…$') },
        { kind: 'state', error: { message: expect.stringMatching('\u0001…$') } },
      ]);
    });

    it('says of an attempt that failed that none follows where a person has stopped the ingestion meanwhile', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, withoutRejects(chain[0]), NOW);
      const { attempt } = await store.beginAttempt(run, 0, NOW);
      await store.applyEvent(ingestionId, 'pause', NOW);
      const failure = { attempt, outcome: ANSWERED, retry: NO_FAILURES, nextAttemptAt: NOW + 1_000, now: NOW };
      await store.recordFailure(run, 0, failure);
      expect((await contents()).at(-1)).toMatchObject({ kind: 'attempt_failed', nextAttemptAt: null });
    });

    it('tells what it left out, and of the attempt under way, where a process ended without a word', async () => {
      const run = await running(subject().store, sample);
      await deliverEvery(run, 1, 1);
      await subject().store.beginAttempt(run, 2, NOW);
      const store = await subject().reopen();
      await store.recoverAtStart(NOW + 9);
      expect((await contents()).slice(2)).toMatchObject([
        sums(1),
        sums(2),
        { kind: 'state', status: 'QUEUED' },
        { kind: 'attempt_failed', chunkNumber: 2, attempt: 1, outcome: 'unknown', nextAttemptAt: null },
      ]);
    });

    it('says nothing twice of what an earlier process has told', async () => {
      const run = await running(subject().store, sample);
      await deliverEvery(run, 1, 0);
      const store = await subject().reopen();
      await store.recoverAtStart(NOW);
      const next = await claimed(store);
      await acknowledge(store, next, 1, { next: chain[2], now: NOW + 5 });
      expect((await kinds()).slice(2)).toEqual([
        ['chunk', 1],
        ['state', 'QUEUED'],
        ['state', 'RUNNING'],
        ['chunk', 2],
      ]);
    });

    it('tells what was left out once nothing has come after it for half a second, and only then', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const last = await deliverEvery(run, 10, 2);
      const isTold = async () => (await contents()).at(-1);
      await store.recordStalledProgress(last + 499);
      expect(await isTold()).toMatchObject(sums(1));
      await store.recordStalledProgress(last + 500);
      expect(await isTold()).toMatchObject(sums(3));
      const { newestId } = await store.listEvents({ ingestionId, after: 0, limit: 1 });
      await store.recordStalledProgress(last + 10_000);
      expect((await logged()).at(-1)?.id).toBe(newestId);
    });

    it('shows a rewind as sums that go back, and chunks that do not', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const last = await deliverEvery(run, 1, 2);
      await store.rewindTo(run, 1, last + 300);
      expect((await contents()).at(-1)).toMatchObject({ ...sums(1), chunkCount: 3 });
    });

    it('counts bad records that are set aside', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      await store.planChunk(run, { planned: chain[0], rejects: [badRecordAt(0.5), badRecordAt(3.5)] }, NOW);
      expect((await contents()).at(-1)).toEqual({ kind: 'rejects', rejectedRecords: 2 });
    });

    it('has circuits, which are of no ingestion', async () => {
      await subject().store.recordCircuit(CIRCUIT, NOW);
      expect(await logged()).toEqual([{ id: 1, ingestionId: null, at: NOW, content: CIRCUIT }]);
    });

    it('says of circuits that they are closed where a process begins, once for each that was not', async () => {
      const { store } = subject();
      const elsewhere = { ...CIRCUIT, origin: 'http://elsewhere.example' };
      const closed = { kind: 'circuit', state: 'closed', since: null, nextProbeAt: null } as const;
      await store.recordCircuit({ ...closed, origin: CIRCUIT.origin }, NOW);
      await store.recordCircuit(CIRCUIT, NOW);
      await store.recordCircuit(elsewhere, NOW);
      await store.recordCircuit({ ...closed, origin: elsewhere.origin }, NOW);
      const seen: LoggedEvent[] = [];
      store.watchEvents((events) => seen.push(...events));
      for (let start = 1; start <= 2; start += 1) await store.recordCircuitsClosed(NOW + start);
      const said = { ingestionId: null, at: NOW + 1, content: { ...closed, origin: CIRCUIT.origin } };
      expect(seen).toEqual([{ id: 5, ...said }]);
      expect((await logged({ after: 4 })).length).toBe(1);
    });

    it('has nothing of what was not committed, and tells nobody of it', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const seen: LoggedEvent[] = [];
      store.watchEvents((events) => seen.push(...events));
      const rejects = [badRecordAt(0.5)];
      await expect(store.planChunk(run, { planned: planAfter(chain[1], 9), rejects }, NOW)).rejects.toThrow(
        'must be planned',
      );
      expect(await logged()).toHaveLength(2);
      await store.planChunk(run, { planned: chain[0], rejects }, NOW);
      expect(seen).toEqual((await logged()).slice(2));
    });

    it('leaves nothing out for what was refused meanwhile', async () => {
      const { store } = subject();
      const run = await running(store, sample);
      const last = await deliverEvery(run, 1, 2);
      await expect(store.applyEvent('nope', 'pause', last)).rejects.toMatchObject({ code: 'INGESTION_NOT_FOUND' });
      await expect(store.applyEvent(ingestionId, 'resume', last)).rejects.toMatchObject({ code: 'MOVE_NOT_ALLOWED' });
      await store.recordStalledProgress(last + 500);
      expect((await contents()).at(-1)).toMatchObject(sums(3));
    });

    it('tells those who watch, until they do not want it any more', async () => {
      const { store } = subject();
      const seen: LoggedEvent[] = [];
      const unwatch = store.watchEvents((events) => seen.push(...events));
      await running(store, sample);
      unwatch();
      await submitted(store, sampleIngestion('other'));
      expect(seen).toEqual((await logged()).slice(0, 2));
    });

    it('forgets what it is told to, whatever the clock of a start says, and never gives a number out again', async () => {
      const { store } = subject();
      for (let count = 0; count < 3; count += 1) await store.recordCircuit(CIRCUIT, NOW + count);
      await store.recoverAtStart(NOW + 400 * 24 * 3_600_000);
      await store.forgetBefore(NOW + 1);
      expect((await logged()).map(({ id }) => id)).toEqual([2, 3]);
      await store.forgetBefore(NOW + 3);
      expect(await store.listEvents({ ingestionId: null, after: 0, limit: 10 })).toEqual({
        events: [],
        oldestId: 4,
        newestId: 3,
      });
      await store.recordCircuit(CIRCUIT, NOW);
      expect((await logged()).map(({ id }) => id)).toEqual([4]);
    });
  });
}
