/*
 * The order of what is done around each attempt, with a journal in memory, a destination that answers from a list, and a clock of which
 * every sleep is over at once.
 */
import { describe, expect, it } from 'vitest';
import { type Delivery, deliver, MAX_HELD_WAIT_MS } from '../../src/delivery/deliver-chunk.ts';
import type { AttemptContext, Destination } from '../../src/delivery/destination.ts';
import type { BegunAttempt, DeliveryJournal } from '../../src/delivery/journal.ts';
import { ServiceError } from '../../src/errors.ts';
import { NO_FAILURES } from '../../src/model/ingestion.ts';
import type { LogEvent, LogFields, Logger } from '../../src/model/logger.ts';
import { type Outcome, provesNotStored } from '../../src/model/outcome.ts';
import { COMPLETION, INGESTION_ID, sampleChunk } from './sample-delivery.ts';

const START = 1_767_225_600_000;
const ACK: Outcome = { kind: 'acknowledged' };
const DOWN: Outcome = { kind: 'unavailable', reason: 'ECONNREFUSED', httpStatus: null, retryAfterMs: null };
const LOST: Outcome = { kind: 'unknown', reason: 'reset', httpStatus: null };
const REJECTED: Outcome = {
  kind: 'rejected',
  reason: 'HTTP 200: Checksum mismatch',
  httpStatus: 200,
  receiverError: 'CHECKSUM_MISMATCH',
  isFinal: false,
};
const TOO_LARGE: Outcome = { kind: 'too-large', reason: 'HTTP 413' };
const REWIND: Outcome = { kind: 'rewind-asked', expectedChunk: 2, reason: 'HTTP 200: OUT_OF_ORDER_CHUNK' };
const STALE: Outcome = { kind: 'stale-epoch', highestEpoch: 11, reason: 'HTTP 409: STALE_EPOCH' };

/** The end of a delivery behind which nothing was begun. */
function acknowledgedAt(attempt: number): Awaited<ReturnType<typeof deliver>> {
  return { kind: 'acknowledged', attempt, begunNext: null };
}

/** A delivery whose every step is noted in `steps`. */
function rehearse(outcomes: readonly Outcome[], change: Partial<Delivery> = {}) {
  const steps: string[] = [];
  const sent: Pick<AttemptContext, 'attempt' | 'epoch'>[] = [];
  const failed: Outcome[] = [];
  const failures: Parameters<DeliveryJournal['recordFailure']>[2][] = [];
  const logged: { readonly level: string; readonly event: LogEvent; readonly fields: LogFields | undefined }[] = [];
  const remaining = [...outcomes];
  const stop = new AbortController();
  const giveUp = new AbortController();
  let now = START;
  let attempts = 0;
  let epoch = 3;

  const answer = async (what: string, context: AttemptContext): Promise<Outcome> => {
    steps.push(`send ${what} #${context.attempt}`);
    sent.push({ attempt: context.attempt, epoch: context.epoch });
    const outcome = remaining.shift();
    if (outcome === undefined) throw new Error(`unexpected attempt: ${steps.join(', ')}`);
    return outcome;
  };
  const destination: Destination = {
    attempt: (chunk, context) => answer(`chunk ${chunk.plan.chunkNumber}`, context),
    complete: (_completion, context) => answer('COMPLETED', context),
    close: async () => undefined,
  };
  const journal: DeliveryJournal = {
    async beginAttempt() {
      attempts += 1;
      steps.push(`begin #${attempts}`);
      return { attempt: attempts, epoch, isCertainlyNotStored: attempts === 1 };
    },
    async recordAck(attempt) {
      steps.push(`ack #${attempt}`);
      return null;
    },
    async recordFailure(attempt, outcome, next) {
      steps.push(`${outcome.kind} #${attempt}`);
      failed.push(outcome);
      failures.push(next);
    },
    async takeEpochAbove(highestEpoch) {
      epoch = highestEpoch + 1;
      steps.push(`epoch ${epoch}`);
    },
  };
  const note = (level: string) => (event: LogEvent, fields?: LogFields) => void logged.push({ level, event, fields });
  const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const delivery: Delivery = {
    ingestionId: INGESTION_ID,
    target: { kind: 'chunk', chunk: sampleChunk() },
    destination,
    retry: { windowMs: 72 * 3_600_000, maxDelayMs: 60_000 },
    journal,
    begun: null,
    history: NO_FAILURES,
    clock: {
      now: () => now,
      async sleep(durationMs, signal) {
        steps.push(`sleep ${durationMs}`);
        if (signal?.aborted !== true) now += durationMs;
      },
    },
    random: () => 0.5,
    signal: stop.signal,
    attemptSignal: giveUp.signal,
    logger,
    ...change,
  };
  return { delivery, destination, journal, steps, sent, failed, failures, logged, stop, giveUp };
}

describe('a delivery', () => {
  it('begins on record, sends, and ends on record', async () => {
    const { delivery, steps } = rehearse([ACK]);
    expect(await deliver(delivery)).toEqual(acknowledgedAt(1));
    expect(steps).toEqual(['begin #1', 'send chunk 5 #1', 'ack #1']);
  });

  // Three attempts without a delay died of a receiver's restart.
  it('outlives a receiver that is down, at growing distances', async () => {
    const { delivery, steps, failures } = rehearse([DOWN, LOST, DOWN, ACK]);
    expect(await deliver(delivery)).toEqual(acknowledgedAt(4));
    expect(steps.filter((step) => step.startsWith('sleep'))).toEqual(['sleep 500', 'sleep 1000', 'sleep 2000']);
    expect(failures.map(({ retry }) => retry.failureCount)).toEqual([1, 2, 3]);
    expect(failures.map(({ retry }) => retry.firstFailedAt)).toEqual([START, START, START]);
    expect(failures[0]?.nextAttemptAt).toBe(START + 500);
  });

  it('goes on from the history on record', async () => {
    const history = { failureCount: 2, firstFailedAt: START - 100, rejectionCount: 0, rewindCount: 1 };
    const { delivery, failures } = rehearse([DOWN, ACK], { history });
    await deliver(delivery);
    expect(failures[0]?.retry).toEqual({ ...history, failureCount: 3 });
  });

  it('gives a longer wait back to the caller', async () => {
    const busy: Outcome = {
      kind: 'unavailable',
      reason: 'HTTP 503',
      httpStatus: 503,
      retryAfterMs: MAX_HELD_WAIT_MS + 1,
    };
    const { delivery, steps } = rehearse([busy]);
    expect(await deliver(delivery)).toEqual({ kind: 'waits', until: START + MAX_HELD_WAIT_MS + 1 });
    expect(steps.at(-1)).toBe('unavailable #1');
  });

  it('holds a wait of 5 s', async () => {
    const busy: Outcome = { kind: 'unavailable', reason: 'HTTP 503', httpStatus: 503, retryAfterMs: MAX_HELD_WAIT_MS };
    const { delivery } = rehearse([busy, ACK]);
    expect(await deliver(delivery)).toMatchObject({ kind: 'acknowledged' });
  });

  it('pauses when the window is over', async () => {
    const history = { ...NO_FAILURES, firstFailedAt: START - 72 * 3_600_000 };
    const { delivery, failures } = rehearse([DOWN], { history });
    expect(await deliver(delivery)).toMatchObject({ kind: 'paused', error: { code: 'DELIVERY_WINDOW_OVER' } });
    expect(failures[0]?.nextAttemptAt).toBeNull();
  });
});

describe('an attempt that was begun with the acknowledgement before', () => {
  const begun: BegunAttempt = { attempt: 1, epoch: 3, isCertainlyNotStored: true };

  it('is the first that is made, and the next ones begin as any', async () => {
    const { delivery, steps } = rehearse([DOWN, ACK], { begun });
    expect(await deliver(delivery)).toMatchObject({ kind: 'acknowledged' });
    expect(steps.filter((step) => !step.startsWith('sleep'))).toEqual([
      'send chunk 5 #1',
      'unavailable #1',
      'begin #1',
      'send chunk 5 #1',
      'ack #1',
    ]);
  });

  it('is on record as never connected where it was not made, which leaves history and waits as they are', async () => {
    const history = { failureCount: 2, firstFailedAt: START - 100, rejectionCount: 1, rewindCount: 1 };
    const { delivery, stop, steps, failed, failures } = rehearse([], { begun, history });
    stop.abort();
    expect(await deliver(delivery)).toEqual({ kind: 'stopped' });
    expect(steps).toEqual(['unavailable #1']);
    expect(failed.map(provesNotStored)).toEqual([true]);
    expect(failures).toEqual([{ retry: history, nextAttemptAt: null }]);
  });

  it('is handed on to whoever delivers the next chunk', async () => {
    const { delivery, journal } = rehearse([ACK]);
    const begunNext = { ...begun, attempt: 4 };
    const handing: DeliveryJournal = { ...journal, recordAck: async () => begunNext };
    expect(await deliver({ ...delivery, journal: handing })).toEqual({ kind: 'acknowledged', attempt: 1, begunNext });
  });
});

describe('a rejected delivery', () => {
  it("is tried 5 s and 30 s later, then fails with the receiver's words", async () => {
    const first = rehearse([REJECTED, REJECTED]);
    expect(await deliver(first.delivery)).toEqual({ kind: 'waits', until: START + 35_000 });
    expect(first.steps).toContain('sleep 5000');
    const history = first.failures.at(-1)?.retry ?? NO_FAILURES;
    expect(await deliver(rehearse([REJECTED], { history }).delivery)).toMatchObject({
      kind: 'failed',
      error: { code: 'DELIVERY_REJECTED', message: 'HTTP 200: Checksum mismatch' },
    });
  });

  it('is acknowledged where the receiver was set right in time', async () => {
    expect(await deliver(rehearse([REJECTED, ACK]).delivery)).toEqual(acknowledgedAt(2));
  });
});

describe('what the caller must carry out', () => {
  it.each<[string, Outcome, Awaited<ReturnType<typeof deliver>>]>([
    ['a rewind', REWIND, { kind: 'rewind', toChunkNumber: 2 }],
    ['a cut', TOO_LARGE, { kind: 'split' }],
  ])('is on record as a failed attempt first: %s', async (_name, outcome, result) => {
    const { delivery, steps, failures } = rehearse([outcome]);
    expect(await deliver(delivery)).toEqual(result);
    expect(steps).toEqual(['begin #1', 'send chunk 5 #1', `${outcome.kind} #1`]);
    expect(failures[0]?.nextAttemptAt).toBeNull();
  });

  it('is no cut where an earlier attempt may have left the chunk with the receiver', async () => {
    const { delivery } = rehearse([LOST, TOO_LARGE]);
    expect(await deliver(delivery)).toMatchObject({ kind: 'failed', error: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER' } });
  });
});

describe('a stale epoch', () => {
  it('is followed by an attempt under the epoch above, after a delay', async () => {
    const { delivery, steps, sent } = rehearse([STALE, ACK]);
    expect(await deliver(delivery)).toEqual(acknowledgedAt(2));
    expect(steps).toEqual([
      'begin #1',
      'send chunk 5 #1',
      'stale-epoch #1',
      'epoch 12',
      'sleep 500',
      'begin #2',
      'send chunk 5 #2',
      'ack #2',
    ]);
    expect(sent.map(({ epoch }) => epoch)).toEqual([3, 12]);
  });

  it('ends the run where the store says that another one holds the ingestion', async () => {
    const { delivery, journal, steps } = rehearse([STALE]);
    const overtaken: DeliveryJournal = {
      ...journal,
      takeEpochAbove: () => Promise.reject(new ServiceError('RUN_OVERTAKEN')),
    };
    await expect(deliver({ ...delivery, journal: overtaken })).rejects.toMatchObject({ code: 'RUN_OVERTAKEN' });
    expect(steps.filter((step) => step.startsWith('send'))).toHaveLength(1);
  });
});

// The original sent COMPLETED once and took any answer for the end.
describe('COMPLETED', () => {
  const target = { kind: 'completion', completion: COMPLETION } as const;

  it('is repeated like a chunk until it is acknowledged', async () => {
    const { delivery, steps } = rehearse([DOWN, LOST, ACK], { target });
    expect(await deliver(delivery)).toEqual(acknowledgedAt(3));
    expect(steps.filter((step) => step.startsWith('send'))).toEqual([
      'send COMPLETED #1',
      'send COMPLETED #2',
      'send COMPLETED #3',
    ]);
  });

  it('goes back where the receiver lacks a chunk', async () => {
    expect(await deliver(rehearse([REWIND], { target }).delivery)).toMatchObject({ kind: 'rewind', toChunkNumber: 2 });
  });

  it('fails where the receiver calls it too large: it has no records to cut', async () => {
    expect(await deliver(rehearse([TOO_LARGE], { target }).delivery)).toMatchObject({
      kind: 'failed',
      error: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER' },
    });
  });
});

// A locked database counted as a failed delivery, and the chunk was sent again although it was acknowledged.
describe('an error of the journal', () => {
  const failing = ['STATE_UNAVAILABLE', 'RUN_OVERTAKEN'] as const;

  it.each(failing)('is never a failed delivery, before an attempt: %s', async (code) => {
    const { delivery, journal, steps } = rehearse([]);
    const broken = { ...journal, beginAttempt: () => Promise.reject(new ServiceError(code)) };
    await expect(deliver({ ...delivery, journal: broken })).rejects.toMatchObject({ code });
    expect(steps).toEqual([]);
  });

  it.each(failing)('is never a failed delivery, after an acknowledgement: %s', async (code) => {
    const { delivery, journal, steps } = rehearse([ACK]);
    const broken = { ...journal, recordAck: () => Promise.reject(new ServiceError(code)) };
    await expect(deliver({ ...delivery, journal: broken })).rejects.toMatchObject({ code });
    expect(steps).toEqual(['begin #1', 'send chunk 5 #1']);
  });

  it.each(failing)('is never a failed delivery, after a failed attempt: %s', async (code) => {
    const { delivery, journal, steps } = rehearse([DOWN]);
    const broken = { ...journal, recordFailure: () => Promise.reject(new ServiceError(code)) };
    await expect(deliver({ ...delivery, journal: broken })).rejects.toMatchObject({ code });
    expect(steps).toEqual(['begin #1', 'send chunk 5 #1']);
  });
});

describe('stopping', () => {
  it('begins nothing where it was asked for before', async () => {
    const { delivery, stop, steps } = rehearse([]);
    stop.abort();
    expect(await deliver(delivery)).toEqual({ kind: 'stopped' });
    expect(steps).toEqual([]);
  });

  it('ends a wait at once', async () => {
    const { delivery, stop, steps } = rehearse([DOWN]);
    const clock: Delivery['clock'] = {
      ...delivery.clock,
      sleep: async (_durationMs, signal) => {
        expect(signal).toBe(stop.signal);
        stop.abort();
      },
    };
    expect(await deliver({ ...delivery, clock })).toEqual({ kind: 'stopped' });
    expect(steps).toEqual(['begin #1', 'send chunk 5 #1', 'unavailable #1']);
  });

  it('lets the attempt under way finish, and keeps its acknowledgement', async () => {
    const { delivery, destination, stop, steps } = rehearse([ACK]);
    const attempt: Destination['attempt'] = (chunk, context) => {
      stop.abort();
      expect(context.signal.aborted).toBe(false);
      return destination.attempt(chunk, context);
    };
    const deafDestination = { ...destination, attempt };
    expect(await deliver({ ...delivery, destination: deafDestination })).toEqual(acknowledgedAt(1));
    expect(steps.at(-1)).toBe('ack #1');
  });

  it('hands the signal that gives an attempt up to the destination, and records what became of it', async () => {
    const { delivery, destination, stop, giveUp, steps } = rehearse([LOST]);
    const attempt: Destination['attempt'] = (chunk, context) => {
      expect(context.signal).toBe(giveUp.signal);
      stop.abort();
      giveUp.abort();
      return destination.attempt(chunk, context);
    };
    const deafDestination = { ...destination, attempt };
    expect(await deliver({ ...delivery, destination: deafDestination })).toEqual({ kind: 'stopped' });
    expect(steps).toContain('unknown #1');
  });
});

describe('the log', () => {
  it('has one line per attempt with ids, number, outcome and duration, and nothing of the records', async () => {
    const { delivery, logged } = rehearse([DOWN, ACK]);
    await deliver(delivery);
    expect(logged).toEqual([
      {
        level: 'warn',
        event: 'attempt.ended',
        fields: {
          ingestion_id: INGESTION_ID,
          chunk_number: 5,
          attempt: 1,
          epoch: 3,
          outcome: 'unavailable',
          http_status: null,
          reason: 'ECONNREFUSED',
          duration_ms: 0,
        },
      },
      {
        level: 'info',
        event: 'attempt.ended',
        fields: {
          ingestion_id: INGESTION_ID,
          chunk_number: 5,
          attempt: 2,
          epoch: 3,
          outcome: 'acknowledged',
          duration_ms: 0,
        },
      },
    ]);
  });
});
