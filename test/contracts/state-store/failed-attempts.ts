import { describe, expect, it } from 'vitest';
import { NO_FAILURES } from '../../../src/model/ingestion.ts';
import type { Outcome, ReceivedAnswer } from '../../../src/model/outcome.ts';
import type { AttemptTarget, RunKey } from '../../../src/state/run-writes.ts';
import {
  acknowledge,
  claimed,
  complete,
  NOW,
  planAfter,
  running,
  sampleIngestion,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const feed = sampleIngestion('feed');
const ID = feed.ingestionId;
const reason = 'said so';

const ANSWER: ReceivedAnswer = {
  httpStatus: 503,
  headers: [
    ['Via', 'a'],
    ['via', '"b\\\u00e9"'],
  ],
  areHeadersCut: true,
  body: Uint8Array.of(0, 255, 195, 60),
  bodyByteCount: 70_000,
  isBodyCut: true,
};
const ANSWERED: Outcome = { kind: 'unavailable', reason, httpStatus: 503, retryAfterMs: null, answer: ANSWER };
const CUT_OFF: Outcome = { kind: 'unknown', reason, httpStatus: null };
const NOT_SENT: Outcome = { kind: 'unavailable', reason, httpStatus: null, retryAfterMs: null };

export function describeFailedAttempts(subject: Subject): void {
  const last = () => subject().store.getLastFailedAttempt(ID);

  async function planned(): Promise<RunKey> {
    const run = await running(subject().store, feed);
    await subject().store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
    return run;
  }

  /** Attempts of a run that end so, one after the other. */
  async function fail(run: RunKey, target: AttemptTarget, ...outcomes: readonly Outcome[]): Promise<void> {
    const { store } = subject();
    for (const outcome of outcomes) {
      const { attempt } = await store.beginAttempt(run, target, NOW + 1);
      const failure = { attempt, outcome, retry: NO_FAILURES, nextAttemptAt: null, now: NOW + 2 };
      await store.recordFailure(run, target, failure);
    }
  }

  const recordOf = (attempt: number, outcome: string, httpStatus: number | null) => ({
    attempt,
    epoch: 1,
    begunAt: NOW + 1,
    endedAt: NOW + 2,
    outcome,
    httpStatus,
    reason,
  });

  describe('the last failed attempt', () => {
    it('is none before one failed, and of what does not exist', async () => {
      const { store } = subject();
      expect(await last()).toBeNull();
      const run = await planned();
      await acknowledge(store, run, 0);
      expect(await last()).toBeNull();
    });

    it('has what was answered, over a restart and after what follows was acknowledged', async () => {
      const run = await planned();
      await fail(run, 0, ANSWERED);
      const expected = { chunkNumber: 0, record: recordOf(1, 'unavailable', 503), answer: ANSWER };
      expect(asTold(await last())).toEqual(expected);
      await acknowledge(subject().store, run, 0, { next: planAfter(planAfter(null, 10), 5, true) });
      await acknowledge(subject().store, run, 1);
      await complete(subject().store, run);
      const again = await subject().reopen();
      expect(asTold(await again.getLastFailedAttempt(ID))).toEqual(expected);
    });

    it('is the last one that was answered, at whatever it was aimed', async () => {
      const { store } = subject();
      const run = await planned();
      const refused = { ...ANSWER, httpStatus: 400, body: Uint8Array.of(1) };
      const rejected = { kind: 'rejected', reason, httpStatus: 400, receiverError: null, isFinal: false } as const;
      await fail(run, 0, ANSWERED, { ...rejected, answer: refused }, CUT_OFF, NOT_SENT);
      expect(await last()).toMatchObject({ record: { attempt: 2, outcome: 'rejected' }, answer: { httpStatus: 400 } });
      await acknowledge(store, run, 0);
      await fail(run, 'completion', ANSWERED);
      expect(await last()).toMatchObject({ chunkNumber: null, record: { attempt: 1 }, answer: { httpStatus: 503 } });
    });

    it('tells the status also of outcomes that have none of their own', async () => {
      const run = await planned();
      await fail(run, 0, { kind: 'too-large', reason, answer: { ...ANSWER, httpStatus: 413 } });
      expect(await last()).toMatchObject({ record: { outcome: 'too-large', httpStatus: 413 } });
    });

    it('is where none was answered the last at which something was sent, and else the last', async () => {
      const run = await planned();
      await fail(run, 0, NOT_SENT, NOT_SENT);
      expect(await last()).toEqual({ chunkNumber: 0, record: recordOf(2, 'unavailable', null), answer: null });
      await fail(run, 0, CUT_OFF, NOT_SENT);
      expect(await last()).toEqual({ chunkNumber: 0, record: recordOf(3, 'unknown', null), answer: null });
      await subject().store.releaseRun(run, null, NOW);
      await fail(await claimed(subject().store), 0, CUT_OFF);
      expect(await last()).toMatchObject({ record: { attempt: 5, epoch: 2 } });
    });

    it('is one that its run left without an outcome', async () => {
      const { store } = subject();
      await store.beginAttempt(await planned(), 0, NOW);
      expect(await last()).toBeNull();
      await store.recoverAtStart(NOW + 1);
      expect(await last()).toMatchObject({ record: { attempt: 1, outcome: 'unknown' }, answer: null });
    });

    it('is each ingestion its own', async () => {
      const { store } = subject();
      const other = await running(store, sampleIngestion('other'));
      await store.planChunk(other, withoutRejects(planAfter(null, 10)), NOW);
      await fail(other, 0, ANSWERED);
      expect(await last()).toBeNull();
      await fail(await planned(), 0, CUT_OFF);
      expect(await last()).toMatchObject({ answer: null });
      expect(await store.getLastFailedAttempt(other.ingestionId)).toMatchObject({ answer: { httpStatus: 503 } });
    });

    it('goes with its ingestion', async () => {
      const { store } = subject();
      const run = await planned();
      await fail(run, 0, ANSWERED);
      await store.failRun(run, { code: 'DELIVERY_REJECTED', message: reason }, NOW);
      await store.deleteIngestion(ID, NOW);
      expect(await store.purgeDeleted(ID)).toBe(true);
      expect(await last()).toBeNull();
      expect(await store.listUnpurged()).toEqual([]);
    });

    it('is not on record where its run was overtaken', async () => {
      const { store } = subject();
      const run = await planned();
      const { attempt } = await store.beginAttempt(run, 0, NOW);
      await store.releaseRun(run, null, NOW);
      await claimed(store);
      const failure = { attempt, outcome: ANSWERED, retry: NO_FAILURES, nextAttemptAt: null, now: NOW };
      await expect(store.recordFailure(run, 0, failure)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      expect(await last()).toMatchObject({ record: { outcome: 'unknown' }, answer: null });
    });
  });
}

/** The bytes of a body as such, whatever kind of array the store gives. */
function asTold(failed: Awaited<ReturnType<ReturnType<Subject>['store']['getLastFailedAttempt']>>): unknown {
  const { answer } = failed ?? {};
  return answer == null ? failed : { ...failed, answer: { ...answer, body: Uint8Array.from(answer.body) } };
}
