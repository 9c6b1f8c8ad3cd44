import { z } from '@hono/zod-openapi';
import { ServiceError } from '../errors.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { StateReads } from '../state/state-store.ts';

/** The path parameter of what belongs to one ingestion. */
export const ingestionParams = z.object({ id: z.string().openapi({ description: 'Id of the ingestion.' }) });

/** The ingestion with an id. Throws INGESTION_NOT_FOUND. */
export async function requireIngestion(reads: StateReads, ingestionId: string): Promise<Ingestion> {
  const ingestion = await reads.getIngestion(ingestionId);
  if (ingestion === null) throw new ServiceError('INGESTION_NOT_FOUND');
  return ingestion;
}
