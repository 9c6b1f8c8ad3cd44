import type { IngestionView } from './service-client.ts';

/**
 * Whether an ingestion goes on by itself after an attempt that failed: it waits for the next one, or is at it. Not where it was resumed: what stopped it before, a fault of its file or words
 * of its receiver, stays its last error until a chunk is acknowledged.
 */
export function isRetrying({ status, last_error: error, next_attempt_at: nextAttemptAt }: IngestionView): boolean {
  if (status !== 'QUEUED' && status !== 'RUNNING') return false;
  return nextAttemptAt !== null || (status === 'RUNNING' && error?.code === 'ATTEMPT_FAILED');
}
