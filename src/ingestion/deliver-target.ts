import { crashPoint } from '../crash-point.ts';
import { type Delivery, type DeliveryResult, type DeliveryTarget, deliver } from '../delivery/deliver-chunk.ts';
import type { Destination } from '../delivery/destination.ts';
import type { RunContext } from './run-context.ts';
import { completionJournal } from './run-journal.ts';

/** Delivers one chunk, or COMPLETED, under the settings that now hold. */
export function deliverTarget(
  context: RunContext,
  destination: Destination,
  what: Pick<Delivery, 'target' | 'journal' | 'begun'>,
): Promise<DeliveryResult> {
  const { ingestion, dependencies, control } = context;
  const { clock, random, logger } = dependencies;
  const { retryWindowMs, maxDelayMs } = ingestion.delivery;
  return deliver({
    ingestionId: ingestion.ingestionId,
    ...what,
    destination,
    retry: { windowMs: retryWindowMs, maxDelayMs },
    history: ingestion.retry,
    clock,
    random,
    logger,
    signal: control.interruptionSignal,
    attemptSignal: control.attemptSignal,
  });
}

/** Says COMPLETED: by the same rules as a chunk, and completed only when the receiver has acknowledged it. */
export async function deliverCompletion(context: RunContext, destination: Destination): Promise<DeliveryResult> {
  const { ingestionId, checkpoint, rejectedRecords } = context.ingestion;
  crashPoint('before-completed');
  const completion = {
    ingestionId,
    lastChunkNumber: Math.max(0, checkpoint.nextChunkNumber - 1),
    totalRecords: checkpoint.recordCount,
    totalChunks: checkpoint.nextChunkNumber,
    rejectedRecords,
    chainChecksum: checkpoint.chainChecksum,
  };
  const target: DeliveryTarget = { kind: 'completion', completion };
  const result = await deliverTarget(context, destination, {
    target,
    journal: completionJournal(context),
    begun: null,
  });
  if (result.kind === 'acknowledged' && context.ingestion.status === 'COMPLETED') {
    const { totalRecords: records, totalChunks: chunks } = completion;
    context.dependencies.logger.info('ingestion.completed', { ingestion_id: ingestionId, records, chunks });
    context.dependencies.announceStatus(context.ingestion, 'COMPLETED');
  }
  return result;
}
