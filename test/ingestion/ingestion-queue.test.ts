import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { IngestionQueue, type IngestionQueueOptions } from '../../src/ingestion/ingestion-queue.ts';
import type { RunControl } from '../../src/ingestion/run-control.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';
import { failOnce, NOW, planAfter, sampleIngestion, stored, submitted } from '../state/sample-state.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

interface FakeRun {
  readonly ingestion: Ingestion;
  readonly control: RunControl;
  /** Ends the run; without a time the ingestion is FAILED, with one it waits. */
  end(nextAttemptAt?: number | null): Promise<void>;
  /** Ends the run and leaves the ingestion as it is. */
  leave(): Promise<void>;
}

/** A queue on a real store, whose runs end when the test says so. */
function setQueue(change: { maxRunning?: number; store?: (real: StateStore) => IngestionQueueOptions['store'] } = {}) {
  const path = `${tempFolder()}/state.db`;
  const store = openSqliteStateStore({ path });
  const clock = new ManualClock(NOW);
  const runs: FakeRun[] = [];
  const errors: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (...logged: unknown[]) => void errors.push(logged) };
  const queue = new IngestionQueue({
    store: change.store?.(store) ?? store,
    clock,
    logger,
    maxRunning: change.maxRunning ?? 2,
    scope: 'all',
    run: (ingestion, control) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const key = { ingestionId: ingestion.ingestionId, epoch: ingestion.epoch };
      const leave = () => {
        resolve();
        return settled();
      };
      runs.push({
        ingestion,
        control,
        async end(nextAttemptAt) {
          if (nextAttemptAt === undefined) await store.failRun(key, { code: 'INTERNAL', message: '' }, NOW);
          else await store.releaseRun(key, nextAttemptAt, NOW);
          await leave();
        },
        leave,
      });
      return promise;
    },
  });
  onTestFinished(() => store.close());
  const begun = () => runs.map((run) => run.ingestion.filePath);
  return { store, path, clock, runs, errors, queue, begun };
}

/** What a queue asks a store, as it is. */
function looksOf(real: StateStore): IngestionQueueOptions['store'] {
  return {
    claimNext: (query) => real.claimNext(query),
    nextWakeAt: (now) => real.nextWakeAt(now),
    recoverTimes: (now, exceptIds) => real.recoverTimes(now, exceptIds),
  };
}

/** Changes a row past everything that would refuse it, as a disk does. */
function rot(path: string, ingestionId: string): void {
  const database = new Database(path);
  database.prepare('UPDATE ingestions SET source_bytes = source_bytes + 1 WHERE ingestion_id = ?').run(ingestionId);
  database.close();
}

describe('the queue', () => {
  it('takes what is queued in its order, as many at once as allowed, and the next when one ends', async () => {
    const { store, queue, runs, begun } = setQueue();
    for (const name of ['a', 'b', 'c', 'd']) await submitted(store, sampleIngestion(name));
    queue.start();
    await settled();
    expect(begun()).toEqual(['/feeds/a.json', '/feeds/b.json']);
    await runs[1]?.end();
    expect(begun()).toEqual(['/feeds/a.json', '/feeds/b.json', '/feeds/c.json']);
    await runs[0]?.end();
    await runs[2]?.end();
    expect(begun().length).toBe(4);
  });

  it('takes nothing before it is started', async () => {
    const { store, queue, runs } = setQueue();
    const { ingestionId } = await submitted(store, sampleIngestion('a'));
    queue.admit(ingestionId);
    await settled();
    expect(runs).toEqual([]);
    expect(queue.isOpen).toBe(false);
  });

  it('looks again when the earliest wait is over, and rests until then', async () => {
    const { store, queue, runs, clock } = setQueue();
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    await runs[0]?.end(NOW + 90_000);
    clock.advance(89_999);
    await settled();
    expect(runs.length).toBe(1);
    clock.advance(1);
    await settled();
    expect(runs.length).toBe(2);
  });

  it('looks once a minute while anything waits, and so takes it soon where the clock was set forward', async () => {
    const { store, queue, runs, clock } = setQueue();
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    await runs[0]?.end(NOW + 1_000 * HOUR_MS);
    expect([...clock.sleepers].map((sleeper) => sleeper.durationMs)).toEqual([MINUTE_MS]);
    clock.set(NOW + 2_000 * HOUR_MS);
    clock.advance(MINUTE_MS);
    await settled();
    expect(runs.length).toBe(2);
  });

  it('lets nothing wait for what a clock ahead has written for longer than anybody may ask for, once it was set right', async () => {
    const { store, queue, runs, clock } = setQueue();
    await submitted(store, sampleIngestion('a'));
    clock.set(NOW + 24 * HOUR_MS);
    queue.start();
    await settled();
    await runs[0]?.end(NOW + 24 * HOUR_MS + MINUTE_MS);
    clock.set(NOW);
    clock.advance(MINUTE_MS);
    await settled();
    expect(await store.nextWakeAt(NOW)).toBe(NOW + MINUTE_MS + HOUR_MS);
    expect(runs.length).toBe(1);
    for (let minute = 0; minute < 60; minute += 1) {
      clock.advance(MINUTE_MS);
      await settled();
    }
    expect(runs.length).toBe(2);
  });

  it('has what waits wait on where the clock goes back as clocks do all the time', async () => {
    const { store, queue, runs, clock } = setQueue();
    const { ingestionId } = await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    await runs[0]?.end(NOW + 5 * HOUR_MS);
    clock.advance(MINUTE_MS);
    await settled();
    clock.set(NOW);
    clock.advance(MINUTE_MS - 1_000);
    await settled();
    expect((await stored(store, ingestionId)).nextAttemptAt).toBe(NOW + 5 * HOUR_MS);
  });

  it('does not take an ingestion again while its last run has not ended', async () => {
    const { store, queue, runs } = setQueue();
    const { ingestionId } = await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    await store.applyEvent(ingestionId, 'pause', NOW);
    queue.halt(ingestionId);
    await store.applyEvent(ingestionId, 'resume', NOW);
    queue.admit(ingestionId);
    await settled();
    expect(runs.length).toBe(1);
    await runs[0]?.leave();
    expect(runs.length).toBe(2);
  });

  it('takes what waited for an ingestion that is cancelled while it is queued', async () => {
    const { store, queue, runs } = setQueue();
    const first = await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    const run = { ingestionId: first.ingestionId, epoch: 1 };
    await store.planChunk(run, { planned: planAfter(null, 10), rejects: [] }, NOW);
    await failOnce(store, run, 0);
    await runs[0]?.end(NOW + HOUR_MS);
    const second = await submitted(store, sampleIngestion('a', { version: '17' }));
    queue.admit(second.ingestionId);
    await settled();
    expect(runs.length).toBe(1);
    await store.applyEvent(first.ingestionId, 'cancel', NOW);
    queue.halt(first.ingestionId);
    await settled();
    expect(runs[1]?.ingestion.ingestionId).toBe(second.ingestionId);
  });

  it('tells the run of an ingestion, and no other, that settings have changed', async () => {
    const { store, queue, runs } = setQueue();
    for (const name of ['a', 'b']) await submitted(store, sampleIngestion(name));
    queue.start();
    await settled();
    queue.announceChange(runs[0]?.ingestion.ingestionId ?? '');
    queue.announceChange('unknown');
    expect(runs.map(({ control }) => control.takeChange())).toEqual([true, false]);
  });

  it('looks again in five seconds where the store failed', async () => {
    let failures = 1;
    const { store, queue, runs, errors, clock } = setQueue({
      store: (real) => ({
        ...looksOf(real),
        claimNext: async (query) => {
          failures -= 1;
          if (failures >= 0) throw new ServiceError('STATE_UNAVAILABLE');
          return real.claimNext(query);
        },
      }),
    });
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    expect([runs.length, errors.length, queue.isOpen, queue.isClaiming]).toEqual([0, 1, true, false]);
    clock.advance(5_000);
    await settled();
    expect([runs.length, queue.isClaiming]).toEqual([1, true]);
  });
});

describe('a queue that meets an ingestion whose row is not what was written', () => {
  it('passes over it, says so once, and takes what follows', async () => {
    const { store, path, queue, runs, errors, begun, clock } = setQueue({ maxRunning: 1 });
    for (const name of ['a', 'b', 'c']) await submitted(store, sampleIngestion(name));
    const { ingestionId } = sampleIngestion('a');
    rot(path, ingestionId);
    queue.start();
    await settled();
    expect([begun(), queue.isClaiming]).toEqual([['/feeds/b.json'], true]);
    await runs[0]?.end(NOW + MINUTE_MS);
    await runs[1]?.end();
    clock.advance(MINUTE_MS);
    await settled();
    expect(begun()).toEqual(['/feeds/b.json', '/feeds/c.json', '/feeds/b.json']);
    expect(errors).toEqual([['state.damaged', expect.objectContaining({ ingestion_id: ingestionId })]]);
  });

  it('keeps back what has to be delivered after it to the same callback', async () => {
    const { store, path, queue, begun, runs } = setQueue();
    const first = await submitted(store, sampleIngestion('a'));
    await submitted(store, sampleIngestion('a', { version: '17' }));
    const callbackUrl = 'http://127.0.0.1:9000/other';
    const elsewhere = { ...first.delivery, callbackUrl };
    await submitted(store, sampleIngestion('a', { version: '18', delivery: elsewhere }));
    rot(path, first.ingestionId);
    queue.start();
    await settled();
    expect(begun()).toHaveLength(1);
    expect(runs[0]?.ingestion.version).toBe('18');
  });

  it('cuts the waits of the others where the clock is set back', async () => {
    const { store, path, queue, runs, errors, clock } = setQueue();
    for (const name of ['a', 'b']) await submitted(store, sampleIngestion(name));
    clock.set(NOW + 24 * HOUR_MS);
    queue.start();
    await settled();
    for (const run of runs.slice()) await run.end(NOW + 24 * HOUR_MS + MINUTE_MS);
    rot(path, sampleIngestion('a').ingestionId);
    clock.set(NOW);
    clock.advance(MINUTE_MS);
    await settled();
    expect((await stored(store, sampleIngestion('b').ingestionId)).nextAttemptAt).toBe(NOW + MINUTE_MS + HOUR_MS);
    expect(errors).toHaveLength(1);
  });

  it('claims nothing where all of the state is damaged, and says that it does not', async () => {
    const damage = new ServiceError('STATE_DAMAGED', { detail: 'The file is damaged.' });
    const { store, queue, errors, clock } = setQueue({
      store: (real) => ({ ...looksOf(real), claimNext: () => Promise.reject(damage) }),
    });
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    clock.advance(5_000);
    await settled();
    expect(queue.isClaiming).toBe(false);
    const said = ['state.unavailable', expect.objectContaining({ code: 'STATE_DAMAGED' })];
    expect(errors).toEqual([said, said]);
  });

  it('asks no more where what it leaves out is met all the same', async () => {
    const damage = new ServiceError('STATE_DAMAGED', { data: { ingestion_id: 'a' } });
    const { queue, errors } = setQueue({
      store: (real) => ({ ...looksOf(real), claimNext: () => Promise.reject(damage) }),
    });
    queue.start();
    await settled();
    expect(errors.map((logged) => (Array.isArray(logged) ? logged[0] : null))).toEqual([
      'state.damaged',
      'state.unavailable',
    ]);
  });
});

describe('a queue that is stopped', () => {
  it('asks each run to end, gives up its attempt after five seconds, and waits for it', async () => {
    const { store, queue, runs, clock } = setQueue();
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    let isStopped = false;
    const stopped = queue.stop().then(() => {
      isStopped = true;
    });
    await settled();
    const control = runs[0]?.control;
    expect([control?.stopSignal.aborted, control?.attemptSignal.aborted]).toEqual([true, false]);
    clock.advance(4_999);
    await settled();
    expect(control?.attemptSignal.aborted).toBe(false);
    clock.advance(1);
    await until(
      () => control?.attemptSignal.aborted,
      (isAborted) => isAborted === true,
    );
    expect(isStopped).toBe(false);
    await runs[0]?.end(null);
    await stopped;
    expect(runs.length).toBe(1);
    expect(clock.sleepers.size).toBe(0);
  });

  it('asks the run too that it was just about to begin', async () => {
    const claim = Promise.withResolvers<void>();
    const { store, queue, runs } = setQueue({
      store: (real) => ({
        ...looksOf(real),
        claimNext: async (query) => {
          const claimed = await real.claimNext(query);
          await claim.promise;
          return claimed;
        },
      }),
    });
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    let isStopped = false;
    const stopped = queue.stop().then(() => {
      isStopped = true;
    });
    claim.resolve();
    await settled();
    expect(runs.map(({ control }) => control.stopSignal.aborted)).toEqual([true]);
    expect(isStopped).toBe(false);
    await runs[0]?.end(null);
    await stopped;
  });

  it('leaves no timer behind, also where it is looking at the store at that moment', async () => {
    const look = Promise.withResolvers<void>();
    const { store, queue, runs, clock } = setQueue({
      store: (real) => ({
        ...looksOf(real),
        nextWakeAt: async (now) => {
          if (runs.length > 0) await look.promise;
          return real.nextWakeAt(now) ?? null;
        },
      }),
    });
    await submitted(store, sampleIngestion('a'));
    queue.start();
    await settled();
    await runs[0]?.end(NOW + HOUR_MS);
    const stopped = queue.stop();
    look.resolve();
    await stopped;
    await settled();
    expect(clock.sleepers.size).toBe(0);
    queue.admit('another');
    await settled();
    expect(runs.length).toBe(1);
  });
});
