import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import { runIngestion } from '../../src/ingestion/run-ingestion.ts';
import type { LogEvent, LogFields } from '../../src/model/logger.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { feedText, writeFeed } from '../harness/feed.ts';
import { openSources } from '../harness/sources.ts';
import { NOW } from '../state/sample-state.ts';
import {
  ACKNOWLEDGED,
  type Answer,
  failingStore,
  REJECTED,
  REJECTED_FOR_GOOD,
  rewindTo,
  setRunStage,
  UNAVAILABLE,
} from './run-stage.ts';

const STALE: Outcome = { kind: 'stale-epoch', highestEpoch: 40, reason: 'stale' };
const TOO_LARGE: Outcome = { kind: 'too-large', reason: 'HTTP 413' };
const UNKNOWN: Outcome = { kind: 'unknown', reason: 'reset', httpStatus: null };

/** Gives the `index`-th attempt its outcome where one is named, and acknowledges all others. */
const outcomes =
  (named: Readonly<Record<number, Outcome>>): Answer =>
  (_, index) =>
    named[index] ?? ACKNOWLEDGED;

describe('the log of a run', () => {
  it('says at debug where in the source each chunk begins', async () => {
    const stage = await setRunStage({ recordCount: 25 });
    const planned: unknown[] = [];
    const debug = (event: LogEvent, fields?: LogFields) =>
      void planned.push([event, fields?.chunk_number, fields?.byte_offset]);
    await stage.run({ logger: { debug, info() {}, warn() {}, error() {} } });
    const { items } = await stage.store.listChunks(stage.ingestionId, { limit: 10 });
    const begins = items.map(({ plan }) => ['chunk.planned', plan.chunkNumber, plan.firstPosition.byteOffset]);
    expect(planned).toEqual(begins);
    expect(begins).toHaveLength(3);
  });
});

describe('the end of a run', () => {
  it('is COMPLETED where everything was acknowledged', async () => {
    const stage = await setRunStage({ recordCount: 25 });
    expect(await stage.run()).toMatchObject({ status: 'COMPLETED', checkpoint: { recordCount: 25, isAtEnd: true } });
    expect(stage.attempts).toEqual([0, 1, 2, 'COMPLETED']);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
    expect(stage.announced.map(({ status }) => status)).toEqual(['STARTED', 'COMPLETED']);
  });

  it('has announced its begin in the first run only, whatever its epoch', async () => {
    const stage = await setRunStage({
      recordCount: 25,
      answer: outcomes({ 0: UNAVAILABLE }),
      delivery: { retryWindowMs: 0 },
    });
    const inEpoch = (epoch: number) =>
      stage.store.takeEpochAbove({ ingestionId: stage.ingestionId, epoch: 1 }, epoch - 1);
    await stage.run({}, new RunControl(), async (claimed, control, dependencies) => {
      const raised = { ...claimed, epoch: await inEpoch(7) };
      await runIngestion(raised, control, dependencies);
    });
    expect(await stage.resume()).toMatchObject({ status: 'COMPLETED' });
    expect(stage.announced.map(({ status }) => status)).toEqual(['STARTED', 'PAUSED', 'COMPLETED']);
  });

  it('is CANCELLED where a person cancels while COMPLETED is said, though the receiver then acknowledges it', async () => {
    const control = new RunControl();
    const stage = await setRunStage({
      recordCount: 5,
      answer: async (sent) => {
        if ('plan' in sent) return ACKNOWLEDGED;
        await stage.store.applyEvent(stage.ingestionId, 'cancel', NOW);
        control.stop();
        return ACKNOWLEDGED;
      },
    });
    expect(await stage.run({}, control)).toMatchObject({ status: 'CANCELLED', completedAt: null });
    expect(stage.announced.map(({ status }) => status)).toEqual(['STARTED']);
    expect(await stage.store.getLastFailedAttempt(stage.ingestionId)).toBeNull();
  });

  it('is FAILED after the third rejection, and the status event says why', async () => {
    const stage = await setRunStage({ recordCount: 25, answer: () => REJECTED, delivery: { maxDelayMs: 1 } });
    expect(await stage.run()).toMatchObject({ status: 'FAILED', lastError: { code: 'DELIVERY_REJECTED' } });
    expect(stage.attempts).toEqual([0, 0, 0]);
    expect(stage.announced.at(-1)).toEqual({ status: 'FAILED', errorCode: 'DELIVERY_REJECTED' });
  });

  it('is PAUSED where the retry window is over, and the status event says why', async () => {
    const stage = await setRunStage({ recordCount: 25, answer: () => UNAVAILABLE, delivery: { retryWindowMs: 0 } });
    expect(await stage.run()).toMatchObject({ status: 'PAUSED', lastError: { code: 'DELIVERY_WINDOW_OVER' } });
    expect(stage.announced.at(-1)).toEqual({ status: 'PAUSED', errorCode: 'DELIVERY_WINDOW_OVER' });
  });

  it('is QUEUED with a time where the next attempt is due in more than five seconds', async () => {
    const stage = await setRunStage({
      recordCount: 25,
      answer: outcomes({ 1: { ...UNAVAILABLE, retryAfterMs: 600_000 } as Outcome }),
    });
    const waiting = await stage.run();
    expect(waiting.status).toBe('QUEUED');
    expect(waiting.nextAttemptAt).toBeGreaterThan(Date.now() + 500_000);
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('is FAILED with the place where the file is broken', async () => {
    const stage = await setRunStage({ recordCount: 25, read: { maxRecordBytes: 20 } });
    expect(await stage.run()).toMatchObject({
      status: 'FAILED',
      lastError: { code: 'RECORD_TOO_LARGE', place: { file: stage.filePath, line: 2 } },
    });
    expect(stage.attempts).toEqual([]);
  });
});

describe('COMPLETED that is said again', () => {
  it.each([0, 25])('needs nothing of a source of %d records, which may be gone', async (recordCount) => {
    const stage = await setRunStage({ recordCount });
    expect((await stage.run()).status).toBe('COMPLETED');
    rmSync(stage.filePath);
    await stage.store.applyEvent(stage.ingestionId, 'resume', NOW);
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.attempts.slice(-2)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it('goes back to where a receiver asks that was restored since', async () => {
    const stage = await setRunStage({ recordCount: 25, answer: outcomes({ 4: rewindTo(1) }) });
    await stage.run();
    await stage.store.applyEvent(stage.ingestionId, 'resume', NOW);
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.attempts).toEqual([0, 1, 2, 'COMPLETED', 'COMPLETED', 1, 2, 'COMPLETED']);
  });
});

describe('a chunk that is too large for the receiver', () => {
  it('is cut again and again, and what follows closes at the size found', async () => {
    const stage = await setRunStage({
      recordCount: 30,
      answer: (sent) => ('plan' in sent && sent.plan.recordCount > 3 ? TOO_LARGE : ACKNOWLEDGED),
    });
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.attempts.slice(0, 4)).toEqual([0, 0, 0, 1]);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('fails the ingestion where it holds one record', async () => {
    const stage = await setRunStage({ recordCount: 3, answer: () => TOO_LARGE });
    expect(await stage.run()).toMatchObject({
      status: 'FAILED',
      lastError: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER' },
    });
    expect(stage.attempts).toEqual([0, 0, 0]);
  });

  it.each([
    ['an attempt at it may have arrived', outcomes({ 0: UNKNOWN, 1: TOO_LARGE })],
    ['it was acknowledged before a rewind', outcomes({ 1: rewindTo(0), 2: TOO_LARGE })],
  ])('is not cut where %s', async (_, answer) => {
    const stage = await setRunStage({ recordCount: 25, answer });
    expect(await stage.run()).toMatchObject({
      status: 'FAILED',
      lastError: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER' },
    });
    expect((await stage.store.getPlan(stage.ingestionId, 0))?.plan.recordCount).toBe(10);
  });

  it('is not cut out of another file that has taken the place of the opened one', async () => {
    const stage = await setRunStage({
      recordCount: 25,
      answer: (_, index) => {
        if (index === 1) replaceFile(stage.filePath, 25, ' other');
        return index === 1 ? TOO_LARGE : ACKNOWLEDGED;
      },
    });
    expect(await stage.run()).toMatchObject({ status: 'FAILED', lastError: { code: 'SOURCE_CHANGED' } });
    expect(stage.attempts).toEqual([0, 1]);
    expect((await stage.store.getPlan(stage.ingestionId, 1))?.plan.recordCount).toBe(10);
  });
});

describe('a source under change', () => {
  it('fails as changed, whatever its reader makes of the bytes', async () => {
    const recordCount = 25_000;
    const stage = await setRunStage({
      recordCount,
      delivery: { chunkSizeByRecords: 3_000 },
      answer: (_, index) => {
        if (index === 0) spoilFrom(stage.filePath, 16_000);
        return ACKNOWLEDGED;
      },
    });
    expect(await stage.run()).toMatchObject({ status: 'FAILED', lastError: { code: 'SOURCE_CHANGED' } });
    const accepted = stage.acceptedRecords();
    expect(accepted).toEqual(stage.expected.slice(0, accepted.length));
  });

  it('is waited for while it is still written, and the wait ends with the run', async () => {
    const stage = await setRunStage({ recordCount: 25 });
    const control = new RunControl();
    const grow = () => {
      if (stage.waitsMs.length === 3) control.stop();
      writeFeed(stage.filePath, 25 + stage.waitsMs.length, ' '.repeat(stage.waitsMs.length + 1));
    };
    const ended = await stage.run(
      {
        openSources: async (path) => {
          const sources = await openSources(path);
          grow();
          return sources;
        },
      },
      control,
    );
    expect(ended.status).toBe('QUEUED');
    expect(Math.min(...stage.waitsMs)).toBeGreaterThanOrEqual(1_000);
    expect(stage.attempts).toEqual([]);
    expect((await stage.run()).status).toBe('COMPLETED');
  });
});

describe('a run that is asked to stop', () => {
  it('reads nothing more, and gives the ingestion back to its place', async () => {
    const stage = await setRunStage({ recordCount: 25 });
    const control = new RunControl();
    const opened: RunDependencies['openSources'] = (path) => {
      control.stop();
      return openSources(path);
    };
    expect(await stage.run({ openSources: opened }, control)).toMatchObject({
      status: 'QUEUED',
      highestPlannedChunk: -1,
    });
    expect(stage.attempts).toEqual([]);
  });

  it('finishes its attempt, also where its settings have changed at the same time', async () => {
    const control = new RunControl();
    const stage = await setRunStage({
      recordCount: 25,
      answer: () => {
        control.announceChange();
        control.stop();
        return ACKNOWLEDGED;
      },
    });
    expect(await stage.run({}, control)).toMatchObject({ status: 'QUEUED', checkpoint: { nextChunkNumber: 1 } });
    expect(stage.attempts).toEqual([0]);
  });

  it.each([
    ['acknowledged', ACKNOWLEDGED],
    ['unavailable', UNAVAILABLE],
    ['rejected for good', REJECTED_FOR_GOOD],
    ['too large', TOO_LARGE],
    ['asked to go back', rewindTo(0)],
    ['met by a higher epoch', STALE],
  ])('by a pause and a resume leaves it to the next run, its attempt being %s', async (_, outcome) => {
    const control = new RunControl();
    const stage = await setRunStage({
      recordCount: 25,
      answer: async (_sent, index) => {
        if (index !== 1) return ACKNOWLEDGED;
        await stage.store.applyEvent(stage.ingestionId, 'pause', NOW);
        control.stop();
        await stage.store.applyEvent(stage.ingestionId, 'resume', NOW);
        return outcome;
      },
    });
    expect(await stage.run({}, control)).toMatchObject({ status: 'QUEUED', epoch: 1 });
    expect(await stage.run()).toMatchObject({ status: 'COMPLETED' });
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });
});

describe('a store that cannot be written', () => {
  it.each<[string, Readonly<Record<number, Outcome>>]>([
    ['recordRecordPath', {}],
    ['planChunk', {}],
    ['beginAttempt', {}],
    ['recordFailure', { 0: UNAVAILABLE }],
    ['recordAck', {}],
    ['replacePlan', { 0: TOO_LARGE }],
    ['rewindTo', { 1: rewindTo(0) }],
    ['takeEpochAbove', { 0: STALE }],
    ['completeRun', {}],
    ['getIngestion', {}],
    ['getPlan', { 1: rewindTo(0) }],
  ])('at %s costs no record: the ingestion is given back once the store can be written', async (method, answers) => {
    const stage = await setRunStage({ recordCount: 15, answer: outcomes(answers) });
    const failures = new Map([
      [method, 1],
      ['releaseRun', 2],
    ]);
    const store = failingStore(stage.store, failures);
    expect((await stage.run({ store })).status).toBe('QUEUED');
    expect([...failures.values()]).toEqual([0, 0]);
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('counts no rewind that it could not put on record', async () => {
    const stage = await setRunStage({
      recordCount: 15,
      answer: (_, index) => (index % 2 === 1 && index < 7 ? rewindTo(0) : ACKNOWLEDGED),
    });
    const store = failingStore(stage.store, new Map([['rewindTo', 2]]));
    for (let run = 0; run < 2; run += 1) expect((await stage.run({ store })).status).toBe('QUEUED');
    expect((await stage.run({ store })).status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it.each([
    ['failRun', REJECTED_FOR_GOOD],
    ['pauseRun', UNAVAILABLE],
  ])('at %s does not lose how the delivery ended', async (method, outcome) => {
    const stage = await setRunStage({
      recordCount: 5,
      answer: () => outcome,
      delivery: { retryWindowMs: 0 },
    });
    const store = failingStore(stage.store, new Map([[method, 1]]));
    expect((await stage.run({ store })).status).toBe('QUEUED');
    expect((await stage.run()).status).toBe(method === 'failRun' ? 'FAILED' : 'PAUSED');
  });
});

/** Puts another file at the path, of the same size and mtime. */
function replaceFile(path: string, recordCount: number, note: string): void {
  const { mtime } = statSync(path);
  const next = `${path}.next`;
  writeFileSync(next, feedText(recordCount, note));
  utimesSync(next, mtime, mtime);
  renameSync(next, path);
}

/** Overwrites what is behind a record, without making the file longer or shorter. */
function spoilFrom(path: string, record: number): void {
  const bytes = readFileSync(path);
  const place = bytes.indexOf(`"id": ${900_719_925_474_099_300n + BigInt(record)}`);
  writeFileSync(path, bytes.fill('x', place));
}
