import type { Circuit } from '../model/circuit.ts';
import type { Clock } from '../model/clock.ts';
import { type CircuitEvent, CLOSED_CIRCUIT } from '../model/event.ts';
import type { Logger } from '../model/logger.ts';
import { type Admission, type CircuitChange, OriginCircuit, type Verdict } from './origin-circuit.ts';

/** So long after the last attempt at an origin for which no ingestion waits nothing that is known of it says anything. */
const FORGOTTEN_AFTER_MS = 2 * 3_600_000;

/** Whose attempt it is. */
export interface Asking {
  readonly ingestionId: string;
  /** Scheme, host and port: `new URL(…).origin`. */
  readonly origin: string;
  /** The longest wait between attempts that its ingestion wants, ms. */
  readonly maxDelayMs: number;
}

/** Leave to make one attempt, or why not and how long until it is worth asking again. */
export type Leave =
  | {
      readonly kind: 'admitted';
      /** To be told what became of it, and why it failed, if it did; what is told after the first time is passed over. */
      settle(verdict: Verdict, reason?: string | null): void;
    }
  | Extract<Admission, { kind: 'refused' }>;

/** What a breaker works with. */
export interface CircuitBreakerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told what a circuit is whenever its state, or the time of its next probe, has changed; also that it is closed where it was forgotten. */
  readonly onChange?: (circuit: CircuitEvent, now: number) => void;
}

interface KnownOrigin {
  readonly circuit: OriginCircuit;
  /** Ingestions that have asked and go on asking, with the longest wait that each of them wants, ms. */
  readonly waiting: Map<string, number>;
  lastAskedAt: number;
  told: CircuitEvent;
}

/**
 * The circuits to all origins that a process delivers to: what one ingestion learns of an origin holds for all of them. A circuit that is not closed is forgotten with the last
 * ingestion that asked for it, since nothing probes it then.
 */
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
  admit({ ingestionId, origin, maxDelayMs }: Asking): Leave {
    const now = this.#clock.now();
    const known = this.#originAskedFor(origin, now);
    // Nobody waits for two origins: its callback may have been changed.
    if (!known.waiting.has(ingestionId)) this.withdraw(ingestionId);
    known.waiting.set(ingestionId, maxDelayMs);
    const admission = known.circuit.admit(now, maxDelayMs);
    if (admission.kind === 'admitted' && admission.isProbe) this.#logger.info('circuit.probed', { origin });
    this.#tell(known, now);
    if (admission.kind === 'refused') return admission;
    let isSettled = false;
    return {
      kind: 'admitted',
      settle: (verdict, reason = null) => {
        if (isSettled) return;
        isSettled = true;
        const settledAt = this.#clock.now();
        const change = admission.settle(verdict, settledAt, reason);
        this.#forgetUnneeded(settledAt);
        if (change === null || this.#known.get(origin) !== known) return;
        this.#log(known, change, settledAt);
        this.#tell(known, settledAt);
      },
    };
  }

  /** An ingestion asks no more: it was paused or cancelled, it failed, or it is complete. */
  withdraw(ingestionId: string): void {
    const now = this.#clock.now();
    const left = [...this.#known.values()].filter(({ waiting }) => waiting.delete(ingestionId));
    this.#forgetUnneeded(now);
    // The next probe may have been its own.
    for (const known of left) if (known.waiting.size > 0) this.#tell(known, now);
  }

  /** The circuit as it is to one who asks; null while it is closed. */
  circuitFor({ origin, maxDelayMs }: Omit<Asking, 'ingestionId'>): Circuit | null {
    return this.#known.get(origin)?.circuit.shown(this.#clock.now(), maxDelayMs) ?? null;
  }

  /** Every circuit that is not closed, by origin, with the earliest probe of those that wait. */
  list(): readonly Circuit[] {
    const now = this.#clock.now();
    this.#forgetUnneeded(now);
    const shown = Array.from(this.#known.values(), (known) => shownToAll(known, now));
    return shown.filter((circuit) => circuit !== null).toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  }

  #originAskedFor(origin: string, now: number): KnownOrigin {
    const known = this.#known.get(origin);
    if (known !== undefined) {
      known.lastAskedAt = now;
      return known;
    }
    this.#forgetUnneeded(now);
    const told = { ...CLOSED_CIRCUIT, origin };
    const added = { circuit: new OriginCircuit(origin), waiting: new Map(), lastAskedAt: now, told };
    this.#known.set(origin, added);
    return added;
  }

  #forgetUnneeded(now: number): void {
    for (const [origin, known] of this.#known) {
      const isOpen = shownToAll(known, now) !== null;
      const isOld = now - known.lastAskedAt > FORGOTTEN_AFTER_MS;
      if (known.waiting.size > 0 || !(isOpen || isOld)) continue;
      this.#known.delete(origin);
      if (known.told.state === 'closed') continue;
      this.#logger.info('circuit.forgotten', { origin });
      this.#onChange?.({ ...CLOSED_CIRCUIT, origin }, now);
    }
  }

  #tell(known: KnownOrigin, now: number): void {
    const { kind, origin, ...told } = known.told;
    const { state, since, nextProbeAt } = shownToAll(known, now) ?? CLOSED_CIRCUIT;
    if (told.state === state && told.since === since && told.nextProbeAt === nextProbeAt) return;
    known.told = { kind, origin, state, since, nextProbeAt };
    this.#onChange?.(known.told, now);
  }

  #log(known: KnownOrigin, change: CircuitChange, now: number): void {
    if (change === 'probe-abandoned') return;
    const { origin } = known.circuit;
    const shown = shownToAll(known, now);
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

/** The next probe is that of the one which wants to wait least. */
function shownToAll({ circuit, waiting }: KnownOrigin, now: number): Circuit | null {
  const leastMaxDelayMs = waiting.values().reduce((least, maxDelayMs) => Math.min(least, maxDelayMs), Infinity);
  return circuit.shown(now, leastMaxDelayMs);
}
