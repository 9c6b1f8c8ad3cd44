/** A request that brings other settings for a delivery under way, at the worst moments of its run. */
import { describe, expect, it } from 'vitest';
import { RunControl } from '../../src/ingestion/run-control.ts';
import { type DeliverySettings, NO_FAILURES } from '../../src/model/ingestion.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { NOW } from '../state/sample-state.ts';
import { ACKNOWLEDGED, REJECTED_FOR_GOOD, type RunStage, rewindTo, setRunStage, UNAVAILABLE } from './run-stage.ts';

describe('settings that change', () => {
  it('hold from the next chunk that is not frozen, where no wait was under way', async () => {
    const control = new RunControl();
    const stage = await setRunStage({
      recordCount: 60,
      answer: async (_, index) => {
        if (index === 1) await changeDelivery(stage, { chunkSizeByRecords: 20 });
        if (index === 1) control.announceChange();
        return ACKNOWLEDGED;
      },
    });
    expect((await stage.run({}, control)).status).toBe('COMPLETED');
    expect(stage.acceptedRecords()).toEqual(stage.expected);
    const { items } = await stage.store.listChunks(stage.ingestionId, { limit: 10 });
    expect(items.map(({ plan }) => plan.recordCount)).toEqual([10, 10, 20, 20]);
  });

  it.each<[string, Partial<DeliverySettings>, Outcome]>([
    ['a longer window', { retryWindowMs: 3_600_000 }, UNAVAILABLE],
    ['other headers', { callbackHeaders: { authorization: 'right' } }, REJECTED_FOR_GOOD],
  ])('are tried before an answer to the old ones ends it: %s', async (_, change, answer) => {
    const control = new RunControl();
    const stage = await setRunStage({
      recordCount: 25,
      delivery: { retryWindowMs: 0 },
      answer: async (_sent, index) => {
        if (index !== 1) return ACKNOWLEDGED;
        await changeDelivery(stage, change);
        control.announceChange();
        return answer;
      },
    });
    expect((await stage.run({}, control)).status).toBe('COMPLETED');
    expect(stage.attempts).toEqual([0, 1, 1, 2, 'COMPLETED']);
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it('are tried before a record that was too large for the old ones ends it', async () => {
    const control = new RunControl();
    const stage = await setRunStage({ recordCount: 5, delivery: { chunkSizeByMemory: 10 } });
    const { openSession } = stage.dependencies;
    const reading = (...opened: Parameters<typeof openSession>) => {
      const session = openSession(...opened);
      const read = session.next.bind(session);
      const next: typeof session.next = async (...asked) => {
        const { delivery } = await stage.ingestion();
        if (delivery.chunkSizeByMemory === 10) {
          await changeDelivery(stage, { chunkSizeByMemory: 100_000 });
          control.announceChange();
        }
        return read(...asked);
      };
      return Object.assign(session, { next });
    };
    expect(await stage.run({ openSession: reading }, control)).toMatchObject({ status: 'COMPLETED', lastError: null });
    expect(stage.acceptedRecords()).toEqual(stage.expected);
  });

  it.each<[string, Outcome]>([
    ['has acknowledged it', ACKNOWLEDGED],
    ['cannot be reached', UNAVAILABLE],
    ['rejects it', REJECTED_FOR_GOOD],
    ['asks for a rewind', rewindTo(1)],
  ])(
    'to another callback while COMPLETED is said: the new one is told, whether or not the old one %s',
    async (_, answer) => {
      const control = new RunControl();
      const toldTo: string[] = [];
      const stage = await setRunStage({
        recordCount: 25,
        answer: async (sent, index) => {
          if ('plan' in sent) return ACKNOWLEDGED;
          toldTo.push((await stage.ingestion()).delivery.callbackUrl);
          if (index !== 3) return ACKNOWLEDGED;
          await changeDelivery(stage, { callbackUrl: 'http://new/' });
          control.announceChange();
          return answer;
        },
      });
      expect(await stage.run({}, control)).toMatchObject({ status: 'QUEUED', completedAt: null, retry: NO_FAILURES });
      expect(stage.announced.map(({ status }) => status)).toEqual(['STARTED']);
      expect((await stage.run()).status).toBe('COMPLETED');
      expect(toldTo.at(-1)).toBe('http://new/');
      expect(stage.announced.map(({ status }) => status)).toEqual(['STARTED', 'COMPLETED']);
    },
  );
});

async function changeDelivery(stage: RunStage, change: Partial<DeliverySettings>): Promise<void> {
  const { fileId, delivery } = await stage.ingestion();
  const key = { fileId, resumeIngestionId: stage.ingestionId, callbackUrl: delivery.callbackUrl, idempotency: null };
  await stage.store.submit({ ...key, now: NOW }, () => ({
    answer: { status: 'RUNNING', ingestionId: stage.ingestionId, fileId, changed: [] },
    update: { delivery: { ...delivery, ...change } },
  }));
}
