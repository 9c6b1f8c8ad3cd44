import { join } from 'node:path';
import { createApi } from './api/app.ts';
import type { Connection } from './api/connection.ts';
import { createGate, type Gate } from './api/gate.ts';
import { composeDeliveries, type Outward, outwardOf } from './compose-deliveries.ts';
import { type Config, describeConfig } from './config.ts';
import { EventFeed } from './ingestion/event-feed.ts';
import type { IngestionQueue, QueueScope } from './ingestion/ingestion-queue.ts';
import type { IngestionService } from './ingestion/ingestion-service.ts';
import { PreviewService } from './ingestion/preview-service.ts';
import { ChunkRebuilder } from './ingestion/rebuild-chunk.ts';
import { Retention } from './ingestion/retention.ts';
import { VerificationService } from './ingestion/verify-service.ts';
import type { Clock, Random } from './model/clock.ts';
import type { Logger } from './model/logger.ts';
import { type DataDirectoryLock, lockDataDirectory } from './state/data-directory-lock.ts';
import { networkFileSystemAt } from './state/network-file-system.ts';
import { STATE_FILE } from './state/sqlite-state-file.ts';
import { openSqliteStateStore } from './state/sqlite-state-store.ts';
import type { StateReads, StateStore } from './state/state-store.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

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
 * Puts a service together: with `compose-deliveries.ts` the place that names implementations. What the settings alone can tell is told before the data directory is taken and its state
 * migrated. Throws CONFIG_INVALID, DATA_DIR_LOCKED, STATE_SCHEMA_TOO_NEW, STATE_NOT_DURABLE, STATE_DAMAGED, STATE_UNAVAILABLE, and what {@link createGate} throws.
 */
export async function createService(config: Config, dependencies: ServiceDependencies): Promise<Service> {
  const gate = dependencies.access === 'open' ? null : createGate(config);
  const outward = outwardOf(config);
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
    return compose(config, dependencies, { gate, lock, store, outward });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What could have been refused; from here on nothing is. */
interface Prepared {
  readonly gate: Gate | null;
  readonly lock: DataDirectoryLock;
  readonly store: StateStore;
  readonly outward: Outward;
}

function compose(
  config: Config,
  { clock = systemClock, random = Math.random, scope = 'all', logger }: ServiceDependencies,
  { gate, lock, store, outward }: Prepared,
): Service {
  const deliveries = composeDeliveries(config, { store, clock, random, scope, logger, outward });
  const { queue, ingestions, circuits, metrics, announcer } = deliveries;
  const events = new EventFeed(deliveries);
  const previews = new PreviewService({ openSources: deliveries.openSources, limits: config });
  const rebuilder = new ChunkRebuilder(deliveries);
  const verifications = new VerificationService(deliveries);
  const retentionMs = scope === 'all' ? config.retentionMs : null;
  const retention = new Retention({ ...deliveries, verifications, retentionMs });
  const isReady = () => readiness(queue, store);
  const api = createApi({
    service: ingestions,
    reads: store,
    rebuilder,
    verifications,
    retention,
    previews,
    circuits,
    events,
    health: { isReady },
    metrics: metrics.page({ store, circuits: circuits.list, readiness: isReady }),
    gate,
    clock,
    logger: deliveries.logger,
    settings: describeConfig(config),
    version: VERSION,
  });
  return {
    ingestions,
    reads: store,
    fetch: (request, connection) => api.fetch(request, connection),
    announceUrl: (url) => lock.setUrl(url),
    async start() {
      // Before anything is written by this process's clock.
      const newestAt = await store.newestTime();
      await store.recoverAtStart(clock.now());
      await circuits.begin();
      queue.start();
      retention.start(newestAt);
    },
    async stop() {
      // Begun before anything is waited for: from here on requests are refused.
      const stopped = queue.stop();
      previews.close();
      rebuilder.close();
      const announced = stopped.then(() => announcer.close());
      await Promise.all([verifications.close(), retention.close(), announced]);
      events.close();
      await store.close();
      lock.release();
    },
  };
}

/** Ready: runs are taken on and can be claimed, and the state can be read and written. */
async function readiness(queue: IngestionQueue, store: StateStore) {
  // A read that costs the same however many ingestions are on record, for it is asked for every few seconds.
  const isStateGood = await store
    .countWaiting(0)
    .then(() => store.isWritable())
    .catch(() => false);
  const checks = { queue: queue.isClaiming, state: isStateGood };
  return { ready: checks.queue && checks.state, checks };
}
