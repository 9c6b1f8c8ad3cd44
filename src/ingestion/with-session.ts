import type { ChunkPlan } from '../model/chunk.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { SourceSet } from '../sources/source.ts';
import type { ChunkSession, OpenChunkSession } from './chunk-session.ts';
import type { RunContext } from './run-context.ts';

/** What is read, and for how long. */
export interface Reading {
  readonly ingestion: Ingestion;
  readonly sources: SourceSet;
  /** The recorded plan to begin with; null: from the start of the source. */
  readonly from: ChunkPlan | null;
  readonly openSession: OpenChunkSession;
  /** Aborted: what is read then is of no use, and may take long; the session is closed. */
  readonly signal: AbortSignal;
}

/** What a run reads, as long as it is not asked to stop. */
export function readingOf(context: RunContext, sources: SourceSet, from: ChunkPlan | null): Reading {
  const { ingestion, dependencies, control } = context;
  return { ingestion, sources, from, openSession: dependencies.openSession, signal: control.stopSignal };
}

/**
 * Lets `work` read with a thread of its own, which ends with it; it is told where the records are. Throws what {@link ChunkSession.opened} throws: SOURCE_CHANGED where
 * another file has taken the place of one that was found.
 */
export async function withSession<Result>(
  { ingestion, sources, from, openSession, signal }: Reading,
  work: (session: ChunkSession, recordPath: string | null) => Promise<Result>,
): Promise<Result> {
  const session = openSession({
    ingestionId: ingestion.ingestionId,
    fileType: ingestion.fileType,
    read: ingestion.read,
    files: sources.files,
    position: from?.firstPosition ?? null,
    chunkNumber: from?.chunkNumber ?? 0,
    recordOffset: from?.recordOffset ?? 0,
  });
  const close = () => void session.close();
  signal.addEventListener('abort', close);
  if (signal.aborted) close();
  try {
    return await work(session, await session.opened());
  } finally {
    signal.removeEventListener('abort', close);
    await session.close();
  }
}
