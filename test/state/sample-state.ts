import { CHAIN_START, type PlannedChunk } from '../../src/model/chunk.ts';
import type { Ingestion, LedgerEntry, RejectEntry } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { BadRecord, Position } from '../../src/model/record.ts';
import { nextChainChecksum, sha256Hex } from '../../src/protocol/checksum.ts';
import { fileIdOf, ingestionIdOf, RESUME_VERSION } from '../../src/protocol/identity.ts';
import type { AttemptTarget, PlanToRecord, RunKey } from '../../src/state/run-writes.ts';
import type { NewIngestion, StateStore, SubmissionAnswer, SubmissionKey } from '../../src/state/state-store.ts';

/** Wall clock of the samples, ms. */
export const NOW = Date.UTC(2026, 0, 1);
/** What no error may show. */
export const SECRET = 'whsec_never-shown';
export const FILE_SIZE = 1_000_000;
const BYTES_PER_RECORD = 100;

/** A new ingestion of `/feeds/<name>.json` with everything set that can be. */
export function sampleIngestion(name: string, overrides: Partial<NewIngestion> = {}): NewIngestion {
  const filePath = `/feeds/${name}.json`;
  const fileId = fileIdOf(filePath, 'json');
  const version = overrides.version ?? RESUME_VERSION;
  return {
    ingestionId: ingestionIdOf(fileId, version),
    fileId,
    version,
    filePath,
    fileType: 'json',
    read: {
      recordPath: 'products.items',
      isRecordPathFound: false,
      numberForm: 'exact',
      maxDepth: 256,
      maxRecordBytes: 67_108_864,
      format: { encoding: 'windows-1252' },
      onBadRecord: 'quarantine',
    },
    delivery: {
      callbackUrl: 'http://127.0.0.1:9000/callback',
      chunkSizeByRecords: 500,
      chunkSizeByMemory: 524_288,
      retryWindowMs: 259_200_000,
      maxDelayMs: 60_000,
      callbackHeaders: { authorization: `Bearer ${SECRET}` },
      callbackSecret: SECRET,
      statusUrl: 'http://127.0.0.1:9000/status',
      maxBadRecords: { kind: 'percent', percent: 0.25 },
    },
    fingerprint: {
      size: FILE_SIZE,
      mtimeNs: '1767225600000000001',
      ctimeNs: '1767225600000000002',
      inode: '64:123456789012345678',
      headDigest: sha256Hex(`head of ${name}`),
      tailDigest: sha256Hex(`tail of ${name}`),
    },
    ...overrides,
  };
}

export function keyOf(ingestion: NewIngestion, overrides: Partial<SubmissionKey> = {}): SubmissionKey {
  return {
    fileId: ingestion.fileId,
    resumeIngestionId: ingestionIdOf(ingestion.fileId, RESUME_VERSION),
    callbackUrl: ingestion.delivery.callbackUrl,
    idempotency: null,
    now: NOW,
    ...overrides,
  };
}

export function answerOf(
  { ingestionId, fileId }: NewIngestion,
  status: SubmissionAnswer['status'] = 'STARTED',
): SubmissionAnswer {
  return { status, ingestionId, fileId, changed: [] };
}

/** Creates an ingestion, whatever is there. */
export async function submitted(store: StateStore, create: NewIngestion, now = NOW): Promise<Ingestion> {
  await store.submit(keyOf(create, { now }), () => ({ answer: answerOf(create), create }));
  return stored(store, create.ingestionId);
}

/** Creates an ingestion in an otherwise empty queue, and claims it. */
export async function running(store: StateStore, create: NewIngestion): Promise<RunKey> {
  await submitted(store, create);
  return claimed(store);
}

/** Claims the first of the queue, which must not be empty. */
export async function claimed(store: StateStore, now = NOW): Promise<RunKey> {
  const ingestion = await store.claimNext({ now, excludedIds: [] });
  if (ingestion === null) throw new Error('nothing to claim');
  return { ingestionId: ingestion.ingestionId, epoch: ingestion.epoch };
}

export async function stored(store: StateStore, ingestionId: string): Promise<Ingestion> {
  const ingestion = await store.getIngestion(ingestionId);
  if (ingestion === null) throw new Error(`no ingestion ${ingestionId}`);
  return ingestion;
}

export async function ledgerOf(store: StateStore, ingestionId: string): Promise<readonly LedgerEntry[]> {
  return (await store.listChunks(ingestionId, { limit: 1_000 })).items;
}

export async function rejectsOf(store: StateStore, ingestionId: string): Promise<readonly RejectEntry[]> {
  return (await store.listRejects(ingestionId, { limit: 1_000 })).items;
}

/** All that is on record of an ingestion. */
export async function snapshotOf(store: StateStore, ingestionId: string): Promise<unknown> {
  return {
    ingestion: await stored(store, ingestionId),
    ledger: await ledgerOf(store, ingestionId),
    rejects: await rejectsOf(store, ingestionId),
  };
}

/** Where record `recordOffset` of a sample source begins. */
export function positionOf(recordOffset: number): Position {
  const byteOffset = recordOffset * BYTES_PER_RECORD;
  return {
    fileIndex: 0,
    byteOffset,
    line: Math.floor(recordOffset) + 1,
    column: 1,
    sourceBytes: byteOffset / 2,
    seek: [byteOffset - 5, byteOffset / 2 - 5],
    state: { depth: 1, path: ['products'] },
  };
}

/** The plan behind `previous` (null: the first) with `recordCount` records. */
export function planAfter(previous: PlannedChunk | null, recordCount: number, isLast = false): PlannedChunk {
  const recordOffset = previous === null ? 0 : previous.plan.recordOffset + previous.plan.recordCount;
  const checksum = sha256Hex(`records ${recordOffset} to ${recordOffset + recordCount}`);
  return {
    plan: {
      chunkNumber: previous === null ? 0 : previous.plan.chunkNumber + 1,
      recordOffset,
      recordCount,
      firstPosition: positionOf(recordOffset),
      positionAfter: isLast ? null : positionOf(recordOffset + recordCount),
      bounds: { maxRecords: 500, maxBytes: 524_288, closeAtBytes: null },
      isLast,
      checksum,
      byteCount: recordCount * BYTES_PER_RECORD,
    },
    chainChecksum: nextChainChecksum(previous?.chainChecksum ?? CHAIN_START, checksum),
  };
}

/** A plan on the way to which nothing bad was met. */
export function withoutRejects(planned: PlannedChunk): PlanToRecord {
  return { planned, rejects: [] };
}

/** The bad record in the place of record `recordOffset` of a sample source. */
export function badRecordAt(recordOffset: number): BadRecord {
  const position = positionOf(recordOffset);
  const { byteOffset, line } = position;
  return {
    position,
    byteLength: BYTES_PER_RECORD,
    error: {
      code: 'DUPLICATE_KEY',
      message: 'The key "a" is there twice.',
      place: { byteOffset: byteOffset + 7, line },
    },
    raw: Buffer.of(0, 255, recordOffset % 256),
  };
}

/** `count` plans of ten records each, the last one being the source's last. */
export function sampleChain(count: number): PlannedChunk[] {
  const chain: PlannedChunk[] = [];
  for (let index = 0; index < count; index += 1) {
    chain.push(planAfter(chain.at(-1) ?? null, 10, index === count - 1));
  }
  return chain;
}

/** One attempt that the receiver acknowledges; `next` is frozen with it, and no attempt at it begins. */
export async function acknowledge(
  store: StateStore,
  run: RunKey,
  chunkNumber: number,
  { next = null, now = NOW }: { readonly next?: PlannedChunk | null; readonly now?: number } = {},
): Promise<Ingestion> {
  const { attempt } = await store.beginAttempt(run, chunkNumber, now);
  const plan = next === null ? null : withoutRejects(next);
  const { ingestion } = await store.recordAck(run, { chunkNumber, attempt, next: plan, beginsNext: false, now });
  return ingestion;
}

/** Plans and acknowledges the chunks one after the other, each ack bringing the next plan. */
export async function deliver(store: StateStore, run: RunKey, chain: readonly PlannedChunk[]): Promise<void> {
  for (const [index, planned] of chain.entries()) {
    if (index === 0) await store.planChunk(run, withoutRejects(planned), NOW);
    await acknowledge(store, run, planned.plan.chunkNumber, { next: chain[index + 1] ?? null });
  }
}

/** One attempt at COMPLETED that the receiver acknowledges. */
export async function complete(store: StateStore, run: RunKey, now = NOW): Promise<void> {
  const { attempt } = await store.beginAttempt(run, 'completion', now);
  await store.completeRun(run, attempt, now);
}

const CONNECTION_RESET: Outcome = { kind: 'unknown', reason: 'the connection was reset', httpStatus: null };

/** One attempt without an acknowledgement, by default without an answer; the next one is due at `nextAttemptAt`. */
export async function failOnce(
  store: StateStore,
  run: RunKey,
  target: AttemptTarget,
  { nextAttemptAt = null, outcome = CONNECTION_RESET }: { nextAttemptAt?: number | null; outcome?: Outcome } = {},
): Promise<void> {
  const { attempt } = await store.beginAttempt(run, target, NOW);
  await store.recordFailure(run, target, {
    attempt,
    outcome,
    retry: { failureCount: 1, firstFailedAt: NOW, rejectionCount: 0, rewindCount: 0 },
    nextAttemptAt,
    now: NOW,
  });
}
