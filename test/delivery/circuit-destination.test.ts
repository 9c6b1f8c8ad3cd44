import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/delivery/circuit-breaker.ts';
import { withCircuit } from '../../src/delivery/circuit-destination.ts';
import { type Outcome, provesNotStored } from '../../src/model/outcome.ts';
import { COMPLETION, sampleChunk, sampleContext } from './sample-delivery.ts';

const NOW = 1_767_225_600_000;
const ORIGIN = 'https://receiver.example';

const UNAVAILABLE: Outcome = { kind: 'unavailable', reason: 'HTTP 503', httpStatus: 503, retryAfterMs: null };
const UNKNOWN: Outcome = { kind: 'unknown', reason: 'reset', httpStatus: null };
const refused = (httpStatus: number | null): Outcome => ({
  kind: 'rejected',
  reason: 'no',
  httpStatus,
  receiverError: null,
  isFinal: false,
});

/** A destination behind a circuit, that answers what it is told to. */
function guarded() {
  const clock = { time: NOW, now: () => clock.time, sleep: async () => undefined };
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const breaker = new CircuitBreaker({ clock, logger });
  const inner = { outcome: UNAVAILABLE as Outcome | Promise<Outcome>, attemptCount: 0 };
  const send = async () => {
    inner.attemptCount += 1;
    return inner.outcome;
  };
  const destination = withCircuit(
    { attempt: send, complete: send, close: async () => {} },
    { breaker, ingestionId: 'an ingestion', origin: ORIGIN, maxDelayMs: 60_000 },
  );
  const attempt = (outcome: Outcome | Promise<Outcome>, signal = new AbortController().signal) => {
    inner.outcome = outcome;
    return destination.attempt(sampleChunk(), sampleContext({ signal }));
  };
  return {
    breaker,
    clock,
    inner,
    destination,
    attempt,
    open: async () => {
      for (let count = 0; count < 5; count += 1) await attempt(UNAVAILABLE);
    },
    isOpen: () => breaker.list().length > 0,
  };
}

describe('a destination behind an open circuit', () => {
  it('is not asked: the attempt is a connection never made, and says since when and until when', async () => {
    const { open, inner, destination } = guarded();
    await open();
    const outcomes = [
      await destination.attempt(sampleChunk(), sampleContext()),
      await destination.complete(COMPLETION, sampleContext()),
    ];
    expect(inner.attemptCount).toBe(5);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({
        kind: 'unavailable',
        reason: `HTTP 503; the circuit to ${ORIGIN} is open: nothing is sent before the next probe`,
        httpStatus: null,
        retryAfterMs: 30_000,
      });
      expect(provesNotStored(outcome)).toBe(true);
    }
  });

  it('says why the last attempt failed that was made, also to an ingestion that never made one', async () => {
    const { open, attempt, breaker } = guarded();
    await attempt(UNKNOWN);
    await open();
    expect(await attempt(UNKNOWN)).toMatchObject({ reason: expect.stringMatching(/^HTTP 503; the circuit to /) });
    expect(breaker.admit({ ingestionId: 'another', origin: ORIGIN, maxDelayMs: 60_000 })).toMatchObject({
      kind: 'refused',
      circuit: { lastFailure: 'HTTP 503' },
    });
  });

  it('tells the others that a probe is under way, and gives its place back when it is given up', async () => {
    const { open, clock, attempt, inner } = guarded();
    await open();
    clock.time += 30_000;
    const giveUp = new AbortController();
    const never = new Promise<Outcome>(() => {});
    void attempt(never, giveUp.signal);
    expect(await attempt(UNKNOWN)).toMatchObject({ reason: expect.stringContaining('a probe is under way') });
    expect(inner.attemptCount).toBe(6);
    giveUp.abort();
    expect(await attempt({ kind: 'acknowledged' })).toEqual({ kind: 'acknowledged' });
  });

  it('gives the place of a probe back where the attempt throws', async () => {
    const { open, clock, attempt } = guarded();
    await open();
    clock.time += 30_000;
    await expect(attempt(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await attempt({ kind: 'acknowledged' })).toEqual({ kind: 'acknowledged' });
  });
});

describe('what an outcome says of the origin', () => {
  it.each([
    ['unavailable', UNAVAILABLE, true],
    ['unknown', UNKNOWN, true],
    ['rejected by the receiver', refused(422), false],
    ['rejected by the guard, which asked nobody', refused(null), false],
    ['a rewind', { kind: 'rewind-asked', expectedChunk: 1, reason: '' } as const, false],
    ['too large', { kind: 'too-large', reason: '' } as const, false],
    ['a stale epoch', { kind: 'stale-epoch', highestEpoch: 9, reason: '' } as const, false],
  ])('%s: %j', async (_, outcome, isFailure) => {
    const { attempt, isOpen } = guarded();
    for (let count = 0; count < 5; count += 1) await attempt(outcome);
    expect(isOpen()).toBe(isFailure);
  });

  it('is nothing where our own side gave the attempt up', async () => {
    const { attempt, isOpen } = guarded();
    for (let count = 0; count < 10; count += 1) await attempt(UNKNOWN, AbortSignal.abort());
    expect(isOpen()).toBe(false);
  });
});
