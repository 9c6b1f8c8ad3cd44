import { CircuitBreaker } from '../../src/delivery/circuit-breaker.ts';
import { withCircuit } from '../../src/delivery/circuit-destination.ts';
import type { Destination } from '../../src/delivery/destination.ts';
import { createHttpDestination } from '../../src/delivery/http-destination.ts';
import { createIngestionService } from '../../src/ingestion/create-ingestion-service.ts';
import { IngestionQueue } from '../../src/ingestion/ingestion-queue.ts';
import type { IngestionService } from '../../src/ingestion/ingestion-service.ts';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { runIngestion } from '../../src/ingestion/run-ingestion.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import type { LogEvent, LogFields, Logger } from '../../src/model/logger.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { gatedStore } from './gated-store.ts';
import { SimulatedSession } from './simulated-session.ts';
import type { Life } from './virtual-time.ts';
import type { World } from './world.ts';

const MAX_QUEUED = 100;
const DEFAULTS = { maxDepth: 64, maxRecordBytes: 4096, retryWindowMs: 72 * 3_600_000, maxDelayMs: 60_000 };
/** Of this many demands for a chunk one takes a while. */
const READS_PER_WAIT = 8;
const LONGEST_READ_MS = 60;

/**
 * A service as compose.ts puts it together, but for what it stands on: a store that it may share, a network, files and a clock that are simulated. Each of
 * its waits goes through {@link SenderProcess.pass}: there it may end or stand still, and nothing of it happens after.
 */
export class SenderProcess implements Life {
  readonly name: string;
  readonly service: IngestionService;
  readonly #world: World;
  readonly #store: StateStore;
  readonly #queue: IngestionQueue;
  #isAlive = true;
  /** Whether another process has taken over from it. */
  isOvertaken = false;
  /** Resolves when it goes on; null: it goes on. */
  #frozen: Promise<void> | null = null;

  constructor(world: World, number: number) {
    this.#world = world;
    this.name = `sender ${number}`;
    this.#store = gatedStore(world, this);
    const clock = this.#clock();
    const logger = this.#logger();
    const breaker = new CircuitBreaker({ clock, logger });
    const shared = { store: this.#store, clock, logger, openSources: this.#openSources, announceStatus: () => {} };
    const run: RunDependencies = {
      ...shared,
      random: world.chance.random,
      isUntouched: async (sources, fileIndex) => {
        await this.pass('stat');
        return world.feedAt(sources.files[0]?.path ?? '').isUntouched(sources, fileIndex);
      },
      openSession: (start) => {
        const feed = world.feedAt(start.files[0]?.path ?? '');
        return new SimulatedSession(start, feed, () => this.#passReading(clock));
      },
      createDestination: (ingestion) => this.#destination(ingestion, { clock, breaker }),
    };
    this.#queue = new IngestionQueue({
      store: this.#store,
      clock,
      logger,
      maxRunning: world.scenario.maxRunning,
      scope: 'all',
      run: (ingestion, control) => runIngestion(ingestion, control, run),
    });
    this.service = createIngestionService({
      ...shared,
      queue: this.#queue,
      guard: { checkUrl: async () => {} },
      maxQueued: MAX_QUEUED,
      defaults: DEFAULTS,
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it takes requests. */
  get isOpen(): boolean {
    return this.#isAlive && this.#queue.isOpen;
  }

  /** Recovers what another left, and begins; where the store refuses, the supervisor tries again. */
  async start(): Promise<void> {
    try {
      await this.#store.recoverAtStart(this.#world.time.now());
    } catch {
      this.#world.time.schedule(1_000, this, () => void this.start());
      return;
    }
    this.#queue.start();
  }

  /** Asks it to end; resolves when it has. */
  async stop(): Promise<void> {
    await this.#queue.stop();
    this.#isAlive = false;
  }

  /** It ends without a word. */
  kill(): void {
    this.#isAlive = false;
    this.#world.network.abandon(this);
  }

  /** It stands still for a while. */
  freeze(durationMs: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#frozen = promise;
    this.#world.time.schedule(durationMs, this, () => {
      this.#frozen = null;
      this.#world.trace.note(this.name, 'goes on');
      resolve();
    });
  }

  /** A place at which it may end or stand still. */
  async pass(place: string): Promise<void> {
    if (this.#isAlive) this.#world.stepped(this, place);
    while (this.#isAlive && this.#frozen !== null) await this.#frozen;
    if (!this.#isAlive) await new Promise<never>(() => {});
  }

  async #passReading(clock: Clock): Promise<void> {
    const { chance } = this.#world;
    if (chance.whole(1, READS_PER_WAIT) === 1) await clock.sleep(chance.whole(1, LONGEST_READ_MS));
    else await this.pass('read');
  }

  readonly #openSources: RunDependencies['openSources'] = async (filePath) => {
    await this.pass('open');
    return this.#world.feedAt(filePath).open();
  };

  #destination(
    { ingestionId, delivery }: Ingestion,
    { clock, breaker }: { readonly clock: Clock; readonly breaker: CircuitBreaker },
  ): Destination {
    const destination = createHttpDestination({
      channel: this.#world.network.channel(this, this.#world.receiverAt(delivery.callbackUrl)),
      headers: delivery.callbackHeaders,
      secret: delivery.callbackSecret,
      clock,
      userAgent: 'ackstream/simulated',
    });
    const { origin } = new URL(delivery.callbackUrl);
    return withCircuit(destination, { breaker, ingestionId, origin, maxDelayMs: delivery.maxDelayMs });
  }

  #clock(): Clock {
    const { time } = this.#world;
    return {
      now: () => time.now(),
      sleep: async (durationMs, signal) => {
        if (signal?.aborted === true) return;
        await new Promise<void>((resolve) => {
          signal?.addEventListener('abort', () => resolve(), { once: true });
          time.schedule(durationMs, this, resolve);
        });
        await this.pass('wake');
      },
    };
  }

  #logger(): Logger {
    const log = (event: LogEvent, fields: LogFields = {}) => {
      if (!this.#isAlive) return;
      const { ingestion_id: id, stack, caused_by: cause, ...rest } = fields;
      const shown = Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : `${key}=${value}`));
      this.#world.trace.note(this.name, [event, String(id ?? '').slice(0, 6), ...shown].join(' '));
      const isInternal = stack !== undefined || fields.code === 'INTERNAL';
      if (isInternal && !this.isOvertaken)
        this.#world.accuse('no-internal-error', `${this.name}: ${cause ?? stack ?? fields.message}`);
    };
    return { debug: log, info: log, warn: log, error: log };
  }
}
