import { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Status } from '../model/ingestion.ts';
import { EventListener } from './event-listener.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import type { IngestionView, ServiceClient } from './service-client.ts';

/** Seldom enough that nobody notices the requests of one who hears nothing, often enough for a time that runs down. */
const TICK_MS = 500;
/** One who listens looks all the same now and then: speed and remaining time change though nothing happens. */
const TICKS_BETWEEN_LOOKS = 20;

/** The states in which an ingestion waits for a person. */
const ENDED: ReadonlySet<Status> = new Set(['COMPLETED', 'FAILED', 'PAUSED', 'CANCELLED']);

/** How an ingestion is followed. */
export interface FollowOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly reporter: ProgressReporter;
  /** Whether it tells of the failures since the ingestion began; else of those from now on. */
  readonly fromStart: boolean;
}

/**
 * Follows an ingestion until it has ended or the signal is aborted; gives back what was seen last, null: nothing. Its events tell when to look, and where they cannot be had it is looked
 * again and again. A service that is away, as it is while it starts again, is waited for. Throws what {@link ServiceClient.getIngestion} throws and waiting does not mend.
 */
export async function followIngestion(
  client: ServiceClient,
  ingestionId: string,
  { fromStart, clock, signal, reporter }: FollowOptions,
): Promise<IngestionView | null> {
  const listener = new EventListener({ client, ingestionId, after: fromStart ? '0' : null, clock });
  const left = new AbortController();
  const listening = listener.listen(AbortSignal.any([signal, left.signal]));
  try {
    return await watch(listener, () => client.getIngestion(ingestionId, signal), { clock, signal, reporter });
  } finally {
    left.abort();
    await listening;
    reporter.end();
  }
}

/** Whether nothing happens to an ingestion any more until somebody asks for it. */
export function hasEnded(view: IngestionView): boolean {
  return ENDED.has(view.status);
}

async function watch(
  listener: EventListener,
  look: () => Promise<IngestionView>,
  { clock, signal, reporter }: Omit<FollowOptions, 'fromStart'>,
): Promise<IngestionView | null> {
  let view: IngestionView | null = null;
  let isThere = false;
  let ticksSinceLook = Infinity;
  while (!signal.aborted) {
    // Before it is looked at: what happens after that is news.
    const news = listener.news.then(() => 'news' as const);
    if (ticksSinceLook >= (listener.isListening ? TICKS_BETWEEN_LOOKS : 1)) {
      const seen = await lookOrWait(look, { signal, reporter });
      isThere = seen !== null;
      view = seen ?? view;
      ticksSinceLook = 0;
    }
    if (isThere && view !== null) {
      reporter.show(view, listener);
      if (hasEnded(view)) break;
    }
    const tick = new AbortController();
    const what = await Promise.race([news, clock.sleep(TICK_MS, AbortSignal.any([signal, tick.signal]))]);
    tick.abort();
    ticksSinceLook = what === 'news' ? Infinity : ticksSinceLook + 1;
  }
  return view;
}

/** Null: it could not be looked at just now. */
async function lookOrWait(
  look: () => Promise<IngestionView>,
  { signal, reporter }: Pick<FollowOptions, 'signal' | 'reporter'>,
): Promise<IngestionView | null> {
  try {
    return await look();
  } catch (error) {
    // INTERNAL is a defect, which may be there for ever.
    if (!(error instanceof ServiceError) || !error.retryable || error.code === 'INTERNAL') throw error;
    if (!signal.aborted) reporter.lose(error);
    return null;
  }
}
