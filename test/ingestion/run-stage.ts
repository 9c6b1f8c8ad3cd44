import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { fromErrorRecord } from '../../src/errors.ts';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import { runIngestion } from '../../src/ingestion/run-ingestion.ts';
import { workerSessions } from '../../src/ingestion/worker-chunk-session.ts';
import type { Chunk, Completion } from '../../src/model/chunk.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { AnnouncedStatus, DeliverySettings, Ingestion, ReadSettings } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { isUntouched } from '../../src/sources/source-set.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { writeFeed } from '../harness/feed.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { sampleIngestion, stored, submitted } from '../state/sample-state.ts';

/** What was sent: a chunk, or COMPLETED. */
export type Sent = Chunk | Completion;
/** Says what becomes of the `index`-th attempt of the stage. */
export type Answer = (sent: Sent, index: number) => Outcome | Promise<Outcome>;

export const ACKNOWLEDGED: Outcome = { kind: 'acknowledged' };
export const REJECTED: Outcome = {
  kind: 'rejected',
  reason: 'no',
  httpStatus: 400,
  receiverError: 'no',
  isFinal: false,
};
export const REJECTED_FOR_GOOD: Outcome = { ...REJECTED, isFinal: true };
export const rewindTo = (expectedChunk: number): Outcome => ({
  kind: 'rewind-asked',
  expectedChunk,
  reason: 'lost it',
});
export const UNAVAILABLE: Outcome = { kind: 'unavailable', reason: 'HTTP 503', httpStatus: 503, retryAfterMs: null };

/** One ingestion in a real store, of a real file read by real workers, towards a destination that answers as it is told. */
export interface RunStage {
  readonly store: StateStore;
  readonly dependencies: RunDependencies;
  readonly filePath: string;
  /** The records of the file, as they must arrive. */
  readonly expected: readonly string[];
  readonly ingestionId: string;
  /** What was attempted: chunk numbers, and `COMPLETED`. */
  readonly attempts: (number | 'COMPLETED')[];
  /** What was acknowledged, each chunk number once, in the order of the first acknowledgements. */
  readonly acceptedRecords: () => string[];
  readonly announced: { readonly status: AnnouncedStatus; readonly errorCode: string | null }[];
  /** How long was waited, ms. No wait takes any time. */
  readonly waitsMs: number[];
  /** Claims the ingestion and runs it until the run ends. `change` replaces what the run works with. */
  run(change?: Partial<RunDependencies>, control?: RunControl, run?: typeof runIngestion): Promise<Ingestion>;
  /** What a person does, and {@link run}. */
  resume(): Promise<Ingestion>;
  ingestion(): Promise<Ingestion>;
}

/** Sets a stage with a file of `recordCount` records, 10 in a chunk. */
export async function setRunStage(options: {
  readonly recordCount: number;
  readonly answer?: Answer;
  readonly delivery?: Partial<DeliverySettings>;
  readonly read?: Partial<ReadSettings>;
}): Promise<RunStage> {
  const folder = tempFolder();
  const filePath = join(folder, 'feed.json');
  const expected = writeFeed(filePath, options.recordCount);
  const store = openSqliteStateStore({ path: join(folder, 'state.db') });
  onTestFinished(() => store.close());
  const { ingestionId } = await submitted(store, await newIngestion(filePath, options));

  const attempts: RunStage['attempts'] = [];
  const accepted = new Map<number, string[]>();
  const announced: RunStage['announced'] = [];
  const waitsMs: number[] = [];
  const attempt = async (sent: Sent): Promise<Outcome> => {
    const index = attempts.push('plan' in sent ? sent.plan.chunkNumber : 'COMPLETED') - 1;
    const outcome = (await options.answer?.(sent, index)) ?? ACKNOWLEDGED;
    if (outcome.kind === 'acknowledged' && 'plan' in sent && !accepted.has(sent.plan.chunkNumber)) {
      accepted.set(sent.plan.chunkNumber, recordsOf(sent));
    }
    return outcome;
  };
  const dependencies: RunDependencies = {
    store,
    clock: { now: Date.now, sleep: (durationMs) => waited(waitsMs, durationMs) },
    random: () => 0,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    openSources,
    isUntouched,
    openSession: workerSessions({ memoryBytes: 512 * 1024 ** 2 }),
    createDestination: () => ({ attempt, complete: attempt, close: async () => {} }),
    announceStatus: ({ lastError }, status) => announced.push({ status, errorCode: lastError?.code ?? null }),
  };
  const stage: RunStage = {
    store,
    dependencies,
    filePath,
    expected,
    ingestionId,
    attempts,
    acceptedRecords: () => [...accepted.values()].flat(),
    announced,
    waitsMs,
    async run(change = {}, control = new RunControl(), run = runIngestion) {
      const claimed = await store.claimNext({ now: Number.MAX_SAFE_INTEGER, excludedIds: [] });
      if (claimed === null) throw new Error('nothing to claim');
      await run(claimed, control, { ...dependencies, ...change });
      return stored(store, ingestionId);
    },
    async resume() {
      await store.applyEvent(ingestionId, 'resume', Date.now());
      return stage.run();
    },
    ingestion: () => stored(store, ingestionId),
  };
  return stage;
}

/** A store that fails as `methods` says: the name of a method, and how often it still fails. */
export function failingStore(store: StateStore, methods: Map<string, number>): StateStore {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return async (...args: unknown[]) => {
        const left = methods.get(String(name)) ?? 0;
        if (left === 0) return method.apply(target, args);
        methods.set(String(name), left - 1);
        throw fromErrorRecord({ code: 'STATE_UNAVAILABLE', message: 'the disk is full' });
      };
    },
  });
}

async function newIngestion(
  filePath: string,
  { delivery, read }: { readonly delivery?: Partial<DeliverySettings>; readonly read?: Partial<ReadSettings> },
) {
  const sample = sampleIngestion('feed');
  const { fingerprint } = await openSources(filePath);
  return sampleIngestion('feed', {
    filePath,
    fingerprint,
    read: { ...sample.read, recordPath: null, format: DEFAULT_FORMATS.json, onBadRecord: 'fail', ...read },
    delivery: { ...sample.delivery, chunkSizeByRecords: 10, chunkSizeByMemory: 0, ...delivery },
  });
}

async function waited(waitsMs: number[], durationMs: number): Promise<void> {
  waitsMs.push(durationMs);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The records of a body, as canonical text: one by one, since a parsed number would lose digits. */
function recordsOf({ body, plan }: Chunk): string[] {
  const text = new TextDecoder().decode(body);
  const start = text.indexOf('"records":[') + '"records":['.length;
  const records = text.slice(start, start + plan.byteCount * 2).split(/(?<=\}),(?=\{"id":)/);
  const last = records.pop() ?? '';
  return [...records, last.slice(0, last.indexOf('}],"is_last"') + 1)];
}
