import { Gauge, type Registry } from 'prom-client';
import type { Circuit } from '../model/circuit.ts';
import type { Clock } from '../model/clock.ts';
import type { StateStore } from '../state/state-store.ts';

/** What is looked at when somebody asks for the metrics. */
export interface ServiceView {
  readonly store: Pick<StateStore, 'countByStatus' | 'countWaiting'>;
  /** Every circuit that is not closed. */
  circuits(): readonly Circuit[];
  /** What the service needs to be ready, each by its name. */
  readiness(): Promise<{ readonly checks: Readonly<Record<string, boolean>> }>;
}

/** What the service was started as. */
export interface ServiceFacts {
  readonly version: string;
  readonly maxRunning: number;
  readonly maxQueued: number;
}

/** How things stand: asked for, not kept, so that it is right after a restart, too. */
export class ServiceGauges {
  readonly #clock: Clock;
  readonly #ingestions: Gauge<'status'>;
  readonly #queue: Gauge<'state'>;
  readonly #circuits: Gauge<'state'>;
  readonly #ready: Gauge<'check'>;

  constructor(registry: Registry, clock: Clock, { version, maxRunning, maxQueued }: ServiceFacts) {
    this.#clock = clock;
    const registers = [registry];
    this.#ingestions = new Gauge({
      name: 'ackstream_ingestions',
      help: 'Ingestions on record, by status.',
      labelNames: ['status'],
      registers,
    });
    this.#queue = new Gauge({
      name: 'ackstream_queue_length',
      help: 'Ingestions in the queue: ready for a slot, or waiting for the time of their next attempt.',
      labelNames: ['state'],
      registers,
    });
    this.#circuits = new Gauge({
      name: 'ackstream_circuits',
      help: 'Callback origins to which nothing but probes is sent, by the state of their circuit.',
      labelNames: ['state'],
      registers,
    });
    this.#ready = new Gauge({
      name: 'ackstream_ready',
      help: 'What the service needs to do its work: 1 where it is there.',
      labelNames: ['check'],
      registers,
    });
    new Gauge({
      name: 'ackstream_queue_capacity',
      help: 'Ingestions that may be in the queue: ACKSTREAM_MAX_QUEUED.',
      registers,
    }).set(maxQueued);
    new Gauge({
      name: 'ackstream_run_slots',
      help: 'Ingestions that may run at once: ACKSTREAM_MAX_RUNNING.',
      registers,
    }).set(maxRunning);
    new Gauge({
      name: 'ackstream_build_info',
      help: 'The version of the service and of its Node.',
      labelNames: ['version', 'node'],
      registers,
    }).set({ version, node: process.versions.node }, 1);
  }

  /** Looks at the service. */
  async refresh(view: ServiceView): Promise<void> {
    const { checks } = await view.readiness();
    for (const [check, isGood] of Object.entries(checks)) this.#ready.set({ check }, Number(isGood));
    const circuits = view.circuits();
    for (const state of ['open', 'half-open']) {
      this.#circuits.set({ state }, circuits.filter((circuit) => circuit.state === state).length);
    }
    await this.#count(view.store);
  }

  /** Where the state cannot be read there are no numbers, rather than old ones; `ackstream_ready` says so. */
  async #count(store: ServiceView['store']): Promise<void> {
    const counted = await Promise.all([store.countByStatus(), store.countWaiting(this.#clock.now())]).catch(() => null);
    // Not before: another scrape under way would find nothing.
    this.#ingestions.reset();
    this.#queue.reset();
    if (counted === null) return;
    const [counts, waiting] = counted;
    for (const [status, count] of Object.entries(counts)) this.#ingestions.set({ status }, count);
    this.#queue.set({ state: 'waiting' }, waiting);
    this.#queue.set({ state: 'ready' }, counts.QUEUED - waiting);
  }
}
