import type { ErrorRecord } from '../errors.ts';
import type { RunContext } from './run-context.ts';

/** RUNNING → QUEUED in its old place, not before `nextAttemptAt`. */
export async function giveBack(context: RunContext, nextAttemptAt: number | null): Promise<void> {
  const { store, logger } = context.dependencies;
  await store.releaseRun(context.key, nextAttemptAt, context.now());
  logger.info('ingestion.released', { ingestion_id: context.key.ingestionId, next_attempt_at: nextAttemptAt });
}

/** A run that was asked to stop: by a person, whose move is on record, or by a shutdown, after which the ingestion waits as before. */
export async function stop(context: RunContext): Promise<void> {
  await context.reload();
  if (context.isHeld) await giveBack(context, context.ingestion.nextAttemptAt);
}

/** RUNNING → PAUSED. */
export async function pause(context: RunContext, error: ErrorRecord): Promise<void> {
  const { store, logger, announceStatus } = context.dependencies;
  await context.afterwards(store.pauseRun(context.key, error, context.now()));
  logger.warn('ingestion.paused', { ingestion_id: context.key.ingestionId, code: error.code, message: error.message });
  announceStatus(context.ingestion, 'PAUSED');
}

/** RUNNING → FAILED. */
export async function fail(context: RunContext, error: ErrorRecord): Promise<void> {
  const { store, logger, announceStatus } = context.dependencies;
  await context.afterwards(store.failRun(context.key, error, context.now()));
  logger.error('ingestion.failed', { ingestion_id: context.key.ingestionId, code: error.code, message: error.message });
  announceStatus(context.ingestion, 'FAILED');
}
