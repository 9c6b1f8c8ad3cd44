import { Counter, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../model/clock.ts';
import type { AnnouncedStatus } from '../model/ingestion.ts';
import type { ClaimedIngestion } from '../state/state-store.ts';

/** Seconds, from a free slot to a night behind other feeds. */
const WAIT_BUCKETS = [0.1, 1, 10, 60, 300, 900, 3600, 14_400, 43_200];

/** Every status that is announced: a series that is there from the start tells "none so far" from "not measured". */
const ANNOUNCED: Readonly<Record<AnnouncedStatus, true>> = {
  STARTED: true,
  PAUSED: true,
  COMPLETED: true,
  FAILED: true,
  CANCELLED: true,
};

/** Counts what becomes of ingestions. */
export class RunMeasures {
  readonly #clock: Clock;
  readonly #wait: Histogram;
  readonly #changes: Counter<'status'>;

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock;
    this.#wait = new Histogram({
      name: 'ackstream_queue_wait_seconds',
      help: 'From the request for an ingestion to the begin of its first run.',
      buckets: WAIT_BUCKETS,
      registers: [registry],
    });
    this.#changes = new Counter({
      name: 'ackstream_status_changes_total',
      help: 'Ingestions that were started, and that stopped, by how.',
      labelNames: ['status'],
      registers: [registry],
    });
    for (const status of Object.keys(ANNOUNCED)) this.#changes.inc({ status }, 0);
  }

  /** An ingestion has a slot. */
  began({ isFirstRun, createdAt }: Pick<ClaimedIngestion, 'isFirstRun' | 'createdAt'>): void {
    if (isFirstRun) this.#wait.observe(Math.max(0, this.#clock.now() - createdAt) / 1000);
  }

  /** A status is told to whoever wants to know. */
  announced(status: AnnouncedStatus): void {
    this.#changes.inc({ status });
  }
}
