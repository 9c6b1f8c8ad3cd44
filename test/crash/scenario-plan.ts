/** What a seed decides on: a delivery between two real processes, and the strikes it has to survive. Pure; the machine decides only on the moment of each. */
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import type { CrashPoint } from '../../src/crash-point.ts';
import { FORMAT_FEEDS, type FormatFeed } from '../harness/format-feeds.ts';
import { Chance } from './chance.ts';

/** Whom a kill hits. */
export type Victims = 'service' | 'receiver' | 'both';

/** When a receiver is killed that is not killed at random: with a chunk that it has not stored, or has stored and not acknowledged. */
export type ReceiverMoment = 'received-not-stored' | 'stored-not-acked';

/** One thing that is done to the processes. */
export type Blow =
  | { readonly kind: 'kill'; readonly victims: Victims }
  /** The service, and once more while it starts again. */
  | { readonly kind: 'kill-at-start'; readonly startMs: number }
  | {
      readonly kind: 'kill-at-point';
      readonly point: CrashPoint;
      readonly pass: number;
      readonly victims: 'service' | 'both';
    }
  | { readonly kind: 'kill-receiver-at'; readonly moment: ReceiverMoment; readonly victims: 'receiver' | 'both' }
  | { readonly kind: 'shut-down' }
  | { readonly kind: 'act'; readonly actions: readonly ('pause' | 'resume' | 'cancel')[] };

/** What a person asks for: members of the request, and a query that makes another callback of the same receiver. */
export interface Asked {
  readonly members: Readonly<Record<string, unknown>>;
  readonly callbackQuery: string;
}

/** One stretch of the delivery: what holds in it, and the blow that ends it. */
export interface Strike {
  /** Settings of the service, if it starts now. */
  readonly env: Readonly<Record<string, string>>;
  readonly faults: readonly FaultRuleInput[];
  /** Null: nobody asks, and what goes on does so by itself. */
  readonly asked: Asked | null;
  readonly calmMs: number;
  readonly blow: Blow;
}

/** A whole scenario. */
export interface ScenarioPlan {
  readonly seed: number;
  readonly feed: FormatFeed;
  readonly recordCount: number;
  readonly withBad: boolean;
  readonly isLegacy: boolean;
  readonly strikes: readonly Strike[];
  /** Where the service is killed once more, behind the last chunk. */
  readonly lastPoint: CrashPoint;
}

/** The points that every chunk passes. */
const CHUNK_POINTS: readonly CrashPoint[] = [
  'planned-not-sent',
  'attempt-begun-not-sent',
  'sent-not-acked',
  'acked-not-committed',
  'committed',
];
const LAST_POINTS: readonly CrashPoint[] = ['before-completed', 'completed-not-committed', 'after-completed'];

/** The longest time between two blows: enough for some chunks behind the start of a process. */
const MAX_CALM_MS = 700;
const MAX_START_MS = 600;
const MAX_PASS = 8;

const SECRET = `whsec_${Buffer.alloc(24, 'secret').toString('base64')}`;

/** The plan of a seed. Seeds one after the other have every feed, with and without bad records, both dialects and every last point. */
export function planScenario(seed: number, strikeCount: number): ScenarioPlan {
  const round = Math.floor(seed / FORMAT_FEEDS.length);
  const feed = FORMAT_FEEDS[seed % FORMAT_FEEDS.length] as FormatFeed;
  const planner = new StrikePlanner(seed, seed % 4 === 0);
  return {
    seed,
    feed,
    recordCount: 500 + planner.chance.below(2_000),
    withBad: feed.badText !== null && round % 2 === 0,
    isLegacy: planner.isLegacy,
    strikes: Array.from({ length: strikeCount }, (_, index) => planner.strike(index)),
    lastPoint: LAST_POINTS[seed % LAST_POINTS.length] as CrashPoint,
  };
}

class StrikePlanner {
  readonly chance: Chance;
  readonly isLegacy: boolean;
  readonly #seed: number;
  /** A receiver that answers 413 does not answer 429 as well: the log of a receiver does not tell it from a 503, behind which no chunk may be cut. */
  readonly #mayCut: boolean;
  #pointCount = 0;

  constructor(seed: number, isLegacy: boolean) {
    this.chance = new Chance(seed);
    this.#seed = seed;
    this.isLegacy = isLegacy;
    this.#mayCut = this.chance.happens(0.5);
  }

  strike(index: number): Strike {
    const blow = index === 0 ? this.#firstBlow() : this.#blow();
    const mustAsk = index === 0 || blow.kind === 'kill-at-point' || blow.kind === 'kill-receiver-at';
    return {
      env: this.#env(),
      faults: this.#faults(),
      asked: this.chance.happens(0.7) || mustAsk ? this.#asked() : null,
      calmMs: this.chance.upTo(MAX_CALM_MS),
      blow,
    };
  }

  /** Nothing but the first run passes this point for sure. */
  #firstBlow(): Blow {
    return this.chance.happens(0.3)
      ? { kind: 'kill-at-point', point: 'before-plan', pass: 1, victims: 'service' }
      : this.#blow();
  }

  #blow(): Blow {
    const { chance } = this;
    return chance.pick<Blow>([
      [3, () => ({ kind: 'kill', victims: 'service' })],
      [2, () => ({ kind: 'kill', victims: 'receiver' })],
      [2, () => ({ kind: 'kill', victims: 'both' })],
      [1, () => ({ kind: 'kill-at-start', startMs: chance.upTo(MAX_START_MS) })],
      [6, () => this.#killAtPoint()],
      [
        2,
        () => ({
          kind: 'kill-receiver-at',
          moment: chance.happens(0.5) ? 'received-not-stored' : 'stored-not-acked',
          victims: chance.happens(0.3) ? 'both' : 'receiver',
        }),
      ],
      [1, () => ({ kind: 'shut-down' })],
      [1, () => ({ kind: 'act', actions: chance.happens(0.5) ? ['pause'] : ['pause', 'resume'] })],
      [0.5, () => ({ kind: 'act', actions: ['cancel'] })],
    ]);
  }

  /** Each point in its turn. */
  #killAtPoint(): Blow {
    const point = CHUNK_POINTS[(this.#seed + this.#pointCount) % CHUNK_POINTS.length] as CrashPoint;
    this.#pointCount += 1;
    const victims = this.chance.happens(0.25) ? 'both' : 'service';
    return { kind: 'kill-at-point', point, pass: 1 + this.chance.below(MAX_PASS), victims };
  }

  #env(): Record<string, string> {
    const isSigned = this.chance.happens(0.3);
    return {
      ACKSTREAM_MAX_RUNNING: String(1 + this.chance.below(3)),
      ...(isSigned ? { ACKSTREAM_CALLBACK_SECRET: SECRET } : {}),
    };
  }

  #asked(): Asked {
    const { chance } = this;
    return {
      members: {
        chunk_size_by_records: chance.pick([
          [1, () => 0],
          [12, () => 1 + chance.below(5)],
          [12, () => 5 + chance.below(15)],
        ]),
        chunk_size_by_memory: chance.pick([
          [3, () => 0],
          [1, () => 500 + chance.below(3_000)],
        ]),
        retry: { max_delay: `${1 + chance.below(20)}ms` },
        callback_headers: { 'x-tenant': String(chance.below(3)) },
      },
      callbackQuery: chance.happens(0.2) ? '?via=elsewhere' : '',
    };
  }

  /** A delay, so that there is something to strike, and up to three more. */
  #faults(): FaultRuleInput[] {
    const faults: FaultRuleInput[] = [{ fault: 'delay', delay_ms: 3 + this.chance.below(12) }];
    const probability = 0.05 + this.chance.upTo(0.2);
    for (let left = this.chance.below(4); left > 0; left -= 1) faults.push(this.#fault(probability));
    return faults;
  }

  #fault(probability: number): FaultRuleInput {
    const { chance } = this;
    const forgets = (): FaultRuleInput => ({
      fault: 'forget',
      keep_chunks: chance.below(20),
      times: 1,
      probability: 0.05,
    });
    const cuts = (): FaultRuleInput => ({ fault: 'too-large', max_bytes: 2_000 + chance.below(10_000) });
    const isBusy = (): FaultRuleInput => ({ fault: 'status', status: 429, retry_after: '0', probability });
    return chance.pick<FaultRuleInput>([
      [1, () => ({ fault: 'reset', probability })],
      [2, () => ({ fault: 'reset', after_storing: true, probability })],
      [1, () => ({ fault: 'status', status: 503, probability })],
      [1, () => ({ fault: 'status', status: 500, after_storing: true, probability })],
      [1, () => ({ fault: 'redirect', location: '/callback', status: 307, probability })],
      [1, () => ({ fault: 'truncated-ack', probability })],
      [1, () => ({ fault: 'non-json-ack', probability })],
      [1, () => ({ fault: 'wrong-echo', member: 'chunk_number', probability })],
      [1, () => ({ fault: 'huge-ack', bytes: 200_000, probability })],
      [1, () => ({ fault: 'dripping-ack', interval_ms: 1, probability: probability / 3 })],
      [1, () => ({ fault: 'nack', error: 'not today', probability: probability / 10 })],
      [2, this.#mayCut ? cuts : isBusy],
      // A receiver of the original dialect that loses state cannot say what it expects: docs/protocol.md promises nothing there.
      [this.isLegacy ? 0 : 1, forgets],
    ]);
  }
}
