/*
 * The circuit to one origin, docs/protocol.md "The answer, and what follows". Pure: it is told the time and what became of attempts.
 *
 *   closed ── 5 failures in a row, or 70 % of at least 10 outcomes in 5 minutes ──▶ open
 *   open ── its cool-down is over, and an attempt is asked for ──▶ half-open: that attempt is the probe, no other is let through
 *   half-open ── the probe succeeds ──▶ closed
 *             ── it fails ──▶ open, with a longer cool-down
 *             ── it is abandoned ──▶ open, and the next attempt that is asked for is the probe
 */
import type { Circuit } from '../model/circuit.ts';
import { OutcomeWindow } from './outcome-window.ts';

const MAX_CONSECUTIVE_FAILURES = 5;
/** A share of fewer outcomes says little. */
const MIN_OUTCOMES_TO_JUDGE = 10;
const MAX_FAILED_PERCENT = 70;
/** The cool-down after opening; each probe that fails doubles it, up to the longest. */
const FIRST_COOL_DOWN_MS = 30_000;
const LONGEST_COOL_DOWN_MS = 5 * 60_000;
/** Beyond this many doublings every cool-down is the longest anyway, and 2ⁿ stays a number. */
const MAX_DOUBLINGS = 10;
/** While a probe is under way, how soon the others ask again at the earliest: its own deadlines bound how long it takes. */
const PROBE_RECHECK_MS = 1_000;

/** What an attempt said of its origin; `abandoned`: nothing, it was given up or never made. */
export type Verdict = 'success' | 'failure' | 'abandoned';

/** What became of a circuit by a verdict. */
export type CircuitChange = 'opened' | 'reopened' | 'closed' | 'probe-abandoned';

/** Whether an attempt may be made. */
export type Admission =
  /** It must be settled, once; what is settled when the circuit has changed since then changes nothing. */
  | {
      readonly kind: 'admitted';
      readonly isProbe: boolean;
      /** Null: nothing changed. @param reason why it failed */
      settle(verdict: Verdict, now: number, reason?: string | null): CircuitChange | null;
    }
  | { readonly kind: 'refused'; readonly circuit: Circuit; readonly retryAfterMs: number };

interface Opening {
  readonly since: number;
  /** Begin of the cool-down. */
  readonly coolingSince: number;
  readonly reopenings: number;
  readonly isProbing: boolean;
}

/** One origin's circuit. Times are wall clock, ms. */
export class OriginCircuit {
  readonly origin: string;
  readonly #window = new OutcomeWindow();
  #consecutiveFailures = 0;
  #opening: Opening | null = null;
  #lastFailure: string | null = null;
  /** Told apart by identity: attempts that were admitted in an earlier phase have no say in this one. */
  #phase = Symbol('phase');

  constructor(origin: string) {
    this.origin = origin;
  }

  /**
   * Asks for an attempt.
   * @param maxDelayMs the longest wait between attempts that the asking ingestion wants: no cool-down is longer to it
   */
  admit(now: number, maxDelayMs: number): Admission {
    const opening = this.#openingAt(now);
    if (opening === null) return this.#admitted(false);
    const untilProbeMs = opening.coolingSince + coolDownMs(opening, maxDelayMs) - now;
    if (opening.isProbing || untilProbeMs > 0) {
      const retryAfterMs = opening.isProbing ? Math.min(PROBE_RECHECK_MS, maxDelayMs) : untilProbeMs;
      return { kind: 'refused', circuit: this.#shown(opening, maxDelayMs), retryAfterMs };
    }
    this.#enter({ ...opening, isProbing: true });
    return this.#admitted(true);
  }

  /** What is shown to one that waits at most so long between attempts; null while it is closed. */
  shown(now: number, maxDelayMs: number): Circuit | null {
    const opening = this.#openingAt(now);
    return opening === null ? null : this.#shown(opening, maxDelayMs);
  }

  #shown(opening: Opening, maxDelayMs: number): Circuit {
    return {
      origin: this.origin,
      state: opening.isProbing ? 'half-open' : 'open',
      since: opening.since,
      nextProbeAt: opening.isProbing ? null : opening.coolingSince + coolDownMs(opening, maxDelayMs),
      consecutiveFailures: this.#consecutiveFailures,
      lastFailure: this.#lastFailure,
    };
  }

  /** A clock that was set back must not stretch the cool-down. */
  #openingAt(now: number): Opening | null {
    const opening = this.#opening;
    if (opening !== null && opening.coolingSince > now) {
      this.#opening = { ...opening, since: Math.min(opening.since, now), coolingSince: now };
    }
    return this.#opening;
  }

  #enter(opening: Opening | null): void {
    this.#opening = opening;
    this.#phase = Symbol('phase');
  }

  #admitted(isProbe: boolean): Admission {
    const phase = this.#phase;
    return {
      kind: 'admitted',
      isProbe,
      settle: (verdict, now, reason = null) => {
        if (phase !== this.#phase) return null;
        if (verdict === 'failure') this.#lastFailure = reason;
        return this.#opening === null ? this.#count(verdict, now) : this.#judgeProbe(this.#opening, verdict, now);
      },
    };
  }

  #count(verdict: Verdict, now: number): CircuitChange | null {
    if (verdict === 'abandoned') return null;
    const isFailure = verdict === 'failure';
    this.#window.add(isFailure, now);
    this.#consecutiveFailures = isFailure ? this.#consecutiveFailures + 1 : 0;
    // Only a failure opens it: a success that makes the outcomes enough to be judged is no reason.
    if (!isFailure || !this.#isFailing(now)) return null;
    this.#enter({ since: now, coolingSince: now, reopenings: 0, isProbing: false });
    return 'opened';
  }

  #isFailing(now: number): boolean {
    if (this.#consecutiveFailures >= MAX_CONSECUTIVE_FAILURES) return true;
    const { total, failed } = this.#window.count(now);
    return total >= MIN_OUTCOMES_TO_JUDGE && failed * 100 >= total * MAX_FAILED_PERCENT;
  }

  #judgeProbe(opening: Opening, verdict: Verdict, now: number): CircuitChange {
    if (verdict === 'abandoned') {
      this.#enter({ ...opening, isProbing: false });
      return 'probe-abandoned';
    }
    if (verdict === 'success') {
      this.#window.clear();
      this.#consecutiveFailures = 0;
      this.#enter(null);
      return 'closed';
    }
    this.#consecutiveFailures += 1;
    this.#enter({ ...opening, coolingSince: now, reopenings: opening.reopenings + 1, isProbing: false });
    return 'reopened';
  }
}

function coolDownMs({ reopenings }: Opening, maxDelayMs: number): number {
  const ownMs = FIRST_COOL_DOWN_MS * 2 ** Math.min(reopenings, MAX_DOUBLINGS);
  return Math.min(ownMs, LONGEST_COOL_DOWN_MS, maxDelayMs);
}
