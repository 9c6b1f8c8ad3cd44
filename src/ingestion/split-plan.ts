import { ServiceError } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { RunContext } from './run-context.ts';
import { planAfter } from './run-journal.ts';
import { type OpenedSource, refuseTouchedSource, withSession } from './source-check.ts';

/**
 * Plans the first half of the chunk at the checkpoint anew in its place, by records, the first half the larger (docs/protocol.md "Halving").
 * From then on chunks close at the half's size.
 */
export async function splitPlan(context: RunContext, opened: OpenedSource, current: PlannedChunk): Promise<void> {
  const { store, logger } = context.dependencies;
  const { chunkNumber, recordCount, bounds } = current.plan;
  await withSession(context, opened, current, async (session) => {
    const half = await session.next({ ...bounds, maxRecords: Math.ceil(recordCount / 2), closeAtBytes: null }, null);
    if (half === null) throw new ServiceError('SOURCE_CHANGED');
    await refuseTouchedSource(context, opened.source);
    const planned = planAfter(context.ingestion.checkpoint.chainChecksum, half.plan);
    await context.afterwards(store.replacePlan(context.key, planned, half.plan.byteCount, context.now()));
  });
  logger.info('chunk.halved', {
    ingestion_id: context.key.ingestionId,
    chunk_number: chunkNumber,
    records: Math.ceil(recordCount / 2),
  });
}
