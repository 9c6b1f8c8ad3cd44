import { ServiceError } from '../errors.ts';

/** The ingestion of which a row is not what was written, by an error of the store; null: the error is another, or concerns all of the state. */
export function damagedIngestionOf(error: unknown): string | null {
  if (!(error instanceof ServiceError) || error.code !== 'STATE_DAMAGED') return null;
  const ingestionId = error.data?.ingestion_id;
  return typeof ingestionId === 'string' ? ingestionId : null;
}
