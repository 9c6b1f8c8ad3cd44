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

async function verifyAckedChunks(context: RunContext, opened: OpenedSource): Promise<void> {
  const { highestAckedChunk, ingestionId } = context.ingestion;
  if (highestAckedChunk < 0) return;
  const session = openSession(context, opened, null);
  try {
    for (let chunkNumber = 0; chunkNumber <= highestAckedChunk; chunkNumber += 1) {
      const { plan } = await context.planOnRecord(chunkNumber);
      await session.verify(plan);
      if (context.control.stopSignal.aborted) throw new ServiceError('SHUTTING_DOWN');
    }
  } finally {
    await session.close();
  }
  context.dependencies.logger.info('source.verified', { ingestion_id: ingestionId, chunks: highestAckedChunk + 1 });
}

/** Starts a worker that gives chunks from that of a recorded plan on, or from the start of the source. */
export function openSession(
  context: RunContext,
  opened: OpenedSource,
  from: Pick<PlannedChunk, 'plan'> | null,
): ChunkSession {
  const { ingestionId, fileType, read } = context.ingestion;
  return new ChunkSession({
    ingestionId,
    fileType,
    read,
    sourcePath: opened.realPath,
    position: from?.plan.firstPosition ?? null,
    chunkNumber: from?.plan.chunkNumber ?? 0,
    recordOffset: from?.plan.recordOffset ?? 0,
  });
}
