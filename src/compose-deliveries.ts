/** The part of a service that carries ingestions on: what they are read with, delivered by and watched by. */
import type { Config } from './config.ts';
import { type Asking, CircuitBreaker, type CircuitBreakerOptions } from './delivery/circuit-breaker.ts';
import { withCircuit } from './delivery/circuit-destination.ts';
import { withHiddenSecrets } from './delivery/discreet-destination.ts';
import { createHttpDestination } from './delivery/http-destination.ts';
import { createPostChannel, DEFAULT_TIMEOUTS } from './delivery/post-channel.ts';
import { StatusAnnouncer } from './delivery/status-announcer.ts';
import { type TlsTrust, trustAuthoritiesOf } from './egress/tls-trust.ts';
import { createUrlGuard, type UrlGuard } from './egress/url-guard.ts';
import { toServiceError } from './errors.ts';
import { createIngestionService, type IngestionServiceOptions } from './ingestion/create-ingestion-service.ts';
import { IngestionQueue, type QueueScope } from './ingestion/ingestion-queue.ts';
import type { IngestionService } from './ingestion/ingestion-service.ts';
import type { RunDependencies } from './ingestion/run-context.ts';
import { runIngestion } from './ingestion/run-ingestion.ts';
import { watchRun } from './ingestion/watchdog.ts';
import { workerSessions } from './ingestion/worker-chunk-session.ts';
import { createMetrics, type Metrics } from './metrics/create-metrics.ts';
import { DeliveryTraces } from './metrics/delivery-traces.ts';
import type { Circuit } from './model/circuit.ts';
import type { Clock, Random } from './model/clock.ts';
import { secretsOf } from './model/hide-secrets.ts';
import type { AnnouncedStatus, Ingestion } from './model/ingestion.ts';
import type { Logger } from './model/logger.ts';
import { isUntouched, openSourceSet } from './sources/source-set.ts';
import { takeTurns } from './sources/take-turns.ts';
import type { StateStore } from './state/state-store.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** The longest wait between attempts that a request did not ask otherwise for (docs/protocol.md). */
const DEFAULT_MAX_DELAY_MS = 60_000;

/** Requests that look at their files at the same time: a folder may have a million entries, and ten thousand files to be opened. */
const MAX_REQUESTS_AT_FILES = 4;

const USER_AGENT = `ackstream/${VERSION}`;

/** What deliveries are put together from. */
export interface DeliveryParts {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly scope: QueueScope;
  readonly outward: Outward;
}

/** What carries ingestions on, and what it shares with the rest of a service. */
export interface Deliveries
  extends Pick<RunDependencies, 'store' | 'clock' | 'logger' | 'openSources' | 'isUntouched' | 'openSession'> {
  readonly queue: IngestionQueue;
  readonly ingestions: IngestionService;
  readonly circuits: {
    /** Before anything is delivered: nothing is known of any origin yet, whatever was told last. */
    begin(): Promise<void>;
    list(): readonly Circuit[];
    of(ingestion: Ingestion): Circuit | null;
  };
  readonly metrics: Metrics;
  readonly announcer: StatusAnnouncer;
}

/** Puts them together; nothing runs yet. */
export function composeDeliveries(config: Config, { random, scope, outward, ...given }: DeliveryParts): Deliveries {
  const { store, clock } = given;
  const observers = observersOf(config, clock, given.logger);
  const { metrics } = observers;
  const { logger } = metrics;
  const announcer = announcerOf(config, { outward, clock, logger });
  const openSources: RunDependencies['openSources'] = (filePath, fileType) =>
    openSourceSet(filePath, { roots: config.sourceRoots, ownPaths: config.ownPaths, fileType });
  const announceStatus = (ingestion: Ingestion, status: AnnouncedStatus) => {
    metrics.runs.announced(status);
    announcer.announce(ingestion, status);
  };
  const shared = { store, clock, logger, openSources, isUntouched, announceStatus };
  const recordCircuits = circuitRecorder(store, logger);
  const breaker = new CircuitBreaker({ clock, logger, onChange: recordCircuits.change });
  withdrawStopped(store, breaker);
  const createDestination = destinationsOf(config, { ...observers, outward, clock, breaker });
  const openSession = workerSessions({ memoryBytes: config.workerMemoryBytes });
  const queue = queueOf(config, { ...shared, random, openSession, createDestination }, { ...observers, scope });
  return {
    ...shared,
    openSession: metrics.readings.measure(openSession, 'read-back'),
    queue,
    ingestions: withdrawingMoved(ingestionsOf(config, { ...shared, queue, guard: outward.guard }), breaker),
    circuits: {
      begin: () => recordCircuits.begin(clock.now()),
      list: () => breaker.list(),
      of: (ingestion) => breaker.circuitFor(askingFor(ingestion)),
    },
    metrics,
    announcer,
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

/** What looks on. */
interface Observers {
  readonly metrics: Metrics;
  readonly traces: DeliveryTraces;
}

function observersOf({ maxRunning, maxQueued, workerMemoryBytes }: Config, clock: Clock, logger: Logger): Observers {
  const facts = { version: VERSION, maxRunning, maxQueued, workerMemoryBytes };
  return { metrics: createMetrics({ ...facts, clock, systemClock, logger }), traces: new DeliveryTraces(VERSION) };
}

/** A queue of which every run is watched, measured and traced. */
function queueOf(
  config: Config,
  unmeasured: RunDependencies,
  { scope, metrics, traces }: Observers & { readonly scope: QueueScope },
): IngestionQueue {
  const { maxRunning, stallTimeoutMs } = config;
  const dependencies = { ...unmeasured, openSession: metrics.readings.measure(unmeasured.openSession, 'deliver') };
  return new IngestionQueue({
    ...dependencies,
    maxRunning,
    scope,
    run: (ingestion, control) => {
      metrics.runs.began(ingestion);
      return traces.traceRun(ingestion, () =>
        watchRun(runIngestion, { ingestion, control, dependencies, clock: systemClock, stallTimeoutMs }),
      );
    },
  });
}

/** What every connection to outside is judged by. */
export interface Outward {
  readonly guard: UrlGuard;
  readonly trust: TlsTrust | undefined;
}

/** How others are connected to, by the settings alone. Throws CONFIG_INVALID. */
export function outwardOf({ callbackAllow, callbackCa, listensOnLoopbackOnly }: Config): Outward {
  return {
    guard: createUrlGuard({ allow: callbackAllow, isLoopbackAllowed: listensOnLoopbackOnly }),
    trust: callbackCa === null ? undefined : trustAuthoritiesOf(callbackCa),
  };
}

function destinationsOf(
  config: Config,
  {
    outward,
    clock,
    breaker,
    metrics,
    traces,
  }: Observers & { readonly outward: Outward; readonly clock: Clock; readonly breaker: CircuitBreaker },
): RunDependencies['createDestination'] {
  return (ingestion) => {
    const { delivery } = ingestion;
    const secret = delivery.callbackSecret ?? config.callbackSecret;
    const traced = traces.to(delivery.callbackUrl);
    const channel = createPostChannel({ ...outward, url: new URL(delivery.callbackUrl), timeouts: DEFAULT_TIMEOUTS });
    const destination = createHttpDestination({
      channel: traced.channel(channel),
      headers: delivery.callbackHeaders,
      secret,
      clock,
      userAgent: USER_AGENT,
    });
    const discreet = withHiddenSecrets(destination, secretsOf(delivery, secret));
    const observed = traced.destination(metrics.deliveries.measure(discreet));
    return withCircuit(observed, { breaker, ...askingFor(ingestion) });
  };
}

function askingFor({ ingestionId, delivery: { callbackUrl, maxDelayMs } }: Ingestion): Asking {
  return { ingestionId, origin: new URL(callbackUrl).origin, maxDelayMs };
}

function announcerOf(
  { callbackSecret: secret }: Config,
  { outward, clock, logger }: { readonly outward: Outward; readonly clock: Clock; readonly logger: Logger },
): StatusAnnouncer {
  return new StatusAnnouncer({ ...outward, clock, logger, secret, timeouts: DEFAULT_TIMEOUTS, userAgent: USER_AGENT });
}

/** Puts on record what becomes of circuits; nothing is delivered or kept back by it, so that nothing fails with it. */
function circuitRecorder(store: StateStore, logger: Logger) {
  const told = (record: Promise<void>) =>
    record.catch((error: unknown) => {
      const { code, message } = toServiceError(error);
      logger.error('state.unavailable', { what: 'tell of a circuit', code, message });
    });
  return {
    begin: (now: number) => told(store.recordCircuitsClosed(now)),
    change: (...[circuit, now]: Parameters<NonNullable<CircuitBreakerOptions['onChange']>>) =>
      void told(store.recordCircuit(circuit, now)),
  };
}

/** Has the breaker know which ingestions wait for it no more: those that do not go on by themselves. */
function withdrawStopped(store: StateStore, breaker: CircuitBreaker): void {
  store.watchEvents((events) => {
    for (const { ingestionId, content } of events) {
      if (ingestionId === null || content.kind !== 'state') continue;
      if (content.status === 'QUEUED' || content.status === 'RUNNING') continue;
      // Not at once: what it puts on record would come into the midst of telling others of this commit.
      queueMicrotask(() => breaker.withdraw(ingestionId));
    }
  });
}

/** Has the breaker know too which wait for another origin from now on. */
function withdrawingMoved(ingestions: IngestionService, breaker: CircuitBreaker): IngestionService {
  return {
    ...ingestions,
    async submit(...asked) {
      const answer = await ingestions.submit(...asked);
      if (answer.changed.includes('callback_url')) breaker.withdraw(answer.ingestionId);
      return answer;
    },
  };
}
