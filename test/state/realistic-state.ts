import type { ErrorRecord } from '../../src/errors.ts';
import type { PlannedChunk } from '../../src/model/chunk.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { StateStore, SubmissionAnswer } from '../../src/state/state-store.ts';
import {
  acknowledge,
  answerOf,
  badRecordAt,
  claimed,
  complete,
  deliver,
  failOnce,
  keyOf,
  ledgerOf,
  NOW,
  rejectsOf,
  running,
  sampleChain,
  sampleIngestion,
  submitted,
  withoutRejects,
} from './sample-state.ts';

/** Long enough that tables and indexes have several pages. */
const LONG_CHAIN = sampleChain(60);
const SHORT_CHAIN = sampleChain(4);
const FAILED: ErrorRecord = { code: 'DELIVERY_REJECTED', message: 'The receiver says: no such product.' };

/** An attempt that was answered. */
export const ANSWERED: Outcome = {
  kind: 'unavailable',
  reason: 'HTTP 502',
  httpStatus: 502,
  retryAfterMs: null,
  answer: {
    httpStatus: 502,
    headers: [['Server', 'proxy']],
    areHeadersCut: false,
    body: Buffer.alloc(9_000, '<p>Bad gateway</p>'),
    bodyByteCount: 9_000,
    isBodyCut: false,
  },
};

const underWay = sampleIngestion('under-way');
const asked = { key: 'a-key', bodyDigest: 'a-digest' };

/** Puts ingestions in every state on record, with ledgers, attempts of each kind, an answer, bad records and an answered Idempotency-Key. */
export async function writeRealisticState(store: StateStore): Promise<void> {
  const finished = await running(store, sampleIngestion('finished'));
  await deliver(store, finished, LONG_CHAIN);
  await complete(store, finished);

  const broken = await running(store, sampleIngestion('failed'));
  await deliver(store, broken, SHORT_CHAIN.slice(0, 2));
  const rejects = Array.from({ length: 40 }, (_, index) => badRecordAt(20 + index));
  await store.planChunk(broken, { planned: chunkOf(SHORT_CHAIN, 2), rejects }, NOW);
  await failOnce(store, broken, 2, { outcome: ANSWERED });
  await store.failRun(broken, FAILED, NOW);

  const waiting = await running(store, sampleIngestion('paused'));
  await store.planChunk(waiting, withoutRejects(chunkOf(SHORT_CHAIN, 0)), NOW);
  for (let attempt = 0; attempt < 5; attempt += 1) await failOnce(store, waiting, 0, { nextAttemptAt: NOW + 60_000 });
  await store.pauseRun(waiting, FAILED, NOW);

  const given = await running(store, sampleIngestion('cancelled'));
  await deliver(store, given, SHORT_CHAIN.slice(0, 1));
  await store.applyEvent(given.ingestionId, 'cancel', NOW);

  await store.submit(keyOf(underWay, { idempotency: asked }), () => ({ answer: answerOf(underWay), create: underWay }));
  const run = await claimed(store);
  await deliver(store, run, SHORT_CHAIN.slice(0, 2));
  await store.planChunk(run, { planned: chunkOf(SHORT_CHAIN, 2), rejects: [badRecordAt(29)] }, NOW);
  await failOnce(store, run, 2, { nextAttemptAt: NOW + 1_000 });
  await store.beginAttempt(run, 2, NOW);
  await submitted(store, sampleIngestion('queued'));
}

/** What came of going on with a state. */
export interface CarriedOn {
  /** What was read before anything was delivered. */
  readonly read: unknown;
  /** Chunks in the order in which a receiver got them. */
  readonly delivered: unknown[];
  /** What was read when all of it was delivered. */
  readonly afterwards: unknown;
}

/**
 * Goes on with the state as a start does: reads all of it, and delivers what is not delivered yet. What was delivered until an error is in `delivered`
 * even where it throws.
 */
export async function carryOn(store: StateStore, delivered: unknown[]): Promise<CarriedOn> {
  await store.recoverAtStart(NOW);
  const read = await readAll(store);
  for (;;) {
    const ingestion = await store.claimNext({ now: NOW + 3_600_000, excludedIds: [] });
    if (ingestion === null) break;
    await deliverRest(store, ingestion, delivered);
  }
  return { read, delivered, afterwards: await readAll(store) };
}

async function deliverRest(store: StateStore, { ingestionId, epoch }: Ingestion, delivered: unknown[]): Promise<void> {
  const run = { ingestionId, epoch };
  let ingestion = await store.getIngestion(ingestionId);
  while (ingestion !== null && !ingestion.checkpoint.isAtEnd) {
    const { nextChunkNumber: number } = ingestion.checkpoint;
    const onRecord = await store.getPlan(ingestionId, number);
    const planned = onRecord ?? chunkOf(SHORT_CHAIN, number);
    if (onRecord === null) await store.planChunk(run, withoutRejects(planned), NOW);
    delivered.push({ ingestionId, epoch, planned });
    ingestion = await acknowledge(store, run, number);
  }
  delivered.push({ ingestionId, epoch, completed: ingestion?.checkpoint });
  await complete(store, run);
}

async function readAll(store: StateStore): Promise<unknown> {
  const { items: ingestions } = await store.listIngestions({ limit: 100 });
  const ledgers: unknown[] = [];
  for (const { ingestionId } of ingestions) {
    ledgers.push(await ledgerOf(store, ingestionId), await rejectsOf(store, ingestionId));
    ledgers.push(await store.getLastFailedAttempt(ingestionId));
  }
  const counts = await store.countByStatus();
  return { ingestions, ledgers, counts, answer: await answerOnRecord(store) };
}

/** The answer to the key that was answered; it is never decided anew. */
function answerOnRecord(store: StateStore): Promise<SubmissionAnswer> {
  return store.submit(keyOf(underWay, { idempotency: asked }), () => {
    throw new Error('the answer is forgotten');
  });
}

function chunkOf(chain: readonly PlannedChunk[], number: number): PlannedChunk {
  const planned = chain[number];
  if (planned === undefined) throw new Error(`no chunk ${number}`);
  return planned;
}
