import { describe, expect, it } from 'vitest';
import type { ErrorRecord } from '../../../src/errors.ts';
import type { RunKey } from '../../../src/state/run-writes.ts';
import type { StateStore } from '../../../src/state/state-store.ts';
import {
  acknowledge,
  badRecordAt,
  claimed,
  NOW,
  planAfter,
  running,
  sampleIngestion,
  snapshotOf,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const sample = sampleIngestion('feed');
const chain = [planAfter(null, 10), planAfter(planAfter(null, 10), 10)] as const;
const error: ErrorRecord = { code: 'DELIVERY_REJECTED', message: 'no' };
const retry = { failureCount: 1, firstFailedAt: NOW, rejectionCount: 0, rewindCount: 0 };
const outcome = { kind: 'unknown', reason: 'no answer', httpStatus: null } as const;

type Write = (store: StateStore, run: RunKey) => Promise<unknown>;

/** Every write of a run, each such that the run that holds the ingestion below could make it. */
const WRITES: Readonly<Record<string, Write>> = {
  takeEpochAbove: (store, run) => store.takeEpochAbove(run, 99),
  recordRecordPath: (store, run) => store.recordRecordPath(run, 'x'),
  acceptFingerprint: (store, run) => store.acceptFingerprint(run, { ...sample.fingerprint, inode: '1:1' }),
  restartUnbegun: (store, run) => store.restartUnbegun(run, { ...sample.fingerprint, size: 1 }),
  planChunk: (store, run) => store.planChunk(run, withoutRejects(planAfter(chain[1], 10)), NOW),
  replacePlan: (store, run) => store.replacePlan(run, withoutRejects(planAfter(chain[0], 5)), 500, NOW),
  dropRejectsBehindPlans: (store, run) => store.dropRejectsBehindPlans(run),
  recordRejects: (store, run) => store.recordRejects(run, [badRecordAt(20)], NOW),
  beginAttempt: (store, run) => store.beginAttempt(run, 1, NOW),
  rewindTo: (store, run) => store.rewindTo(run, 0, NOW),
  failRun: (store, run) => store.failRun(run, error, NOW),
  pauseRun: (store, run) => store.pauseRun(run, error, NOW),
  releaseRun: (store, run) => store.releaseRun(run, null, NOW),
};

/** What is true whoever holds the ingestion, as long as no other run does. */
const REPORTS: Readonly<Record<string, Write>> = {
  recordFailure: (store, run) =>
    store.recordFailure(run, 1, { attempt: 1, outcome, retry, nextAttemptAt: null, now: NOW }),
  recordAck: (store, run) =>
    store.recordAck(run, {
      chunkNumber: 1,
      attempt: 1,
      next: withoutRejects(planAfter(chain[1], 10)),
      beginsNext: true,
      now: NOW,
    }),
  completeRun: (store, run) => store.completeRun(run, 1, NOW),
};

async function beginWhatIsReported(store: StateStore, run: RunKey, report: string): Promise<void> {
  if (report === 'completeRun') await acknowledge(store, run, 1);
  await store.beginAttempt(run, report === 'completeRun' ? 'completion' : 1, NOW);
}

export function describeOvertakenRuns(subject: Subject): void {
  /** A run with chunk 0 acknowledged and chunk 1 planned. */
  async function midway(): Promise<RunKey> {
    const run = await running(subject().store, sample);
    await subject().store.planChunk(run, withoutRejects(chain[0]), NOW);
    await acknowledge(subject().store, run, 0, { next: chain[1] });
    return run;
  }

  async function expectRefused(write: Write, run: RunKey): Promise<void> {
    const { store } = subject();
    const before = await snapshotOf(store, sample.ingestionId);
    await expect(write(store, run)).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
    expect(await snapshotOf(store, sample.ingestionId)).toEqual(before);
  }

  describe('a run', () => {
    it.each(Object.entries({ ...WRITES, ...REPORTS }))(
      'that another run has overtaken writes nothing: %s',
      async (name, write) => {
        const { store } = subject();
        const run = await midway();
        if (name in REPORTS) await beginWhatIsReported(store, run, name);
        await store.releaseRun(run, null, NOW);
        await claimed(store);
        await expectRefused(write, run);
      },
    );

    it.each(
      Object.entries(WRITES).flatMap(([name, write]) =>
        (['pause', 'cancel', 'release'] as const).map((event) => [name, event, write] as const),
      ),
    )('that nobody has overtaken, but %s after %s, writes nothing', async (_name, event, write) => {
      const { store } = subject();
      const run = await midway();
      if (event === 'release') await store.releaseRun(run, null, NOW);
      else await store.applyEvent(sample.ingestionId, event, NOW);
      await expectRefused(write, run);
    });

    it.each(Object.entries({ ...WRITES, ...REPORTS }))(
      'of an ingestion that is not there writes nothing: %s',
      async (_name, write) => {
        const overtaken = write(subject().store, { ingestionId: 'none', epoch: 1 });
        await expect(overtaken).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
      },
    );
  });
}
