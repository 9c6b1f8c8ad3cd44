import { describe, expect, it, onTestFinished } from 'vitest';
import { IngestionQueue } from '../../src/ingestion/ingestion-queue.ts';
import { ReadMeter } from '../../src/ingestion/read-meter.ts';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import { runIngestion } from '../../src/ingestion/run-ingestion.ts';
import { type Run, watchRun } from '../../src/ingestion/watchdog.ts';
import { workerSessions } from '../../src/ingestion/worker-chunk-session.ts';
import type { LogEvent, LogFields } from '../../src/model/logger.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { claimed, NOW, planAfter, sampleIngestion, stored, submitted, withoutRejects } from '../state/sample-state.ts';
import { failingStore, setRunStage } from './run-stage.ts';

const STALL_MS = 20_000;
const LOOK_MS = STALL_MS / 20;
const LONG_MS = 50 * STALL_MS;
/** On the clock of a machine that may be busy: longer than a thread takes to begin and a file to be opened. */
const REAL_STALL_MS = 3_000;

const never = () => new Promise<never>(() => {});

/** What never answers. */
const IDLE: Omit<RunDependencies, 'store' | 'clock' | 'logger' | 'announceStatus'> = {
  random: () => 0,
  openSources: never,
  isUntouched: never,
  openSession: () => ({ opened: never, next: never, rebuild: never, verify: never, close: never }),
  createDestination: () => ({ attempt: never, complete: never, close: never }),
};

/** Time goes on, look by look. */
async function passLooks(clock: ManualClock, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += LOOK_MS) {
    await settled();
    clock.advance(LOOK_MS);
    await settled();
  }
}

/** A run of the test's own under a watchdog that has 20 s, on a real store and a clock that the test puts forward. */
async function watch(run: Run, failures: Map<string, number> = new Map()) {
  const real = openSqliteStateStore({ path: `${tempFolder()}/state.db` });
  onTestFinished(() => real.close());
  const store = failingStore(real, failures);
  let memory: SharedArrayBuffer | undefined;
  const { ingestionId } = await submitted(store, sampleIngestion('feed'));
  const key = await claimed(store);
  const clock = new ManualClock(NOW);
  const logged: { readonly event: LogEvent; readonly fields: LogFields | undefined }[] = [];
  const log = (event: LogEvent, fields?: LogFields) => void logged.push({ event, fields });
  const announced: string[] = [];
  const dependencies: RunDependencies = {
    ...IDLE,
    store,
    clock,
    logger: { debug() {}, info() {}, warn() {}, error: log },
    openSession: (start) => {
      memory = start.meter;
      return IDLE.openSession(start);
    },
    announceStatus: (_, status) => void announced.push(status),
  };
  const control = new RunControl();
  const state = { isOver: false };
  const ingestion = { ...(await stored(store, ingestionId)), isFirstRun: true };
  void watchRun(run, { ingestion, control, dependencies, clock, stallTimeoutMs: STALL_MS }).then(() => {
    state.isOver = true;
  });
  const pass = (durationMs: number) => passLooks(clock, durationMs);
  const meter = () => new ReadMeter(memory);
  return { store, ingestionId, key, clock, control, logged, announced, state, pass, meter };
}

/** A queue with one slot, and runs that never end, each noted down as it begins. */
async function endlessRuns(...names: readonly string[]) {
  const store = openSqliteStateStore({ path: `${tempFolder()}/state.db` });
  onTestFinished(() => store.close());
  for (const name of names) await submitted(store, sampleIngestion(name));
  const clock = new ManualClock(NOW);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const begun: string[] = [];
  const run: Run = ({ filePath }) => {
    begun.push(filePath);
    return never();
  };
  const dependencies = { ...IDLE, store, clock, logger, announceStatus() {} };
  const queue = new IngestionQueue({
    store,
    clock,
    logger,
    maxRunning: 1,
    scope: 'all',
    run: (ingestion, control) => watchRun(run, { ingestion, control, dependencies, clock, stallTimeoutMs: STALL_MS }),
  });
  return { queue, clock, begun };
}

describe('a run without progress', () => {
  it('has failed after the timeout, and what it waited for is told in brief and in the log', async () => {
    const { store, ingestionId, key, pass, logged, announced, control } = await watch(
      async (_, __, { openSources }) => {
        await openSources('/feeds/feed.json', 'json');
      },
    );
    await pass(STALL_MS - LOOK_MS);
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
    await pass(2 * LOOK_MS);
    const { status, lastError } = await stored(store, ingestionId);
    expect({ status, lastError }).toMatchObject({
      status: 'FAILED',
      lastError: {
        code: 'RUN_STALLED',
        message: 'Nothing was read, delivered or recorded for 20s; the run waited for sources.openSources.',
        data: {
          waiting_for: 'sources.openSources',
          chunk_number: 0,
          epoch: key.epoch,
          bytes_read: 0,
          silent_ms: STALL_MS,
        },
      },
    });
    expect(logged[0]).toMatchObject({ event: 'run.stalled', fields: { waiting_for: 'sources.openSources', epoch: 1 } });
    expect(announced).toEqual(['FAILED']);
    expect(control.stopSignal.aborted && control.attemptSignal.aborted).toBe(true);
  });

  it('gives up its slot although it never ends, and can write nothing from then on', async () => {
    const { store, ingestionId, key, pass, logged, state } = await watch(never);
    await pass(STALL_MS + 5_000);
    expect(state.isOver).toBe(false);
    await pass(2 * LOOK_MS);
    expect(state.isOver).toBe(true);
    expect(logged.at(-1)?.event).toBe('run.abandoned');
    const writes = [
      store.planChunk(key, withoutRejects(planAfter(null, 10)), NOW),
      store.releaseRun(key, null, NOW),
      store.failRun(key, { code: 'INTERNAL', message: '' }, NOW),
    ];
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
    expect((await stored(store, ingestionId)).lastError?.code).toBe('RUN_STALLED');
  });

  it('is failed under the epoch that it has taken since it began', async () => {
    const { store, ingestionId, key, pass } = await watch(never);
    await store.takeEpochAbove(key, 7);
    await pass(STALL_MS + LOOK_MS);
    expect(await stored(store, ingestionId)).toMatchObject({ status: 'FAILED', epoch: 8 });
  });

  it('is ended too where a request has taken its ingestion from it, which then is left as it is', async () => {
    const { store, ingestionId, key, pass, state } = await watch(never);
    await store.releaseRun(key, NOW + LONG_MS, NOW);
    await pass(STALL_MS + 10_000 + LOOK_MS);
    expect(state.isOver).toBe(true);
    expect(await stored(store, ingestionId)).toMatchObject({ status: 'QUEUED', lastError: null });
  });

  it('leaves its slot of the queue to the next', async () => {
    const { queue, clock, begun } = await endlessRuns('first', 'second');
    queue.start();
    await passLooks(clock, STALL_MS + LOOK_MS);
    expect(begun).toEqual(['/feeds/first.json']);
    await passLooks(clock, 10_000);
    expect(begun).toEqual(['/feeds/first.json', '/feeds/second.json']);
  });

  it('holds a shutdown up for six of the ten seconds that one may take', async () => {
    const { queue, clock } = await endlessRuns('feed');
    queue.start();
    await settled();
    let isStopped = false;
    void queue.stop().then(() => {
      isStopped = true;
    });
    await passLooks(clock, 5_000);
    expect(isStopped).toBe(false);
    await passLooks(clock, 1_000);
    expect(isStopped).toBe(true);
  });

  it('is failed as soon as the store can be written again', async () => {
    const failures = new Map([['failRun', 2]]);
    const { store, ingestionId, pass, logged } = await watch(never, failures);
    await pass(2 * STALL_MS + LOOK_MS);
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
    expect(logged.map(({ event }) => event)).toEqual(['run.stalled', 'run.failed', 'run.stalled', 'run.failed']);
    await pass(STALL_MS + LOOK_MS);
    expect((await stored(store, ingestionId)).status).toBe('FAILED');
  });
});

describe('no stall', () => {
  it('is a feed of which a block is read now and then', async () => {
    const { store, ingestionId, pass, meter } = await watch((_, __, { openSession }) =>
      openSession({} as never).verify({} as never),
    );
    for (let block = 0; block < 20; block += 1) {
      await pass(STALL_MS - LOOK_MS);
      meter().read(1);
    }
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
    await pass(STALL_MS + LOOK_MS);
    expect((await stored(store, ingestionId)).lastError?.data).toMatchObject({ bytes_read: 20 });
  });

  it('is a wait of the run itself, however long', async () => {
    const { store, ingestionId, pass, logged } = await watch((_, __, { clock }) => clock.sleep(LONG_MS));
    await pass(LONG_MS - LOOK_MS);
    expect(logged).toEqual([]);
    await pass(LOOK_MS);
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
  });

  it('is an attempt, for as long as it may take by its own deadlines', async () => {
    const { store, ingestionId, pass } = await watch((ingestion, _, { createDestination }) =>
      createDestination(ingestion).close(),
    );
    await pass(149_000);
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
    await pass(3 * LOOK_MS);
    expect((await stored(store, ingestionId)).lastError?.data).toMatchObject({ waiting_for: 'destination.close' });
  });

  it('is a machine that slept', async () => {
    const { store, ingestionId, clock } = await watch(never);
    for (let day = 0; day < 19; day += 1) {
      await settled();
      clock.advance(24 * 3_600_000);
    }
    await settled();
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
  });
});

describe('a run that was asked to stop and does not', () => {
  it('gives up its slot within the time that a shutdown may take, and is left as it is', async () => {
    const { store, ingestionId, control, pass, state, logged } = await watch(never);
    await pass(LOOK_MS);
    control.stop();
    await pass(5_000);
    expect(state.isOver).toBe(false);
    await pass(LOOK_MS);
    expect(state.isOver).toBe(true);
    expect(logged.map(({ event }) => event)).toEqual(['run.abandoned']);
    expect((await stored(store, ingestionId)).status).toBe('RUNNING');
  });
});

describe('a thread that reads', () => {
  const opened = `import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'opened', recordPath: '' });`;

  it.each([
    ['never answers', `${opened} parentPort.on('message', () => {});`],
    ['goes round and round', `${opened} parentPort.on('message', () => { for (;;); });`],
  ])('and %s is ended, and its run has failed', async (_, code) => {
    const stage = await setRunStage({ recordCount: 25 });
    const script = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const openSession = workerSessions({ memoryBytes: 64 * 1024 ** 2, script });
    const logged = new Map<LogEvent, LogFields | undefined>();
    const log = (event: LogEvent, fields?: LogFields) => void logged.set(event, fields);
    const change = { clock: systemClock, openSession, logger: { debug: log, info: log, warn: log, error: log } };
    const failed = await stage.run(change, new RunControl(), (ingestion, control, dependencies) =>
      watchRun(runIngestion, { ingestion, control, dependencies, clock: systemClock, stallTimeoutMs: REAL_STALL_MS }),
    );
    expect(failed).toMatchObject({
      status: 'FAILED',
      lastError: { code: 'RUN_STALLED', data: { waiting_for: expect.stringMatching(/^session\./) } },
    });
    expect(logged.get('run.stalled')).toMatchObject({
      thread_heap_bytes: expect.any(Number),
      thread_cpu_ms: expect.any(Number),
    });
    // Its thread was ended, and so was the run.
    expect(logged.has('run.abandoned')).toBe(false);
    const resumed = await stage.resume();
    expect(resumed.status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });
});
