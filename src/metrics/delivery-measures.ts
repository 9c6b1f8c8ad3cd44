import { Counter, Histogram, type Registry } from 'prom-client';
import type { AttemptContext, Destination } from '../delivery/destination.ts';
import type { ReadyChunk } from '../model/chunk.ts';
import type { Clock } from '../model/clock.ts';
import { OUTCOME_KINDS, type Outcome } from '../model/outcome.ts';

/** Seconds, from a receiver in the same rack to one that needs all of the 120 s that an attempt may take. */
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** What attempts are aimed at. */
const TARGETS = ['chunk', 'completion'] as const;

/** Counts attempts, and what they delivered. */
export class DeliveryMeasures {
  readonly #clock: Clock;
  readonly #attempts: Counter<'target' | 'outcome'>;
  readonly #chunks: Counter;
  readonly #records: Counter;
  readonly #bytes: Counter;
  readonly #latency: Histogram;

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock;
    const registers = [registry];
    this.#attempts = new Counter({
      name: 'ackstream_attempts_total',
      help: 'Attempts that were made, by what they were aimed at and how they ended.',
      labelNames: ['target', 'outcome'],
      registers,
    });
    // A series that is there from the start tells "none so far" from "not measured".
    for (const target of TARGETS) {
      for (const outcome of OUTCOME_KINDS) this.#attempts.inc({ target, outcome }, 0);
    }
    this.#chunks = new Counter({
      name: 'ackstream_delivered_chunks_total',
      help: 'Chunks that a receiver acknowledged; one that it acknowledges again counts again.',
      registers,
    });
    this.#records = new Counter({
      name: 'ackstream_delivered_records_total',
      help: 'Records of the acknowledged chunks.',
      registers,
    });
    this.#bytes = new Counter({
      name: 'ackstream_delivered_bytes_total',
      help: 'Bytes of the bodies of the acknowledged chunks.',
      registers,
    });
    this.#latency = new Histogram({
      name: 'ackstream_ack_latency_seconds',
      help: 'From the begin of an attempt at a chunk to its acknowledgement.',
      buckets: LATENCY_BUCKETS,
      registers,
    });
  }

  /** A destination whose attempts are counted. */
  measure(destination: Destination): Destination {
    return {
      attempt: (chunk, context) => this.#attempt(destination, chunk, context),
      complete: async (completion, context) => {
        const outcome = await destination.complete(completion, context);
        this.#attempts.inc({ target: 'completion', outcome: outcome.kind });
        return outcome;
      },
      close: () => destination.close(),
    };
  }

  async #attempt(destination: Destination, chunk: ReadyChunk, context: AttemptContext): Promise<Outcome> {
    const begunAt = this.#clock.now();
    const outcome = await destination.attempt(chunk, context);
    this.#attempts.inc({ target: 'chunk', outcome: outcome.kind });
    if (outcome.kind === 'acknowledged') {
      // A wall clock may have been set back meanwhile.
      this.#latency.observe(Math.max(0, this.#clock.now() - begunAt) / 1000);
      this.#chunks.inc();
      this.#records.inc(chunk.plan.recordCount);
      this.#bytes.inc(chunk.body.length);
    }
    return outcome;
  }
}
