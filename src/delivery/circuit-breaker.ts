import type { Circuit } from '../model/circuit.ts';
import type { Clock } from '../model/clock.ts';
import type { CircuitEvent } from '../model/event.ts';
import type { Logger } from '../model/logger.ts';
import { type Admission, type CircuitChange, OriginCircuit, type Verdict } from './origin-circuit.ts';

/** After this long without an attempt at an origin nothing that is known of it says anything: longer than any wait between attempts. */
const FORGOTTEN_AFTER_MS = 2 * 3_600_000;

/** Whose attempt it is. */
export interface Asking {
  /** Scheme, host and port: `new URL(…).origin`. */
  readonly origin: string;
  /** The longest wait between attempts that its ingestion wants, ms. */
  readonly maxDelayMs: number;
}

/** Leave to make one attempt, or why not and how long until it is worth asking again. */
export type Leave =
  | {
      readonly kind: 'admitted';
      /** To be told what became of it; what is told after the first time is passed over. */
      settle(verdict: Verdict): void;
    }
  | Extract<Admission, { kind: 'refused' }>;

/** What a breaker works with. */
export interface CircuitBreakerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told what a circuit is whenever its state, or the time of its next probe, has changed. */
  readonly onChange?: (circuit: CircuitEvent, now: number) => void;
}

/** What is told of a circuit that is not shown. */
const CLOSED = { state: 'closed', since: null, nextProbeAt: null } as const;

interface KnownOrigin {
  readonly circuit: OriginCircuit;
  lastAskedAt: number;
}

/** The circuits to all origins that a process delivers to: what one ingestion learns of an origin holds for all of them. */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onChange: CircuitBreakerOptions['onChange'];
  readonly #known = new Map<string, KnownOrigin>();

  constructor({ clock, logger, onChange }: CircuitBreakerOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Asks for an attempt. */
  admit({ origin, maxDelayMs }: Asking): Leave {
    const now = this.#clock.now();
    const circuit = this.#circuitTo(origin, now);
    const admission = circuit.admit(now, maxDelayMs);
    if (admission.kind === 'refused') return admission;
    if (admission.isProbe) {
      this.#logger.info('circuit.probed', { origin });
      this.#tell(circuit, now);
    }
    let isSettled = false;
    return {
      kind: 'admitted',
      settle: (verdict) => {
        if (isSettled) return;
        isSettled = true;
        const settledAt = this.#clock.now();
        const change = admission.settle(verdict, settledAt);
        if (change === null) return;
        this.#log(circuit, change, settledAt);
        this.#tell(circuit, settledAt);
      },
    };
  }

  /** The circuit as it is to one who asks; null while it is closed. */
  circuitFor({ origin, maxDelayMs }: Asking): Circuit | null {
    return this.#known.get(origin)?.circuit.shown(this.#clock.now(), maxDelayMs) ?? null;
  }

  /** Every circuit that is not closed, by origin. */
  list(): readonly Circuit[] {
    const now = this.#clock.now();
    this.#forget(now);
    const shown = Array.from(this.#known.values(), ({ circuit }) => circuit.shown(now, Number.POSITIVE_INFINITY));
    return shown.filter((circuit) => circuit !== null).toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  }

  #circuitTo(origin: string, now: number): OriginCircuit {
    const known = this.#known.get(origin);
    if (known !== undefined) {
      known.lastAskedAt = now;
      return known.circuit;
    }
    this.#forget(now);
    const circuit = new OriginCircuit(origin);
    this.#known.set(origin, { circuit, lastAskedAt: now });
    return circuit;
  }

  #forget(now: number): void {
    for (const [origin, { lastAskedAt }] of this.#known) {
      if (now - lastAskedAt > FORGOTTEN_AFTER_MS) this.#known.delete(origin);
    }
  }

  #tell(circuit: OriginCircuit, now: number): void {
    const { origin } = circuit;
    const { state, since, nextProbeAt } = circuit.shown(now, Number.POSITIVE_INFINITY) ?? CLOSED;
    this.#onChange?.({ kind: 'circuit', origin, state, since, nextProbeAt }, now);
  }

  #log(circuit: OriginCircuit, change: CircuitChange, now: number): void {
    if (change === 'probe-abandoned') return;
    const { origin } = circuit;
    const shown = circuit.shown(now, Number.POSITIVE_INFINITY);
    if (shown === null) this.#logger.info('circuit.closed', { origin });
    else {
      this.#logger.warn('circuit.opened', {
        origin,
        is_first: change === 'opened',
        next_probe_at: shown.nextProbeAt,
        consecutive_failures: shown.consecutiveFailures,
      });
    }
  }
}
