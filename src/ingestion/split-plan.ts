import { ServiceError } from '../errors.ts';
import type { Chunk, ChunkBounds, PlannedChunk } from '../model/chunk.ts';
import type { SourceSet } from '../sources/source.ts';
import type { ChunkSession } from './chunk-session.ts';
import type { RunContext } from './run-context.ts';
import { planAfter } from './run-journal.ts';
import { refuseTouchedSources } from './source-check.ts';
import { readingOf, withSession } from './with-session.ts';

/**
 * Plans the first half of the chunk at the checkpoint anew in its place, by records, the first half the larger (docs/protocol.md "Halving").
 * From then on chunks close at the half's size.
 */
export async function splitPlan(context: RunContext, sources: SourceSet, current: PlannedChunk): Promise<void> {
  const { store, logger } = context.dependencies;
  const { chunkNumber, recordCount, bounds } = current.plan;
  await withSession(readingOf(context, sources, current.plan), async (session) => {
    const half = await nextChunk(session, { ...bounds, maxRecords: Math.ceil(recordCount / 2), closeAtBytes: null });
    await refuseTouchedSources(context, sources);
    const plan = planAfter(context.ingestion.checkpoint.chainChecksum, half);
    await context.afterwards(store.replacePlan(context.key, plan, half.plan.byteCount, context.now()));
  });
  logger.info('chunk.halved', {
    ingestion_id: context.key.ingestionId,
    chunk_number: chunkNumber,
    records: Math.ceil(recordCount / 2),
  });
}

/** The next chunk. What is set aside on the way is on record with the whole chunk. */
async function nextChunk(session: ChunkSession, bounds: ChunkBounds): Promise<Chunk> {
  for (;;) {
    const result = await session.next(bounds);
    if (result.kind === 'end') throw new ServiceError('SOURCE_CHANGED');
    if (result.kind === 'chunk') return result.chunk;
  }
}
