/* One commit for each chunk: what it holds, and when an attempt must not begin with it. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunDependencies } from '../../src/ingestion/run-context.ts';
import { RunControl } from '../../src/ingestion/run-control.ts';
import type { AttemptRecord } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { isUntouched } from '../../src/sources/source-set.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { feedText } from '../harness/feed.ts';
import { until } from '../harness/until.ts';
import { ledgerOf, NOW } from '../state/sample-state.ts';
import { ACKNOWLEDGED, type Answer, type RunStage, setRunStage } from './run-stage.ts';

const CHUNKS = 4;
const TOO_LARGE: Outcome = { kind: 'too-large', reason: 'HTTP 413' };

/** A stage of four chunks whose receiver answers each only when the one after it lies ready. `answer` says what, as everywhere. */
async function setReadyStage(options: Partial<Parameters<typeof setRunStage>[0]> = {}): Promise<RunStage> {
  let arrived = 0;
  const answer: Answer = async (sent, index) => {
    const awaited = 'plan' in sent ? Math.min(sent.plan.chunkNumber + 2, CHUNKS) : 0;
    await until(
      () => arrived,
      (count) => count >= awaited,
    );
    return options.answer?.(sent, index) ?? ACKNOWLEDGED;
  };
  const stage = await setRunStage({ recordCount: 10 * CHUNKS, ...options, answer });
  // Asked once for each chunk, when it has arrived.
  const countArrivals: RunDependencies['isUntouched'] = async (sources, fileIndex) => {
    if (fileIndex !== null) arrived += 1;
    return isUntouched(sources, fileIndex);
  };
  return { ...stage, run: (change, control) => stage.run({ isUntouched: countArrivals, ...change }, control) };
}

/** Notes the writes of a store, and does something between the commit of chunk 0's acknowledgement and what follows it. */
function watched(store: StateStore, afterwards: () => Promise<void> = async () => {}) {
  const writes: string[] = [];
  const noted = new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (!String(name).startsWith('get')) writes.push(String(name));
        const result = await method.apply(target, args);
        if (name === 'recordAck' && writes.filter((write) => write === name).length === 1) await afterwards();
        return result;
      };
    },
  });
  return { writes, store: noted };
}

async function attemptsAt(stage: RunStage, chunkNumber: number): Promise<readonly AttemptRecord[]> {
  return (await ledgerOf(stage.store, stage.ingestionId))[chunkNumber]?.attempts ?? [];
}

describe('an acknowledgement', () => {
  it('is one commit with the plan of the chunk that lies ready and the beginning of its attempt', async () => {
    const stage = await setReadyStage();
    const { store, writes } = watched(stage.store);
    expect((await stage.run({ store })).status).toBe('COMPLETED');
    expect(writes).toEqual([
      'recordRecordPath',
      'planChunk',
      ...Array.from({ length: CHUNKS }, () => 'recordAck'),
      'beginAttempt',
      'completeRun',
    ]);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
    for (const { attempts } of await ledgerOf(stage.store, stage.ingestionId)) {
      expect(attempts).toMatchObject([{ attempt: 1, outcome: 'acknowledged' }]);
    }
  });

  it('that comes before the next chunk is ready is one commit, and the plan with the beginning of its attempt another', async () => {
    const stage = await setRunStage({ recordCount: 10 * CHUNKS });
    const { store, writes } = watched(stage.store);
    const acked = () => writes.filter((write) => write === 'recordAck').length;
    let asked = 0;
    const afterTheAck: RunDependencies['isUntouched'] = async (sources, fileIndex) => {
      const before = fileIndex === null ? 0 : asked++;
      await until(acked, (count) => count >= before);
      return isUntouched(sources, fileIndex);
    };
    expect((await stage.run({ store, isUntouched: afterTheAck })).status).toBe('COMPLETED');
    expect(writes).toEqual([
      'recordRecordPath',
      ...Array.from({ length: CHUNKS }, () => ['planChunk', 'recordAck']).flat(),
      'beginAttempt',
      'completeRun',
    ]);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('begins no attempt where the run is to stop, and the chunk is not planned by bounds that no longer hold', async () => {
    const control = new RunControl();
    const stage = await setReadyStage({
      answer: () => {
        control.stop();
        return ACKNOWLEDGED;
      },
    });
    expect(await stage.run({}, control)).toMatchObject({ status: 'QUEUED', highestAckedChunk: 0 });
    expect(await attemptsAt(stage, 1)).toEqual([]);
  });

  it('begins no attempt at a chunk that is not sent since too many records are bad', async () => {
    const stage = await setReadyStage({
      read: { onBadRecord: 'quarantine' },
      delivery: { maxBadRecords: { kind: 'count', count: 0 } },
    });
    // Behind the second chunk.
    writeFileSync(stage.filePath, feedText(10 * CHUNKS).replace('"price": 20.200', '"price": 1, "price": 2'));
    expect(await stage.run()).toMatchObject({ status: 'FAILED', lastError: { code: 'TOO_MANY_BAD_RECORDS' } });
    expect(stage.attempts).toEqual([0]);
    expect(await attemptsAt(stage, 1)).toEqual([]);
  });
});

describe('an attempt that was begun ahead', () => {
  it.each(['a shutdown', 'a pause'])('and then not made for %s is on record as never connected', async (why) => {
    const control = new RunControl();
    const stage = await setReadyStage();
    const { store } = watched(stage.store, async () => {
      if (why === 'a pause') await stage.store.applyEvent(stage.ingestionId, 'pause', NOW);
      control.stop();
    });
    const { status } = await stage.run({ store }, control);
    expect(status).toBe(why === 'a pause' ? 'PAUSED' : 'QUEUED');
    expect(stage.attempts).toEqual([0]);
    expect(await attemptsAt(stage, 1)).toMatchObject([{ outcome: 'unavailable', httpStatus: null }]);
  });

  it('and then not made does not keep its chunk from being cut', async () => {
    const control = new RunControl();
    const stage = await setReadyStage({
      answer: (sent) =>
        'plan' in sent && sent.plan.recordCount > 5 && sent.plan.chunkNumber > 0 ? TOO_LARGE : ACKNOWLEDGED,
    });
    const { store } = watched(stage.store, async () => control.stop());
    await stage.run({ store }, control);
    expect((await stage.run()).status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('is not made under settings that have just changed, but after them', async () => {
    const control = new RunControl();
    const stage = await setReadyStage();
    const { store } = watched(stage.store, async () => control.announceChange());
    expect((await stage.run({ store }, control)).status).toBe('COMPLETED');
    expect((await attemptsAt(stage, 1)).map(({ outcome }) => outcome)).toEqual(['unavailable', 'acknowledged']);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });
});
