import type { Ingestion } from '../model/ingestion.ts';
import type { IngestRequest } from '../protocol/ingest-request.ts';
import type { SubmissionAnswer } from '../state/state-store.ts';

/** What the API and the command line ask of the ingestions. */
export interface IngestionService {
  /**
   * Accepts a request durably and answers by the state it meets (docs/protocol.md "Asking for an ingestion"). Throws the codes of that table, QUEUE_FULL and
   * SHUTTING_DOWN.
   */
  submit(
    request: IngestRequest,
    idempotency: { readonly key: string; readonly bodyDigest: string } | null,
  ): Promise<SubmissionAnswer>;
  /** Stops after the chunk in flight. Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED. */
  pause(ingestionId: string): Promise<Ingestion>;
  /** Goes on from the checkpoint; a completed one sends COMPLETED again. Throws the same, QUEUE_FULL and SHUTTING_DOWN. */
  resume(ingestionId: string): Promise<Ingestion>;
  /** Ends it; what was delivered stays delivered. Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED. */
  cancel(ingestionId: string): Promise<Ingestion>;
}
