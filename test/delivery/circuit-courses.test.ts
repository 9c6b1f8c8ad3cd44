/** Circuits under any course of events, beside a model that says the rules of an origin once more. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Leave } from '../../src/delivery/circuit-breaker.ts';
import type { Verdict } from '../../src/delivery/origin-circuit.ts';
import { breakerAt, ELSEWHERE, HERE, MINUTE_MS, ONE, OTHER, SECOND_MS } from './breaker-at.ts';

/** What happens: an attempt is asked for, the oldest or the newest under way ends, an ingestion asks no more, time goes on or back. */
type Happening =
  | { readonly kind: 'ask'; readonly origin: string; readonly maxDelayMs: number; readonly ingestionId: string }
  | { readonly kind: 'withdraw'; readonly ingestionId: string }
  | { readonly kind: 'settle'; readonly at: number; readonly verdict: Verdict }
  | { readonly kind: 'time'; readonly byMs: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      origin: fc.constantFrom(HERE, HERE, HERE, ELSEWHERE),
      maxDelayMs: fc.constantFrom(20, 60 * SECOND_MS, 60 * MINUTE_MS),
      ingestionId: fc.constantFrom(ONE, OTHER),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('withdraw' as const), ingestionId: fc.constantFrom(ONE, OTHER) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      at: fc.nat(100),
      verdict: fc.constantFrom<Verdict[]>('failure', 'failure', 'failure', 'success', 'abandoned'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      byMs: fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: -400_000, max: 400_000 })),
    }),
  },
);

/** The rules of an origin once more, as they are said: every outcome is kept with its time. */
class Expected {
  outcomes: { readonly span: number; readonly isFailure: boolean }[] = [];
  row = 0;
  readonly waiting = new Set<string>();
  opening: { coolingSince: number; reopenings: number; isProbing: boolean } | null = null;
  phase = 0;

  isAdmitted(now: number, maxDelayMs: number): boolean {
    if (this.opening === null) return true;
    const coolDownMs = Math.min(30_000 * 2 ** this.opening.reopenings, 300_000, maxDelayMs);
    return !this.opening.isProbing && now - this.opening.coolingSince >= coolDownMs;
  }

  /** A clock that was set back makes no cool-down longer. */
  seeTime(now: number): void {
    if (this.opening !== null) this.opening.coolingSince = Math.min(this.opening.coolingSince, now);
  }

  settle(verdict: Verdict, now: number): void {
    if (this.opening !== null) this.#endProbe(verdict, now);
    else if (verdict !== 'abandoned') this.#count(verdict, now);
  }

  #count(verdict: Verdict, now: number): void {
    const span = Math.floor(now / 10_000);
    this.outcomes = [...this.outcomes, { span, isFailure: verdict === 'failure' }].filter(
      (outcome) => outcome.span <= span && outcome.span > span - 30,
    );
    this.row = verdict === 'failure' ? this.row + 1 : 0;
    const failed = this.outcomes.filter(({ isFailure }) => isFailure).length;
    const isShare = this.outcomes.length >= 10 && failed / this.outcomes.length >= 0.7;
    if (verdict === 'failure' && (this.row >= 5 || isShare)) {
      this.opening = { coolingSince: now, reopenings: 0, isProbing: false };
      this.phase += 1;
    }
  }

  #endProbe(verdict: Verdict, now: number): void {
    this.phase += 1;
    if (this.opening === null) return;
    this.opening.isProbing = false;
    if (verdict === 'failure') {
      this.row += 1;
      this.opening = { coolingSince: now, reopenings: this.opening.reopenings + 1, isProbing: false };
    } else if (verdict === 'success') {
      this.opening = null;
      this.outcomes = [];
      this.row = 0;
    }
  }
}

describe('circuits under any course of events', () => {
  it('open, probe and close exactly by the rule, one probe at a time, each origin for itself', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 120 }), (happenings) => {
        const { breaker, clock, changes, ask, settle } = breakerAt();
        const expected = new Map([HERE, ELSEWHERE].map((origin) => [origin, new Expected()]));
        const forgetUnneeded = () => {
          for (const [origin, model] of expected) {
            if (model.opening !== null && model.waiting.size === 0) expected.set(origin, new Expected());
          }
        };
        const underWay: { leave: Leave; model: Expected; phase: number; isProbe: boolean }[] = [];
        for (const event of happenings) {
          if (event.kind === 'time') {
            clock.time += event.byMs;
            for (const model of expected.values()) model.seeTime(clock.time);
          }
          if (event.kind === 'ask') {
            const model = expected.get(event.origin) as Expected;
            const isAdmitted = model.isAdmitted(clock.time, event.maxDelayMs);
            for (const other of expected.values()) other.waiting.delete(event.ingestionId);
            model.waiting.add(event.ingestionId);
            forgetUnneeded();
            const leave = ask(event.origin, event.maxDelayMs, event.ingestionId);
            expect(leave.kind).toBe(isAdmitted ? 'admitted' : 'refused');
            if (leave.kind === 'refused') {
              expect(leave.retryAfterMs).toBeGreaterThan(0);
              expect(leave.retryAfterMs).toBeLessThanOrEqual(Math.min(event.maxDelayMs, 300_000));
              continue;
            }
            const isProbe = model.opening !== null;
            if (isProbe) model.phase += 1;
            if (model.opening !== null) model.opening.isProbing = true;
            underWay.push({ leave, model, phase: model.phase, isProbe });
            const probes = underWay.filter((other) => other.model === model && other.phase === model.phase);
            if (isProbe) expect(probes.length).toBe(1);
          }
          if (event.kind === 'settle' && underWay.length > 0) {
            const [ended] = underWay.splice(event.at % underWay.length, 1);
            if (ended === undefined) continue;
            settle(ended.leave, event.verdict);
            if (ended.phase === ended.model.phase) ended.model.settle(event.verdict, clock.time);
            forgetUnneeded();
          }
          if (event.kind === 'withdraw') {
            breaker.withdraw(event.ingestionId);
            for (const model of expected.values()) model.waiting.delete(event.ingestionId);
            forgetUnneeded();
          }
          const openOrigins = [...expected].filter(([, model]) => model.opening !== null).map(([origin]) => origin);
          expect(breaker.list().map(({ origin }) => origin)).toEqual(openOrigins);
          for (const origin of expected.keys()) {
            const told = changes.findLast((change) => change.origin === origin)?.state ?? 'closed';
            expect(told).toBe(breaker.list().find((circuit) => circuit.origin === origin)?.state ?? 'closed');
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
