import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, type DecisionInput, decide } from '../../src/delivery/retry-policy.ts';
import { NO_FAILURES, type RetryHistory } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';

const NOW = 1_767_225_600_000;
const HOUR_MS = 3_600_000;
const RETRY = { windowMs: 72 * HOUR_MS, maxDelayMs: 60_000 };

const OUTCOMES = {
  refusedConnection: { kind: 'unavailable', reason: 'ECONNREFUSED', httpStatus: null, retryAfterMs: null },
  unavailable: { kind: 'unavailable', reason: 'HTTP 503', httpStatus: 503, retryAfterMs: null },
  unknown: { kind: 'unknown', reason: 'reset', httpStatus: null },
  staleEpoch: { kind: 'stale-epoch', highestEpoch: 9, reason: 'HTTP 409: STALE_EPOCH' },
  rejected: {
    kind: 'rejected',
    reason: 'HTTP 422: bad sku',
    httpStatus: 422,
    receiverError: 'bad sku',
    isFinal: false,
  },
  gone: { kind: 'rejected', reason: 'HTTP 410', httpStatus: 410, receiverError: null, isFinal: true },
  guarded: { kind: 'rejected', reason: '10.0.0.1 is private', httpStatus: null, receiverError: null, isFinal: true },
  rewind: { kind: 'rewind-asked', expectedChunk: 2, reason: 'HTTP 200: OUT_OF_ORDER_CHUNK' },
  tooLarge: { kind: 'too-large', reason: 'HTTP 413' },
  acknowledged: { kind: 'acknowledged' },
} as const satisfies Record<string, Outcome>;

function decideOn(outcome: Outcome, change: Partial<DecisionInput> = {}): Decision {
  return decide({
    outcome,
    history: NO_FAILURES,
    target: 'chunk',
    isCertainlyNotStored: true,
    recordCount: 10,
    retry: RETRY,
    now: NOW,
    random: 0.5,
    ...change,
  });
}

function delayOf(decision: Decision, now = NOW): number {
  if (decision.kind !== 'retry') throw new Error(`no retry: ${JSON.stringify(decision)}`);
  return decision.nextAttemptAt - now;
}

const ALMOST_ONE = 1 - Number.EPSILON;
const retryable = [OUTCOMES.refusedConnection, OUTCOMES.unavailable, OUTCOMES.unknown, OUTCOMES.staleEpoch];

describe('an acknowledgement', () => {
  it('goes on', () => {
    expect(decideOn(OUTCOMES.acknowledged)).toEqual({ kind: 'advance' });
  });
});

// The original burnt its three attempts within milliseconds.
describe.each(retryable)('what may pass by itself: $kind $reason', (outcome) => {
  it('is tried again after up to 1 s, 2 s, 4 s … 60 s', () => {
    const longest = Array.from({ length: 9 }, (_, failureCount) =>
      delayOf(decideOn(outcome, { history: { ...NO_FAILURES, failureCount }, random: ALMOST_ONE })),
    );
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is tried again at any time up to then', () => {
    const delays = [0, 0.25, 0.5].map((random) => delayOf(decideOn(outcome, { random })));
    expect(delays).toEqual([0, 250, 500]);
  });

  it('is tried again no later than the request asks for', () => {
    const retry = { ...RETRY, maxDelayMs: 50 };
    const history = { ...NO_FAILURES, failureCount: 20 };
    expect(delayOf(decideOn(outcome, { retry, history, random: ALMOST_ONE }))).toBe(50);
  });

  it('counts, and keeps the time of the first failure', () => {
    expect(decideOn(outcome)).toMatchObject({ history: { failureCount: 1, firstFailedAt: NOW, rejectionCount: 0 } });
    const history = { failureCount: 4, firstFailedAt: NOW - 5, rejectionCount: 1, rewindCount: 2 };
    expect(decideOn(outcome, { history })).toMatchObject({ history: { ...history, failureCount: 5 } });
  });

  it('pauses when the window is over, and says since when', () => {
    const history = { ...NO_FAILURES, failureCount: 99, firstFailedAt: NOW - RETRY.windowMs };
    const decision = decideOn(outcome, { history });
    expect(decision).toMatchObject({ kind: 'pause', error: { code: 'DELIVERY_WINDOW_OVER' } });
    expect(decision).toMatchObject({
      error: { message: expect.stringContaining(new Date(NOW - RETRY.windowMs).toISOString()) },
    });
    expect(decision).toMatchObject({ error: { message: expect.stringContaining(outcome.reason) } });
  });

  it('gets one last try at the very end of the window', () => {
    const history = { ...NO_FAILURES, failureCount: 99, firstFailedAt: NOW - RETRY.windowMs + 10 };
    expect(delayOf(decideOn(outcome, { history }))).toBe(10);
  });

  it('pauses at the first failure where there is no window', () => {
    expect(decideOn(outcome, { retry: { ...RETRY, windowMs: 0 } }).kind).toBe('pause');
  });

  it('is not waited for longer because a clock was set back', () => {
    const history = { ...NO_FAILURES, firstFailedAt: NOW + 1_000 * HOUR_MS };
    expect(decideOn(outcome, { history })).toMatchObject({ history: { firstFailedAt: NOW } });
  });
});

describe('Retry-After', () => {
  const busy = (retryAfterMs: number) => ({ ...OUTCOMES.unavailable, retryAfterMs });

  it('is a lower bound, also beyond the longest delay of our own', () => {
    expect(delayOf(decideOn(busy(HOUR_MS)))).toBe(HOUR_MS);
    expect(delayOf(decideOn(busy(100)))).toBe(500);
  });

  it('does not reach beyond the window', () => {
    expect(delayOf(decideOn(busy(HOUR_MS), { retry: { ...RETRY, windowMs: 2_000 } }))).toBe(2_000);
  });
});

describe('a stale epoch', () => {
  it('takes the epoch above before it tries again', () => {
    expect(decideOn(OUTCOMES.staleEpoch)).toMatchObject({ kind: 'retry', takeEpochAbove: 9 });
    expect(decideOn(OUTCOMES.unknown)).toMatchObject({ takeEpochAbove: null });
  });
});

describe('a rejection', () => {
  const rejectedAfter = (rejectionCount: number, change: Partial<DecisionInput> = {}) =>
    decideOn(OUTCOMES.rejected, { history: { ...NO_FAILURES, rejectionCount }, ...change });

  it("is tried twice more, 5 s and 30 s apart, and then fails with the receiver's words", () => {
    expect(delayOf(rejectedAfter(0))).toBe(5_000);
    expect(delayOf(rejectedAfter(1))).toBe(30_000);
    expect(rejectedAfter(2)).toMatchObject({
      kind: 'fail',
      error: { code: 'DELIVERY_REJECTED', message: 'HTTP 422: bad sku' },
      history: { rejectionCount: 3 },
    });
  });

  it('is tried as quickly as the request asks for', () => {
    expect(delayOf(rejectedAfter(1, { retry: { ...RETRY, maxDelayMs: 10 } }))).toBe(10);
  });

  it('is counted apart from other failures', () => {
    expect(rejectedAfter(0)).toMatchObject({ history: { failureCount: 0, rejectionCount: 1, firstFailedAt: NOW } });
  });

  it('fails at once where no further try can help', () => {
    expect(decideOn(OUTCOMES.gone)).toMatchObject({ kind: 'fail', error: { code: 'DELIVERY_REJECTED' } });
    expect(decideOn(OUTCOMES.guarded)).toMatchObject({
      kind: 'fail',
      error: { code: 'CALLBACK_NOT_ALLOWED', message: '10.0.0.1 is private' },
    });
  });
});

// The original had no way back to the chunk that the receiver expects.
describe('a rewind', () => {
  it('goes back, and is counted by the store when it has', () => {
    const history = { failureCount: 3, firstFailedAt: 1, rejectionCount: 2, rewindCount: 0 };
    expect(decideOn(OUTCOMES.rewind, { history })).toEqual({ kind: 'rewind', toChunk: 2, history });
  });

  it('goes back from COMPLETED too', () => {
    expect(decideOn(OUTCOMES.rewind, { target: 'completion', recordCount: 0 })).toMatchObject({
      kind: 'rewind',
      toChunk: 2,
    });
  });

  it('fails at the third without new ground', () => {
    expect(decideOn(OUTCOMES.rewind, { history: { ...NO_FAILURES, rewindCount: 1 } }).kind).toBe('rewind');
    expect(decideOn(OUTCOMES.rewind, { history: { ...NO_FAILURES, rewindCount: 2 } })).toMatchObject({
      kind: 'fail',
      error: { code: 'RECEIVER_FORGETS', message: expect.stringContaining('3 times') },
    });
  });
});

describe('413', () => {
  it('cuts a chunk that the receiver cannot have', () => {
    expect(decideOn(OUTCOMES.tooLarge, { recordCount: 2 })).toMatchObject({ kind: 'split' });
  });

  it.each<[string, Partial<DecisionInput>, string]>([
    ['the receiver may have it', { isCertainlyNotStored: false }, 'may have it already'],
    ['it holds one record', { recordCount: 1 }, 'holds one record'],
    ['it is COMPLETED', { target: 'completion', recordCount: 0 }, 'COMPLETED'],
  ])('fails where it cannot be cut: %s', (_name, change, words) => {
    expect(decideOn(OUTCOMES.tooLarge, change)).toMatchObject({
      kind: 'fail',
      error: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER', message: expect.stringContaining(words) },
    });
  });
});

describe('whatever happened before', () => {
  const histories: fc.Arbitrary<RetryHistory> = fc.record({
    failureCount: fc.nat(),
    firstFailedAt: fc.option(fc.integer({ min: NOW - 100 * HOUR_MS, max: NOW + HOUR_MS })),
    rejectionCount: fc.nat(5),
    rewindCount: fc.nat(5),
  });
  const inputs = fc.record({
    outcome: fc.oneof(
      fc.constantFrom<Outcome>(...Object.values(OUTCOMES)),
      fc.nat(HOUR_MS).map((retryAfterMs): Outcome => ({ ...OUTCOMES.unavailable, retryAfterMs })),
    ),
    history: histories,
    target: fc.constantFrom('chunk' as const, 'completion' as const),
    isCertainlyNotStored: fc.boolean(),
    recordCount: fc.nat(5),
    retry: fc.record({ windowMs: fc.nat(100 * HOUR_MS), maxDelayMs: fc.nat(HOUR_MS) }),
    now: fc.constant(NOW),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });

  it('there is a decision, and the next attempt lies within its bounds', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const decision = decide(input);
        if (decision.kind !== 'retry') return;
        const { outcome, retry } = input;
        const askedMs = outcome.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0;
        const delayMs = decision.nextAttemptAt - NOW;
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(Math.max(askedMs, retry.maxDelayMs));
        const { firstFailedAt } = decision.history;
        expect(firstFailedAt).toBeLessThanOrEqual(NOW);
        if (outcome.kind !== 'rejected')
          expect(decision.nextAttemptAt).toBeLessThanOrEqual(Number(firstFailedAt) + retry.windowMs);
      }),
    );
  });

  it('nothing is repeated for ever: each outcome alone comes to an end', () => {
    fc.assert(
      fc.property(inputs, (first) => {
        let input: DecisionInput = first;
        for (let attempts = 0; attempts < 2_000; attempts++) {
          const decision = decide(input);
          if (decision.kind === 'advance' || decision.kind === 'split') return;
          if (decision.kind === 'pause' || decision.kind === 'fail') return;
          const now = decision.kind === 'retry' ? Math.max(decision.nextAttemptAt, input.now + 1) : input.now;
          // The store counts a rewind when it has gone back.
          const rewindCount = decision.history.rewindCount + (decision.kind === 'rewind' ? 1 : 0);
          input = {
            ...input,
            history: { ...decision.history, rewindCount },
            now,
            random: 0.99,
            retry: { windowMs: 72_000, maxDelayMs: 60 },
          };
        }
        throw new Error(`no end: ${JSON.stringify(input)}`);
      }),
      { numRuns: 50 },
    );
  });
});
