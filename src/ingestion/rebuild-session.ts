import { type ErrorCode, ServiceError, toServiceError } from '../errors.ts';
import type { ChunkPlan } from '../model/chunk.ts';
import type { Ingestion } from '../model/ingestion.ts';
import { describeChange } from '../sources/compare-fingerprints.ts';
import type { SourceSet } from '../sources/source.ts';
import type { StateStore } from '../state/state-store.ts';
import type { ChunkSession, OpenChunkSession } from './chunk-session.ts';
import type { RunDependencies } from './run-context.ts';
import { withSession } from './with-session.ts';

/** What reads recorded chunks back, beside the runs and without writing anything. */
export interface RebuildDependencies {
  readonly store: Pick<StateStore, 'getIngestion' | 'getPlan'>;
  readonly openSources: RunDependencies['openSources'];
  readonly openSession: OpenChunkSession;
}

/** What is read back, and for how long. */
export interface Rebuilding {
  readonly ingestion: Ingestion;
  /** The plan to begin with. */
  readonly from: ChunkPlan;
  /** Gives it up: SHUTTING_DOWN. */
  readonly signal: AbortSignal;
}

/** These say nothing about the bytes of the file. Whatever else a reader finds wrong with what it has read before has come into it since. */
const NOT_OF_THE_BYTES: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_NOT_FOUND',
  'SOURCE_NOT_ALLOWED',
  'SOURCE_NOT_A_FILE',
  'SOURCE_UNREADABLE',
  'WORKER_OUT_OF_MEMORY',
  'STATE_UNAVAILABLE',
  'STATE_DAMAGED',
  'INGESTION_NOT_FOUND',
  'INTERNAL',
]);

/**
 * Lets `work` rebuild chunks from one plan on, with a thread of its own that ends with it. Throws the SOURCE_ codes of opening, SOURCE_CHANGED where the source can no
 * longer be read as it was, WORKER_OUT_OF_MEMORY, SHUTTING_DOWN.
 */
export async function withRebuildSession<Result>(
  { ingestion, from, signal }: Rebuilding,
  { openSources, openSession }: Pick<RebuildDependencies, 'openSources' | 'openSession'>,
  work: (session: ChunkSession) => Promise<Result>,
): Promise<Result> {
  const sources = await openSources(ingestion.filePath, ingestion.fileType);
  if (signal.aborted) throw givenUp();
  if (from.firstPosition.fileIndex >= sources.files.length) throw changedSince(ingestion, sources);
  try {
    return await withSession({ ingestion, sources, from, openSession, signal }, work);
  } catch (cause) {
    if (signal.aborted) throw givenUp();
    const error = toServiceError(cause);
    if (error.code === 'SOURCE_CHANGED' || NOT_OF_THE_BYTES.has(error.code)) throw error;
    throw changedSince(ingestion, sources, error);
  }
}

function changedSince({ fingerprint }: Ingestion, sources: SourceSet, cause?: ServiceError): ServiceError {
  const detail = describeChange(fingerprint, sources.fingerprint) ?? cause?.message;
  return new ServiceError('SOURCE_CHANGED', { ...(detail === undefined ? {} : { detail }), cause });
}

function givenUp(): ServiceError {
  return new ServiceError('SHUTTING_DOWN', { detail: 'The reading was given up.' });
}
