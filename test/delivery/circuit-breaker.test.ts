import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker, type Leave } from '../../src/delivery/circuit-breaker.ts';
import type { Verdict } from '../../src/delivery/origin-circuit.ts';
import type { CircuitEvent } from '../../src/model/event.ts';
import type { LogEvent } from '../../src/model/logger.ts';

const NOW = 1_767_225_600_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HERE = 'https://here.example';
const ELSEWHERE = 'https://here.example:8443';

/** A breaker whose clock stands where the test puts it. */
function breakerAt(time = NOW) {
  const clock = { time, now: () => clock.time, sleep: async () => undefined };
  const events: LogEvent[] = [];
  const log = (event: LogEvent) => void events.push(event);
  const changes: CircuitEvent[] = [];
  const breaker = new CircuitBreaker({
    clock,
    logger: { debug: log, info: log, warn: log, error: log },
    onChange: (circuit) => changes.push(circuit),
  });
  const ask = (origin = HERE, maxDelayMs = 60 * MINUTE_MS): Leave => breaker.admit({ origin, maxDelayMs });
  const settle = (leave: Leave, verdict: Verdict): void => {
    if (leave.kind === 'admitted') leave.settle(verdict);
  };
  const attempt = (verdict: Verdict, origin = HERE) => settle(ask(origin), verdict);
  return {
    breaker,
    clock,
    events,
    changes,
    ask,
    settle,
    attempt,
    fail: (times: number, origin = HERE) => {
      for (let count = 0; count < times; count += 1) attempt('failure', origin);
    },
    shown: () => breaker.circuitFor({ origin: HERE, maxDelayMs: 60 * MINUTE_MS }),
    /** How long an attempt is put off; 0: it is let through. */
    putOffMs: (origin = HERE, maxDelayMs = 60 * MINUTE_MS) => {
      const leave = ask(origin, maxDelayMs);
      settle(leave, 'abandoned');
      return leave.kind === 'refused' ? leave.retryAfterMs : 0;
    },
  };
}

describe('a circuit', () => {
  it('is told of whenever it changes, and not otherwise', () => {
    const { clock, attempt, fail, ask, settle, changes } = breakerAt();
    attempt('success');
    fail(5);
    ask();
    clock.time += 30 * SECOND_MS;
    attempt('failure');
    clock.time += 60 * SECOND_MS;
    settle(ask(), 'abandoned');
    attempt('success');
    attempt('success');
    const open = { kind: 'circuit', origin: HERE, state: 'open', since: NOW };
    const halfOpen = { ...open, state: 'half-open', nextProbeAt: null };
    expect(changes).toEqual([
      { ...open, nextProbeAt: NOW + 30 * SECOND_MS },
      halfOpen,
      { ...open, nextProbeAt: NOW + 90 * SECOND_MS },
      halfOpen,
      { ...open, nextProbeAt: NOW + 90 * SECOND_MS },
      halfOpen,
      { ...open, state: 'closed', since: null, nextProbeAt: null },
    ]);
  });

  it('opens with the fifth failure in a row, and a success in between begins the row anew', () => {
    const { attempt, fail, shown } = breakerAt();
    fail(4);
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).toEqual({
      origin: HERE,
      state: 'open',
      since: NOW,
      nextProbeAt: NOW + 30 * SECOND_MS,
      consecutiveFailures: 5,
    });
  });

  it('opens where 7 of 10 outcomes within 5 minutes are failures', () => {
    const { attempt, fail, shown } = breakerAt();
    for (const count of [3, 3]) {
      fail(count);
      attempt('success');
    }
    attempt('success');
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).toMatchObject({ state: 'open', consecutiveFailures: 1 });
  });

  it('judges no fewer than 10, and none of more than 5 minutes ago', () => {
    const { clock, attempt, fail, shown } = breakerAt();
    fail(4);
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
    clock.time += 5 * MINUTE_MS;
    attempt('success');
    fail(4);
    expect(shown()).toBeNull();
  });

  it('counts nothing that was abandoned', () => {
    const { attempt, fail, shown } = breakerAt();
    fail(4);
    for (let count = 0; count < 20; count += 1) attempt('abandoned');
    expect(shown()).toBeNull();
    fail(1);
    expect(shown()).not.toBeNull();
  });

  it('lets one probe through after its cool-down, and closes when that succeeds', () => {
    const { clock, events, ask, settle, fail, shown } = breakerAt();
    fail(5);
    clock.time += 30 * SECOND_MS - 1;
    expect(ask()).toMatchObject({ kind: 'refused', retryAfterMs: 1 });
    clock.time += 1;
    const probe = ask();
    expect(probe.kind).toBe('admitted');
    expect(ask()).toMatchObject({ kind: 'refused', circuit: { state: 'half-open', nextProbeAt: null } });
    settle(probe, 'success');
    expect(shown()).toBeNull();
    expect(ask().kind).toBe('admitted');
    expect(events).toEqual(['circuit.opened', 'circuit.probed', 'circuit.closed']);
  });

  it('cools down for 30 s, 60 s … up to 5 min, never longer than the asking ingestion wants to wait', () => {
    const { clock, fail, putOffMs } = breakerAt();
    fail(5);
    const coolDowns = Array.from({ length: 6 }, () => {
      expect(putOffMs(HERE, 20)).toBe(20);
      const coolDownMs = putOffMs();
      clock.time += coolDownMs;
      fail(1);
      return coolDownMs / SECOND_MS;
    });
    expect(coolDowns).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it('gives the place of a probe that was abandoned to the next that asks', () => {
    const { clock, ask, settle, fail, shown } = breakerAt();
    fail(5);
    clock.time += MINUTE_MS;
    settle(ask(), 'abandoned');
    expect(shown()).toMatchObject({ state: 'open', since: NOW });
    expect(ask().kind).toBe('admitted');
  });

  it('is not judged by attempts that began before it opened', () => {
    const { clock, ask, settle, fail, shown } = breakerAt();
    const [early, late] = [ask(), ask()];
    fail(5);
    settle(early, 'success');
    expect(shown()?.state).toBe('open');
    clock.time += MINUTE_MS;
    settle(ask(), 'success');
    settle(late, 'failure');
    expect(shown()).toBeNull();
    fail(4);
    expect(shown()).toBeNull();
  });

  it('is not kept open by a clock that is set back', () => {
    const { clock, fail, shown, putOffMs } = breakerAt();
    fail(5);
    clock.time -= 60 * MINUTE_MS;
    expect(putOffMs()).toBe(30 * SECOND_MS);
    expect(shown()?.since).toBe(clock.time);
  });

  it('is forgotten when nobody has asked for it for hours', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(5);
    fail(5, ELSEWHERE);
    expect(breaker.list().map(({ origin }) => origin)).toEqual([HERE, ELSEWHERE]);
    clock.time += 3 * 60 * MINUTE_MS;
    expect(breaker.list()).toEqual([]);
  });
});

/** What happens: an attempt is asked for, the oldest or the newest under way ends, time goes on or back. */
type Happening =
  | { readonly kind: 'ask'; readonly origin: string; readonly maxDelayMs: number }
  | { readonly kind: 'settle'; readonly at: number; readonly verdict: Verdict }
  | { readonly kind: 'time'; readonly byMs: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      origin: fc.constantFrom(HERE, HERE, HERE, ELSEWHERE),
      maxDelayMs: fc.constantFrom(20, 60 * SECOND_MS, 60 * MINUTE_MS),
    }),
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
        const { breaker, clock, ask, settle } = breakerAt();
        const expected = new Map([HERE, ELSEWHERE].map((origin) => [origin, new Expected()]));
        const underWay: { leave: Leave; model: Expected; phase: number; isProbe: boolean }[] = [];
        for (const event of happenings) {
          if (event.kind === 'time') {
            clock.time += event.byMs;
            for (const model of expected.values()) model.seeTime(clock.time);
          }
          if (event.kind === 'ask') {
            const model = expected.get(event.origin) as Expected;
            const isAdmitted = model.isAdmitted(clock.time, event.maxDelayMs);
            const leave = ask(event.origin, event.maxDelayMs);
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
          }
          const openOrigins = [...expected].filter(([, model]) => model.opening !== null).map(([origin]) => origin);
          expect(breaker.list().map(({ origin }) => origin)).toEqual(openOrigins);
        }
      }),
      { numRuns: 300 },
    );
  });
});
