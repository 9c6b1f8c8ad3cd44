import type { EventFeed } from '../ingestion/event-feed.ts';
import type { IngestionService } from '../ingestion/ingestion-service.ts';
import type { PreviewService } from '../ingestion/preview-service.ts';
import type { ChunkRebuilder } from '../ingestion/rebuild-chunk.ts';
import type { Retention } from '../ingestion/retention.ts';
import type { VerificationService } from '../ingestion/verify-service.ts';
import type { Circuit } from '../model/circuit.ts';
import type { Clock } from '../model/clock.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { Logger } from '../model/logger.ts';
import type { StateReads } from '../state/state-store.ts';
import type { Gate } from './gate.ts';

/** Whether the service can do its work, and which of its parts say so. */
export interface Readiness {
  readonly ready: boolean;
  /** By the name of the part, such as `state`. */
  readonly checks: Readonly<Record<string, boolean>>;
}

/** What the API needs of the rest of the service. */
export interface ApiDependencies {
  readonly service: IngestionService;
  readonly reads: StateReads;
  /** Rebuilds single chunks, and compares all of an ingestion, from its file. */
  readonly rebuilder: Pick<ChunkRebuilder, 'planOf' | 'rebuild'>;
  readonly verifications: Pick<VerificationService, 'start' | 'find' | 'forget'>;
  readonly retention: Pick<Retention, 'delete'>;
  readonly previews: Pick<PreviewService, 'preview'>;
  readonly circuits: {
    /** All that are not closed. */
    list(): readonly Circuit[];
    /** That to an ingestion's callback; null while it is closed. */
    of(ingestion: Ingestion): Circuit | null;
  };
  /** What happens, to be followed. */
  readonly events: Pick<EventFeed, 'follow'>;
  /** Asked with every GET /health/ready: it must be quick. */
  readonly health: { isReady(): Promise<Readiness> };
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** Who is let in; null: nobody but this process asks, who could as well read the state. */
  readonly gate: Gate | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** By their names, as a person may read them: secrets only as whether they are set. */
  readonly settings: Readonly<Record<string, string>>;
  /** Version of the product. */
  readonly version: string;
}
