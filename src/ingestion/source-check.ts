import { ServiceError } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import { compareFingerprints, compareStat } from '../sources/compare-fingerprints.ts';
import type { Source } from '../sources/source.ts';
import { ChunkSession } from './chunk-session.ts';
import type { RunContext } from './run-context.ts';

/** A source that was opened for a run. */
export interface OpenedSource {
  readonly source: Source;
  readonly realPath: string;
}

/**
 * Holds a newly opened source against what is on record, before anything of it is sent (docs/protocol.md "Source drift"). Where only ctime or inode
 * differ (copied, restored, times forged), every chunk that was ever acknowledged is compared. Where nothing was ever attempted, the
 * file is taken as it is. Throws SOURCE_CHANGED.
 */
export async function checkOpenedSource(context: RunContext, opened: OpenedSource): Promise<void> {
  const { store } = context.dependencies;
  const current = await opened.source.fingerprint();
  switch (compareFingerprints(context.ingestion.fingerprint, current)) {
    case 'same':
      return;
    case 'touched':
      await verifyAckedChunks(context, opened);
      await context.afterwards(store.acceptFingerprint(context.key, current));
      return;
    case 'changed': {
      const restarted = await store.restartUnbegun(context.key, current);
      if (restarted === null) throw new ServiceError('SOURCE_CHANGED');
      context.update(restarted);
    }
  }
}

/** Whether the opened file is still what was fingerprinted; costs one fstat. */
export async function isSourceUntouched(context: RunContext, source: Source): Promise<boolean> {
  return compareStat(context.ingestion.fingerprint, await source.stat()) === 'same';
}

/** Throws SOURCE_CHANGED unless {@link isSourceUntouched}. */
export async function refuseTouchedSource(context: RunContext, source: Source): Promise<void> {
  if (!(await isSourceUntouched(context, source))) throw new ServiceError('SOURCE_CHANGED');
}

async function verifyAckedChunks(context: RunContext, opened: OpenedSource): Promise<void> {
  const { highestAckedChunk, ingestionId } = context.ingestion;
  if (highestAckedChunk < 0) return;
  await withSession(context, opened, null, async (session) => {
    for (let chunkNumber = 0; chunkNumber <= highestAckedChunk; chunkNumber += 1) {
      const { plan } = await context.planOnRecord(chunkNumber);
      await session.verify(plan);
    }
  });
  context.dependencies.logger.info('source.verified', { ingestion_id: ingestionId, chunks: highestAckedChunk + 1 });
}

/**
 * Lets `work` read with a worker that gives chunks from that of a recorded plan on, or from the start of the source; it is told where the records are. The
 * worker ends with `work`, and as soon as the run is asked to stop: what is read then is of no use, and may take long. Throws SOURCE_CHANGED
 * where another file has taken the opened one's place.
 */
export async function withSession<Result>(
  context: RunContext,
  opened: OpenedSource,
  from: Pick<PlannedChunk, 'plan'> | null,
  work: (session: ChunkSession, recordPath: string | null) => Promise<Result>,
): Promise<Result> {
  const { ingestionId, fileType, read } = context.ingestion;
  const session = new ChunkSession({
    ingestionId,
    fileType,
    read,
    sourcePath: opened.realPath,
    position: from?.plan.firstPosition ?? null,
    chunkNumber: from?.plan.chunkNumber ?? 0,
    recordOffset: from?.plan.recordOffset ?? 0,
  });
  const { stopSignal } = context.control;
  const close = () => void session.close();
  stopSignal.addEventListener('abort', close);
  if (stopSignal.aborted) close();
  try {
    const { stat, recordPath } = await session.opened();
    if (compareStat(await opened.source.stat(), stat) !== 'same') throw new ServiceError('SOURCE_CHANGED');
    return await work(session, recordPath);
  } finally {
    stopSignal.removeEventListener('abort', close);
    await session.close();
  }
}
