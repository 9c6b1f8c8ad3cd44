import { ServiceError } from '../errors.ts';
import type { ChunkPlan } from '../model/chunk.ts';
import type { SourceFingerprint } from '../model/ingestion.ts';
import { compareFingerprints, describeChange } from '../sources/compare-fingerprints.ts';
import type { SourceSet } from '../sources/source.ts';
import type { RunContext } from './run-context.ts';
import { readingOf, withSession } from './with-session.ts';

/**
 * Holds the files as they were found against what is on record, before anything of it is sent (docs/protocol.md "Source drift"). Where only ctime or inode
 * differ (copied, restored, times forged), every chunk that was ever acknowledged is compared. Where nothing was ever attempted, the
 * file is taken as it is. Throws SOURCE_CHANGED.
 */
export async function checkSources(context: RunContext, sources: SourceSet): Promise<void> {
  const { store } = context.dependencies;
  const { fingerprint: recorded } = context.ingestion;
  const current = sources.fingerprint;
  switch (compareFingerprints(recorded, current)) {
    case 'same':
      return;
    case 'touched':
      await verifyAckedChunks(context, sources);
      await context.afterwards(store.acceptFingerprint(context.key, current));
      return;
    case 'changed': {
      const restarted = await store.restartUnbegun(context.key, current);
      if (restarted === null) throw sourceChanged(recorded, current);
      context.update(restarted);
    }
  }
}

function sourceChanged(recorded: SourceFingerprint, current: SourceFingerprint): ServiceError {
  const detail = describeChange(recorded, current);
  return new ServiceError('SOURCE_CHANGED', detail === undefined ? {} : { detail });
}

/** Throws SOURCE_CHANGED unless every file is still what was fingerprinted; costs one stat for each. */
export async function refuseTouchedSources({ dependencies }: RunContext, sources: SourceSet): Promise<void> {
  if (!(await dependencies.isUntouched(sources, null))) throw new ServiceError('SOURCE_CHANGED');
}

/** Of a folder or pattern: throws SOURCE_CHANGED where it has other files than were fingerprinted, one more included. */
export async function refuseChangedSet({ dependencies, ingestion }: RunContext): Promise<void> {
  const { filePath, fileType, fingerprint: recorded } = ingestion;
  if (recorded.fileCount === undefined) return;
  const { fingerprint: current } = await dependencies.openSources(filePath, fileType);
  if (compareFingerprints(recorded, current) === 'changed') throw sourceChanged(recorded, current);
}

/** {@link refuseTouchedSources}, of the files alone that a chunk's records, and what follows them, lie in. */
export async function refuseTouchedFiles(
  { dependencies }: RunContext,
  sources: SourceSet,
  { firstPosition, positionAfter }: ChunkPlan,
): Promise<void> {
  const last = (positionAfter ?? firstPosition).fileIndex;
  for (let { fileIndex } = firstPosition; fileIndex <= last; fileIndex += 1) {
    if (!(await dependencies.isUntouched(sources, fileIndex))) throw new ServiceError('SOURCE_CHANGED');
  }
}

async function verifyAckedChunks(context: RunContext, sources: SourceSet): Promise<void> {
  const { highestAckedChunk, ingestionId } = context.ingestion;
  if (highestAckedChunk < 0) return;
  await withSession(readingOf(context, sources, null), async (session) => {
    for (let chunkNumber = 0; chunkNumber <= highestAckedChunk; chunkNumber += 1) {
      const { plan } = await context.planOnRecord(chunkNumber);
      await session.verify(plan);
    }
  });
  context.dependencies.logger.info('source.verified', { ingestion_id: ingestionId, chunks: highestAckedChunk + 1 });
}
