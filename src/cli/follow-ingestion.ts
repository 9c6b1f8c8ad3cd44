import type { Clock } from '../model/clock.ts';
import type { Status } from '../model/ingestion.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import type { IngestionView, ServiceClient } from './service-client.ts';

/** Often enough that a progress bar moves, seldom enough that nobody notices the requests. */
const POLL_INTERVAL_MS = 500;

/** The states in which an ingestion waits for a person. */
const ENDED: ReadonlySet<Status> = new Set(['COMPLETED', 'FAILED', 'PAUSED', 'CANCELLED']);

/**
 * Watches an ingestion until it has ended or the signal is aborted; gives back what was seen last. Throws what {@link ServiceClient.getIngestion}
 * throws.
 */
export async function followIngestion(
  client: ServiceClient,
  ingestionId: string,
  {
    clock,
    signal,
    reporter,
  }: { readonly clock: Clock; readonly signal: AbortSignal; readonly reporter: ProgressReporter },
): Promise<IngestionView> {
  try {
    for (;;) {
      const view = await client.getIngestion(ingestionId);
      reporter.show(view);
      if (hasEnded(view) || signal.aborted) return view;
      await clock.sleep(POLL_INTERVAL_MS, signal);
    }
  } finally {
    reporter.end();
  }
}

/** Whether nothing happens to an ingestion any more until somebody asks for it. */
export function hasEnded(view: IngestionView): boolean {
  return ENDED.has(view.status);
}
