import { describe, expect, it } from 'vitest';
import { LISTED_ATTEMPTS, type Status } from '../../../src/model/ingestion.ts';
import type { BadRecord } from '../../../src/model/record.ts';
import {
  acknowledge,
  badRecordAt,
  claimed,
  deliver,
  failOnce,
  NOW,
  planAfter,
  running,
  sampleChain,
  sampleIngestion,
  submitted,
  withoutRejects,
} from '../../state/sample-state.ts';
import type { Subject } from './subject.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const idOf = (name: string) => sampleIngestion(name).ingestionId;

export function describePages(subject: Subject): void {
  /** All ids of the list, read in pages of `limit`. */
  async function listedIds(limit: number, status?: Status): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const query = { limit, ...(status === undefined ? {} : { status }), ...(cursor === undefined ? {} : { cursor }) };
      const page = await subject().store.listIngestions(query);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      ids.push(...page.items.map((one) => one.ingestionId));
      cursor = page.nextCursor;
    }
    return ids;
  }

  describe('the list of ingestions', () => {
    it.each([1, 2, 3, 6, 7, 8])(
      'comes newest first in pages of %i, though all came in one millisecond',
      async (limit) => {
        for (const name of NAMES) await submitted(subject().store, sampleIngestion(name));
        expect(await listedIds(limit)).toEqual(NAMES.toReversed().map(idOf));
      },
    );

    it('comes newest first though the clock was set back', async () => {
      for (const [index, name] of NAMES.entries()) await submitted(subject().store, sampleIngestion(name), NOW - index);
      expect(await listedIds(2)).toEqual(NAMES.toReversed().map(idOf));
    });

    it('holds only those of the status asked for', async () => {
      for (const name of NAMES) await submitted(subject().store, sampleIngestion(name));
      for (const name of ['b', 'c', 'f']) await subject().store.applyEvent(idOf(name), 'pause', NOW);
      expect(await listedIds(2, 'PAUSED')).toEqual(['f', 'c', 'b'].map(idOf));
      expect(await listedIds(2, 'FAILED')).toEqual([]);
    });

    it('neither repeats nor leaves out any when new ones come while it is read', async () => {
      const { store } = subject();
      for (const name of NAMES) await submitted(store, sampleIngestion(name));
      const first = await store.listIngestions({ limit: 3 });
      await submitted(store, sampleIngestion('new'));
      const second = await store.listIngestions({ limit: 4, cursor: first.nextCursor ?? '' });
      const ids = [...first.items, ...second.items].map((one) => one.ingestionId);
      expect(ids).toEqual(NAMES.toReversed().map(idOf));
      expect(second.nextCursor).toBeNull();
    });
  });

  describe('the list of chunks', () => {
    it.each([1, 2, 4, 5, 6])('comes by number with its attempts in pages of %i', async (limit) => {
      const { store } = subject();
      const run = await running(store, sampleIngestion('a'));
      const chain = sampleChain(5);
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      await failOnce(store, run, 0);
      await store.releaseRun(run, null, NOW);
      const next = await claimed(store);
      for (const number of [0, 1, 2, 3]) await acknowledge(store, next, number, { next: chain[number + 1] ?? null });
      const seen: unknown[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = await store.listChunks(idOf('a'), { limit, ...(cursor === undefined ? {} : { cursor }) });
        for (const { plan, ackedAt, attempts } of page.items) seen.push([plan.chunkNumber, ackedAt, attempts.length]);
        cursor = page.nextCursor;
      }
      expect(seen).toEqual([
        [0, NOW, 2],
        [1, NOW, 1],
        [2, NOW, 1],
        [3, NOW, 1],
        [4, null, 0],
      ]);
      const { items } = await store.listChunks(idOf('a'), { fromChunk: 3, limit });
      expect(items[0]?.plan.chunkNumber).toBe(3);
    });

    it('tells the last attempts at a chunk after weeks of them, and how many there were', async () => {
      const { store } = subject();
      const run = await running(store, sampleIngestion('a'));
      await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
      for (let failures = 0; failures < LISTED_ATTEMPTS + 2; failures++) await failOnce(store, run, 0);
      const [entry] = (await store.listChunks(idOf('a'), { limit: 5 })).items;
      expect(entry?.attemptCount).toBe(LISTED_ATTEMPTS + 2);
      const listed = Array.from({ length: LISTED_ATTEMPTS }, (_one, index) => index + 3);
      expect(entry?.attempts.map(({ attempt }) => attempt)).toEqual(listed);
    });

    it('is empty where there is none', async () => {
      await submitted(subject().store, sampleIngestion('a'));
      const none = { items: [], nextCursor: null };
      expect(await subject().store.listChunks(idOf('a'), { limit: 5 })).toEqual(none);
      expect(await subject().store.listChunks('none', { limit: 5 })).toEqual(none);
    });
  });

  describe('the list of bad records', () => {
    it.each([1, 2, 3, 4])('comes by file and offset in pages of %i, however they came', async (limit) => {
      const { store } = subject();
      const run = await running(store, sampleIngestion('a'));
      const inFile = (fileIndex: number, record: number): BadRecord => {
        const bad = badRecordAt(record);
        return { ...bad, position: { ...bad.position, fileIndex } };
      };
      await store.recordRejects(run, [inFile(1, 0), inFile(0, 7)], NOW);
      await store.recordRejects(run, [inFile(1, 9), inFile(0, 100)], NOW);
      const seen: unknown[] = [];
      let pageCount = 0;
      let cursor: string | null | undefined;
      while (cursor !== null) {
        pageCount += 1;
        const page = await store.listRejects(idOf('a'), { limit, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ fileIndex, line }) => [fileIndex, line]));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual([
        [0, 8],
        [0, 101],
        [1, 1],
        [1, 10],
      ]);
      expect(pageCount).toBe(Math.ceil(seen.length / limit));
    });
  });

  describe('a cursor', () => {
    it.each(['', 'x', '%%%', 'aW5nZXN0aW9uczotMQ', 'aW5nZXN0aW9uczox ', 'aW5nZXN0aW9uczoxZTM'])(
      'that this store did not give is refused: %j',
      async (cursor) => {
        const { store } = subject();
        const refused = { code: 'REQUEST_INVALID', fields: [{ field: 'cursor' }] };
        await expect(store.listIngestions({ limit: 1, cursor })).rejects.toMatchObject(refused);
        await expect(store.listChunks('any', { limit: 1, cursor })).rejects.toMatchObject(refused);
        await expect(store.listRejects('any', { limit: 1, cursor })).rejects.toMatchObject(refused);
      },
    );

    it('of one list is refused by the other', async () => {
      const { store } = subject();
      const run = await running(store, sampleIngestion('a'));
      await submitted(store, sampleIngestion('b'));
      await deliver(store, run, sampleChain(2));
      const refused = { code: 'REQUEST_INVALID' };
      const ofIngestions = (await store.listIngestions({ limit: 1 })).nextCursor ?? '';
      const ofChunks = (await store.listChunks(run.ingestionId, { limit: 1 })).nextCursor ?? '';
      await store.recordRejects(await claimed(store), [badRecordAt(1), badRecordAt(2)], NOW);
      const ofRejects = (await store.listRejects(idOf('b'), { limit: 1 })).nextCursor ?? '';
      expect([ofIngestions, ofChunks, ofRejects]).not.toContain('');
      await expect(store.listChunks(run.ingestionId, { limit: 1, cursor: ofIngestions })).rejects.toMatchObject(
        refused,
      );
      await expect(store.listIngestions({ limit: 1, cursor: ofChunks })).rejects.toMatchObject(refused);
      await expect(store.listChunks(run.ingestionId, { limit: 1, cursor: ofRejects })).rejects.toMatchObject(refused);
      await expect(store.listRejects(run.ingestionId, { limit: 1, cursor: ofChunks })).rejects.toMatchObject(refused);
    });
  });
}
