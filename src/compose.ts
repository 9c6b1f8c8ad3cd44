import { join } from 'node:path';
import { createApi } from './api/app.ts';
import type { Connection } from './api/connection.ts';
import { createGate, type Gate } from './api/gate.ts';
import type { Config } from './config.ts';
import { type Asking, CircuitBreaker } from './delivery/circuit-breaker.ts';
import { withCircuit } from './delivery/circuit-destination.ts';
import { withHiddenSecrets } from './delivery/discreet-destination.ts';
import { createHttpDestination } from './delivery/http-destination.ts';
import { createPostChannel, DEFAULT_TIMEOUTS } from './delivery/post-channel.ts';
import { postStatusEvent } from './delivery/post-status-event.ts';
import { type TlsTrust, trustAuthoritiesOf } from './egress/tls-trust.ts';
import { createUrlGuard, type UrlGuard } from './egress/url-guard.ts';
import { createIngestionService, type IngestionServiceOptions } from './ingestion/create-ingestion-service.ts';
import { IngestionQueue, type QueueScope } from './ingestion/ingestion-queue.ts';
import type { IngestionService } from './ingestion/ingestion-service.ts';
import { PreviewService } from './ingestion/preview-service.ts';
import type { RunDependencies } from './ingestion/run-context.ts';
import { runIngestion } from './ingestion/run-ingestion.ts';
import { watchRun } from './ingestion/watchdog.ts';
import { workerSessions } from './ingestion/worker-chunk-session.ts';
import type { Clock, Random } from './model/clock.ts';
import { secretsOf } from './model/hide-secrets.ts';
import type { AnnouncedStatus, DeliverySettings, Ingestion } from './model/ingestion.ts';
import type { Logger } from './model/logger.ts';
import { isUntouched, openSourceSet } from './sources/source-set.ts';
import { takeTurns } from './sources/take-turns.ts';
import { type DataDirectoryLock, lockDataDirectory } from './state/data-directory-lock.ts';
import { networkFileSystemAt } from './state/network-file-system.ts';
import { STATE_FILE } from './state/sqlite-state-file.ts';
import { openSqliteStateStore } from './state/sqlite-state-store.ts';
import type { StateReads, StateStore } from './state/state-store.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** The longest wait between attempts that a request did not ask otherwise for (docs/protocol.md). */
const DEFAULT_MAX_DELAY_MS = 60_000;

/** Requests that look at their files at the same time: a folder may have a million entries, and ten thousand files to be opened. */
const MAX_REQUESTS_AT_FILES = 4;

const USER_AGENT = `ackstream/${VERSION}`;

/** What a process brings along. */
export interface ServiceDependencies {
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** `admitted`: it delivers nothing but what it is asked for, and leaves alone what else is queued in the data directory. */
  readonly scope?: QueueScope;
  /** `open`: nobody but this process asks, which could as well read the state; by default tokens, names and limits decide. */
  readonly access?: 'guarded' | 'open';
}

/** A whole service, not listening yet. */
export interface Service {
  readonly ingestions: IngestionService;
  readonly reads: StateReads;
  /** The HTTP API. Only with open access may the connection be left out. */
  readonly fetch: (request: Request, connection?: Connection) => Response | Promise<Response>;
  /** Tells others that look at the data directory where the service listens. */
  announceUrl(url: string): void;
  /** Recovers what an earlier process left and begins to deliver. */
  start(): Promise<void>;
  /** Finishes or gives up the chunks in flight within 10 s, commits, and releases everything. */
  stop(): Promise<void>;
}

/**
 * Puts a service together: the one place that names implementations. Takes the data directory at once; throws DATA_DIR_LOCKED, STATE_SCHEMA_TOO_NEW,
 * STATE_NOT_DURABLE, STATE_DAMAGED, STATE_UNAVAILABLE, and what {@link createGate} throws.
 */
export async function createService(config: Config, dependencies: ServiceDependencies): Promise<Service> {
  const gate = dependencies.access === 'open' ? null : createGate(config);
  const lock = lockDataDirectory(config.dataDir, { pid: process.pid, what: 'ackstream' });
  try {
    const fileSystem = networkFileSystemAt(config.dataDir);
    if (fileSystem !== null) {
      dependencies.logger.warn('state.network_file_system', { data_dir: config.dataDir, file_system: fileSystem });
    }
    const store = openSqliteStateStore({
      path: join(config.dataDir, STATE_FILE),
      keyFile: config.stateKeyFile,
    });
    return compose(config, dependencies, { gate, lock, store });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function compose(
  config: Config,
  { logger, clock = systemClock, random = Math.random, scope = 'all' }: ServiceDependencies,
  { gate, lock, store }: { readonly gate: Gate | null; readonly lock: DataDirectoryLock; readonly store: StateStore },
): Service {
  const outward = outwardOf(config);
  const announcer = createStatusAnnouncer(config, { outward, clock, logger });
  const openSources: RunDependencies['openSources'] = (filePath, fileType) =>
    openSourceSet(filePath, { roots: config.sourceRoots, ownPaths: config.ownPaths, fileType });
  const shared = {
    store,
    clock,
    logger,
    openSources,
    isUntouched,
    announceStatus: announcer.announce,
  };
  const breaker = new CircuitBreaker({ clock, logger });
  const createDestination = destinationsOf(config, { outward, clock, breaker });
  const openSession = workerSessions({ memoryBytes: config.workerMemoryBytes });
  const queue = queueOf(config, { ...shared, random, openSession, createDestination }, scope);
  const ingestions = ingestionsOf(config, { ...shared, queue, guard: outward.guard });
  const previews = new PreviewService({ openSources, limits: config });
  const api = createApi({
    service: ingestions,
    reads: store,
    previews,
    circuits: {
      list: () => breaker.list(),
      of: ({ delivery }) => breaker.circuitFor(askingFor(delivery)),
    },
    health: { isReady: () => readiness(queue, store) },
    gate,
    clock,
    logger,
    version: VERSION,
  });
  return {
    ingestions,
    reads: store,
    fetch: (request, connection) => api.fetch(request, connection),
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

/** Requests look at their files in turns: runs, which have turns of their own, shall not wait for however many of them. */
function ingestionsOf(
  { maxQueued, maxDepth, maxRecordBytes, retryWindowMs }: Config,
  { openSources, ...dependencies }: Omit<IngestionServiceOptions, 'maxQueued' | 'defaults'>,
): IngestionService {
  const inTurns = takeTurns(MAX_REQUESTS_AT_FILES);
  return createIngestionService({
    ...dependencies,
    openSources: (...asked) => inTurns(() => openSources(...asked)),
    maxQueued,
    defaults: { maxDepth, maxRecordBytes, retryWindowMs, maxDelayMs: DEFAULT_MAX_DELAY_MS },
  });
}

/** A queue of which every run is watched. */
function queueOf(config: Config, dependencies: RunDependencies, scope: QueueScope): IngestionQueue {
  const { maxRunning, stallTimeoutMs } = config;
  return new IngestionQueue({
    ...dependencies,
    maxRunning,
    scope,
    run: (ingestion, control) =>
      watchRun(runIngestion, { ingestion, control, dependencies, clock: systemClock, stallTimeoutMs }),
  });
}

/** What every connection to outside is judged by. */
interface Outward {
  readonly guard: UrlGuard;
  readonly trust: TlsTrust | undefined;
}

/** Throws CONFIG_INVALID. */
function outwardOf({ callbackAllow, callbackCa, listensOnLoopbackOnly }: Config): Outward {
  return {
    guard: createUrlGuard({ allow: callbackAllow, isLoopbackAllowed: listensOnLoopbackOnly }),
    trust: callbackCa === null ? undefined : trustAuthoritiesOf(callbackCa),
  };
}

function destinationsOf(
  config: Config,
  { outward, clock, breaker }: { readonly outward: Outward; readonly clock: Clock; readonly breaker: CircuitBreaker },
): RunDependencies['createDestination'] {
  return ({ delivery }) => {
    const secret = delivery.callbackSecret ?? config.callbackSecret;
    const destination = createHttpDestination({
      channel: createPostChannel({ ...outward, url: new URL(delivery.callbackUrl), timeouts: DEFAULT_TIMEOUTS }),
      headers: delivery.callbackHeaders,
      secret,
      clock,
      userAgent: USER_AGENT,
    });
    const discreet = withHiddenSecrets(destination, secretsOf(delivery, secret));
    return withCircuit(discreet, { breaker, ...askingFor(delivery) });
  };
}

function askingFor({ callbackUrl, maxDelayMs }: DeliverySettings): Asking {
  return { origin: new URL(callbackUrl).origin, maxDelayMs };
}

/** Ready: runs are taken on, and the state can be read and written. */
async function readiness(queue: IngestionQueue, store: StateStore) {
  const isStateGood = await store
    .countByStatus()
    .then(() => store.isWritable())
    .catch(() => false);
  const checks = { queue: queue.isOpen, state: isStateGood };
  return { ready: queue.isOpen && isStateGood, checks };
}

/** Sends status events beside the delivery; closing gives up those that are under way. */
function createStatusAnnouncer(
  config: Config,
  { outward, clock, logger }: { readonly outward: Outward; readonly clock: Clock; readonly logger: Logger },
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
          ...outward,
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
