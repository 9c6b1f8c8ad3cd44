import { join } from 'node:path';
import { createApi } from './api/app.ts';
import type { Config } from './config.ts';
import { type CallbackGuard, createCallbackGuard } from './delivery/callback-guard.ts';
import { createHttpDestination } from './delivery/http-destination.ts';
import { createPostChannel, DEFAULT_TIMEOUTS } from './delivery/post-channel.ts';
import { postStatusEvent } from './delivery/post-status-event.ts';
import { createIngestionService } from './ingestion/create-ingestion-service.ts';
import { IngestionQueue, type QueueScope } from './ingestion/ingestion-queue.ts';
import type { IngestionService } from './ingestion/ingestion-service.ts';
import { PreviewService } from './ingestion/preview-service.ts';
import type { RunDependencies } from './ingestion/run-context.ts';
import { runIngestion } from './ingestion/run-ingestion.ts';
import { openWorkerSession } from './ingestion/worker-chunk-session.ts';
import type { Clock, Random } from './model/clock.ts';
import type { AnnouncedStatus, Ingestion } from './model/ingestion.ts';
import type { Logger } from './model/logger.ts';
import { isUntouched, openSourceSet } from './sources/source-set.ts';
import { type DataDirectoryLock, lockDataDirectory } from './state/data-directory-lock.ts';
import { openSqliteStateStore } from './state/sqlite-state-store.ts';
import type { StateReads, StateStore } from './state/state-store.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** The longest wait between attempts that a request did not ask otherwise for (docs/protocol.md). */
const DEFAULT_MAX_DELAY_MS = 60_000;

const USER_AGENT = `ackstream/${VERSION}`;

/** What a process brings along. */
export interface ServiceDependencies {
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** `admitted`: it delivers nothing but what it is asked for, and leaves alone what else is queued in the data directory. */
  readonly scope?: QueueScope;
}

/** A whole service, not listening yet. */
export interface Service {
  readonly ingestions: IngestionService;
  readonly reads: StateReads;
  /** The HTTP API. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Tells others that look at the data directory where the service listens. */
  announceUrl(url: string): void;
  /** Recovers what an earlier process left and begins to deliver. */
  start(): Promise<void>;
  /** Finishes or gives up the chunks in flight within 10 s, commits, and releases everything. */
  stop(): Promise<void>;
}

/**
 * Puts a service together: the one place that names implementations. Takes the data directory at once; throws DATA_DIR_LOCKED, STATE_SCHEMA_TOO_NEW,
 * STATE_NOT_DURABLE, STATE_UNAVAILABLE.
 */
export async function createService(config: Config, dependencies: ServiceDependencies): Promise<Service> {
  const lock = lockDataDirectory(config.dataDir, { pid: process.pid, what: 'ackstream' });
  try {
    const store = openSqliteStateStore({ path: join(config.dataDir, 'ackstream.db') });
    return compose(config, dependencies, { lock, store });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function compose(
  config: Config,
  { logger, clock = systemClock, random = Math.random, scope = 'all' }: ServiceDependencies,
  { lock, store }: { readonly lock: DataDirectoryLock; readonly store: StateStore },
): Service {
  const guard = createCallbackGuard({ allow: config.callbackAllow, isLoopbackAllowed: config.listensOnLoopbackOnly });
  const announcer = createStatusAnnouncer(config, { guard, clock, logger });
  const openSources: RunDependencies['openSources'] = (filePath, fileType) =>
    openSourceSet(filePath, { roots: config.sourceRoots, fileType });
  const shared = {
    store,
    clock,
    logger,
    openSources,
    isUntouched,
    announceStatus: announcer.announce,
  };
  const createDestination = destinationsOf(config, { guard, clock });
  const queue = new IngestionQueue({
    store,
    clock,
    logger,
    maxRunning: config.maxRunning,
    scope,
    run: (ingestion, control) =>
      runIngestion(ingestion, control, { ...shared, random, openSession: openWorkerSession, createDestination }),
  });
  const { maxQueued, maxDepth, maxRecordBytes, retryWindowMs } = config;
  const defaults = { maxDepth, maxRecordBytes, retryWindowMs, maxDelayMs: DEFAULT_MAX_DELAY_MS };
  const ingestions = createIngestionService({ ...shared, queue, guard, maxQueued, defaults });
  const previews = new PreviewService({ openSources, limits: config });
  const api = createApi({
    service: ingestions,
    reads: store,
    previews,
    health: { isReady: () => readiness(queue, store) },
    apiToken: config.apiToken,
    clock,
    logger,
    version: VERSION,
  });
  return {
    ingestions,
    reads: store,
    fetch: (request) => api.fetch(request),
    announceUrl: (url) => lock.setUrl(url),
    async start() {
      await store.recoverAtStart(clock.now());
      queue.start();
    },
    async stop() {
      previews.close();
      await queue.stop();
      await announcer.close();
      await store.close();
      lock.release();
    },
  };
}

function destinationsOf(
  config: Config,
  { guard, clock }: { readonly guard: CallbackGuard; readonly clock: Clock },
): RunDependencies['createDestination'] {
  return ({ delivery }) =>
    createHttpDestination({
      channel: createPostChannel({ url: new URL(delivery.callbackUrl), guard, timeouts: DEFAULT_TIMEOUTS }),
      headers: delivery.callbackHeaders,
      secret: delivery.callbackSecret ?? config.callbackSecret,
      clock,
      userAgent: USER_AGENT,
    });
}

/** Ready: runs are taken on, and the state answers. */
async function readiness(queue: IngestionQueue, store: StateReads) {
  const isStateReadable = await store.countByStatus().then(
    () => true,
    () => false,
  );
  const checks = { queue: queue.isOpen, state: isStateReadable };
  return { ready: queue.isOpen && isStateReadable, checks };
}

/** Sends status events beside the delivery; closing gives up those that are under way. */
function createStatusAnnouncer(
  config: Config,
  { guard, clock, logger }: { readonly guard: CallbackGuard; readonly clock: Clock; readonly logger: Logger },
) {
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  return {
    announce(ingestion: Ingestion, status: AnnouncedStatus): void {
      const { statusUrl, callbackSecret } = ingestion.delivery;
      if (statusUrl === null) return;
      const { ingestionId, epoch, checkpoint, lastError } = ingestion;
      const details = {
        total_records: checkpoint.recordCount,
        total_chunks: checkpoint.nextChunkNumber,
        error: lastError?.code ?? null,
      };
      const sent = postStatusEvent(
        { ingestionId, status, epoch, details },
        {
          statusUrl,
          secret: callbackSecret ?? config.callbackSecret,
          guard,
          timeouts: DEFAULT_TIMEOUTS,
          clock,
          logger,
          signal: closing.signal,
          userAgent: USER_AGENT,
        },
      ).finally(() => underWay.delete(sent));
      underWay.add(sent);
    },
    async close(): Promise<void> {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}
