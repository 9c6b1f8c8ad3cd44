import { type ErrorPlace, ServiceError } from '../errors.ts';
import { CHAIN_START, type ChunkPlan, type PlannedChunk } from '../model/chunk.ts';
import type { Ingestion } from '../model/ingestion.ts';
import { nextChainChecksum } from '../protocol/checksum.ts';
import type { ChunkSession } from './chunk-session.ts';
import { type RebuildDependencies, withRebuildSession } from './rebuild-session.ts';

/** The first acknowledged chunk that is not as recorded. */
export interface Mismatch {
  readonly chunkNumber: number;
  readonly recordOffset: number;
  readonly recordCount: number;
  /** `source`: the file no longer gives its bytes; `chain`: the recorded chain does not follow from the recorded checksums. */
  readonly kind: 'source' | 'chain';
  readonly message: string;
  /** Where its first record began; absent where it is not of the file. */
  readonly place?: ErrorPlace;
}

/** What a verification is done with. */
export interface VerifyOptions {
  readonly ingestion: Ingestion;
  /** Gives it up: SHUTTING_DOWN. */
  readonly signal: AbortSignal;
  /** Told of each chunk that is as recorded. */
  readonly onVerified: (plan: ChunkPlan) => void;
}

/**
 * Rebuilds every chunk that was ever acknowledged, from the first on, and compares its checksum, the chain over all of them and the checkpoint with what is on record. The first
 * that differs, or null. Throws what reading throws, but for SOURCE_CHANGED, which is what is looked for.
 */
export async function verifyChunks(
  options: VerifyOptions,
  dependencies: RebuildDependencies,
): Promise<Mismatch | null> {
  const { ingestion, signal } = options;
  if (ingestion.highestAckedChunk < 0) return null;
  const first = await planOnRecord(ingestion, 0, dependencies);
  const progress = { reached: first.plan };
  try {
    return await withRebuildSession({ ingestion, from: first.plan, signal }, dependencies, (session) =>
      compareAll(session, progress, options, dependencies),
    );
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'SOURCE_CHANGED') return ofSource(progress.reached, error);
    throw error;
  }
}

async function compareAll(
  session: ChunkSession,
  progress: { reached: ChunkPlan },
  { ingestion, onVerified }: VerifyOptions,
  dependencies: RebuildDependencies,
): Promise<Mismatch | null> {
  let chainChecksum = CHAIN_START;
  for (let chunkNumber = 0; chunkNumber <= ingestion.highestAckedChunk; chunkNumber += 1) {
    const recorded = await planOnRecord(ingestion, chunkNumber, dependencies);
    progress.reached = recorded.plan;
    await session.verify(recorded.plan);
    chainChecksum = nextChainChecksum(chainChecksum, recorded.plan.checksum);
    if (!isChainOf(ingestion, recorded, chainChecksum)) return ofChain(recorded.plan);
    onVerified(recorded.plan);
  }
  return null;
}

function isChainOf({ checkpoint }: Ingestion, { plan, chainChecksum }: PlannedChunk, computed: string): boolean {
  const isAtCheckpoint = plan.chunkNumber === checkpoint.nextChunkNumber - 1;
  return chainChecksum === computed && (!isAtCheckpoint || checkpoint.chainChecksum === computed);
}

async function planOnRecord(
  { ingestionId }: Ingestion,
  chunkNumber: number,
  { store }: RebuildDependencies,
): Promise<PlannedChunk> {
  const planned = await store.getPlan(ingestionId, chunkNumber);
  // Nothing but a deletion takes an acknowledged plan away.
  if (planned === null) throw new ServiceError('INGESTION_NOT_FOUND');
  return planned;
}

function ofSource(plan: ChunkPlan, { message, place }: ServiceError): Mismatch {
  return { ...placeIn(plan), kind: 'source', message, ...(place === undefined ? {} : { place }) };
}

function ofChain(plan: ChunkPlan): Mismatch {
  return {
    ...placeIn(plan),
    kind: 'chain',
    message: 'The recorded chain does not follow from the recorded checksums.',
  };
}

function placeIn({ chunkNumber, recordOffset, recordCount }: ChunkPlan) {
  return { chunkNumber, recordOffset, recordCount };
}
