import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  EventFeed,
  type FeedItem,
  HEARTBEAT_MS,
  LONGEST_FOLLOWING_MS,
  MAX_FOLLOWERS,
} from '../../src/ingestion/event-feed.ts';
import type { CircuitEvent } from '../../src/model/event.ts';
import { IN_MEMORY } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { ManualClock, settled } from '../harness/manual-clock.ts';
import { deliver, NOW, running, sampleChain, sampleIngestion, submitted } from '../state/sample-state.ts';

const CIRCUIT: CircuitEvent = { kind: 'circuit', origin: 'http://a', state: 'closed', since: null, nextProbeAt: null };
const WEEK_MS = 7 * 24 * 3_600_000;

function setFeed() {
  const store = openSqliteStateStore({ path: IN_MEMORY });
  const clock = new ManualClock(NOW);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const feed = new EventFeed({ store, clock, logger });
  onTestFinished(async () => {
    feed.close();
    await store.close();
  });
  return { store, clock, feed };
}

/** One who follows, and what he was given so far. */
class Reader {
  readonly items: FeedItem[] = [];
  readonly ended: Promise<void>;
  readonly #signal = new AbortController();

  constructor(feed: EventFeed, after: number | null, ingestionId: string | null = null) {
    this.ended = this.#read(feed.follow({ ingestionId, after, signal: this.#signal.signal }));
  }

  get ids(): number[] {
    return this.items.flatMap((item) => (item.kind === 'events' ? item.events.map(({ id }) => id) : []));
  }

  async #read(items: AsyncGenerator<FeedItem, void, undefined>): Promise<void> {
    for await (const item of items) this.items.push(item);
  }

  leave(): Promise<void> {
    this.#signal.abort();
    return this.ended;
  }
}

const record = async (store: StateStore, count: number, now = NOW): Promise<void> => {
  for (let index = 0; index < count; index += 1) await store.recordCircuit(CIRCUIT, now);
};

describe('a feed of events', () => {
  it('begins with what is on record behind a number and goes on with what comes', async () => {
    const { store, feed } = setFeed();
    await record(store, 3);
    const reader = new Reader(feed, 1);
    await settled();
    expect(reader.items[0]).toEqual({ kind: 'start', after: 1 });
    expect(reader.ids).toEqual([2, 3]);
    await record(store, 2);
    await settled();
    expect(reader.ids).toEqual([2, 3, 4, 5]);
  });

  it('begins with what comes from now on where no number is given, and says behind which that is', async () => {
    const { store, feed } = setFeed();
    await record(store, 3);
    const reader = new Reader(feed, null);
    await settled();
    await record(store, 1);
    await settled();
    expect(reader.items[0]).toEqual({ kind: 'start', after: 3 });
    expect(reader.ids).toEqual([4]);
  });

  it('of one ingestion has nothing of others', async () => {
    const { store, feed } = setFeed();
    const sample = sampleIngestion('feed');
    const reader = new Reader(feed, 0, sample.ingestionId);
    await submitted(store, sampleIngestion('other'));
    const run = await running(store, sampleIngestion('first'));
    await submitted(store, sample);
    await record(store, 1);
    await deliver(store, run, sampleChain(2));
    await settled();
    const events = reader.items.flatMap((item) => (item.kind === 'events' ? item.events : []));
    expect(events.map(({ ingestionId }) => ingestionId)).toEqual([sample.ingestionId]);
  });

  it('replays more than it holds at once', async () => {
    const { store, feed } = setFeed();
    await record(store, 450);
    const reader = new Reader(feed, 0);
    await settled();
    expect(reader.ids).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
    expect(Math.max(...reader.items.map((item) => (item.kind === 'events' ? item.events.length : 0)))).toBe(200);
  });

  it('lets others have their turn while it replays much to one who takes it at once', async () => {
    const { store, feed } = setFeed();
    await record(store, 2_000);
    const reader = new Reader(feed, 0);
    const seenAtTurns: number[] = [];
    while (reader.ids.length < 2_000) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      seenAtTurns.push(reader.ids.length);
    }
    expect(seenAtTurns.length).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['was forgotten', 2],
    ['never was on record here', 900],
  ])('says so where what followed %s, and goes on with the oldest', async (_name, after) => {
    const { store, feed } = setFeed();
    await record(store, 4);
    await store.forgetBefore(NOW + 1);
    await record(store, 2, NOW + WEEK_MS);
    const reader = new Reader(feed, after);
    await settled();
    expect(reader.items[1]).toEqual({ kind: 'gap', oldestId: 5 });
    expect(reader.ids).toEqual([5, 6]);
  });

  it('is heard of while nothing happens', async () => {
    const { clock, feed } = setFeed();
    const reader = new Reader(feed, null);
    await settled();
    for (let time = 0; time < 2; time += 1) {
      clock.advance(HEARTBEAT_MS);
      await settled();
    }
    expect(reader.items.map(({ kind }) => kind)).toEqual(['start', 'heartbeat', 'heartbeat']);
  });

  it('of one ingestion says how far it has looked, so that what others fill the log with is no gap of it', async () => {
    const { store, clock, feed } = setFeed();
    const sample = sampleIngestion('feed');
    await submitted(store, sample);
    const reader = new Reader(feed, null, sample.ingestionId);
    await settled();
    await record(store, 5);
    for (let time = 0; time < 2; time += 1) {
      clock.advance(HEARTBEAT_MS);
      await settled();
    }
    expect(reader.items).toEqual([
      { kind: 'start', after: 1 },
      { kind: 'heartbeat', after: 1 },
      { kind: 'heartbeat', after: 6 },
    ]);
  });

  it('of an ingestion that was deleted ends', async () => {
    const { store, clock, feed } = setFeed();
    const sample = sampleIngestion('feed');
    await submitted(store, sample);
    await store.applyEvent(sample.ingestionId, 'cancel', NOW);
    const reader = new Reader(feed, null, sample.ingestionId);
    await settled();
    await store.deleteIngestion(sample.ingestionId, NOW);
    clock.advance(HEARTBEAT_MS);
    await reader.ended;
  });

  it('ends after a quarter of an hour, so that its reader asks anew', async () => {
    const { clock, feed } = setFeed();
    const reader = new Reader(feed, null);
    await settled();
    clock.advance(LONGEST_FOLLOWING_MS);
    await reader.ended;
  });

  it('ends then too where the clock is set meanwhile, and not before', async () => {
    const { clock, feed } = setFeed();
    const reader = new Reader(feed, null);
    await settled();
    clock.set(NOW + WEEK_MS);
    clock.advance(LONGEST_FOLLOWING_MS - 1);
    await settled();
    expect(reader.items.at(-1)?.kind).toBe('heartbeat');
    clock.set(NOW - WEEK_MS);
    clock.advance(1);
    await reader.ended;
  });

  it('is over before it begins for one who has left already', async () => {
    const { clock, feed } = setFeed();
    const items = feed.follow({ ingestionId: null, after: 0, signal: AbortSignal.abort() });
    expect(await items.next()).toMatchObject({ value: { kind: 'start' } });
    expect(await items.next()).toMatchObject({ done: true });
    expect([...clock.sleepers].filter(({ durationMs }) => durationMs === LONGEST_FOLLOWING_MS)).toEqual([]);
  });

  it('ends where it is closed, and begins no more', async () => {
    const { feed } = setFeed();
    const reader = new Reader(feed, null);
    await settled();
    feed.close();
    await reader.ended;
    await expect(new Reader(feed, null).ended).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('has room for so many, and again when one has left', async () => {
    const { feed } = setFeed();
    const readers = Array.from({ length: MAX_FOLLOWERS }, () => new Reader(feed, null));
    await expect(new Reader(feed, null).ended).rejects.toMatchObject({ code: 'EVENT_STREAMS_BUSY' });
    await readers[0]?.leave();
    const another = new Reader(feed, null);
    await settled();
    expect(another.items).toHaveLength(1);
  });

  it('tells the last acknowledgement though nothing comes after it, and commits nothing for that while nobody follows', async () => {
    const { store, clock, feed } = setFeed();
    const run = await running(store, sampleIngestion('feed'));
    await deliver(store, run, sampleChain(3));
    clock.advance(10_000);
    await settled();
    const before = await store.listEvents({ ingestionId: null, after: 0, limit: 100 });
    expect(before.events.at(-1)?.content).toMatchObject({ kind: 'chunk', nextChunkNumber: 1 });
    const reader = new Reader(feed, null);
    await settled();
    clock.advance(500);
    await settled();
    expect(reader.items[1]).toMatchObject({ events: [{ content: { kind: 'chunk', nextChunkNumber: 3 } }] });
  });

  it('gives every event once and in order to one who is cut off again and again', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 250 }) }),
      fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ kind: fc.constant('cut' as const), count: fc.constant(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store, feed } = setFeed();
        const seen: number[] = [];
        let reader = new Reader(feed, 0);
        const reconnect = async () => {
          await reader.leave();
          seen.push(...reader.ids);
          reader = new Reader(feed, seen.at(-1) ?? 0);
        };
        for (const { kind, count } of steps) {
          if (kind === 'write') await record(store, count);
          else if (kind === 'cut') await reconnect();
          else for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
        }
        const { newestId } = await store.listEvents({ ingestionId: null, after: 0, limit: 1 });
        while ((reader.ids.at(-1) ?? seen.at(-1) ?? 0) < newestId) await settled();
        await reconnect();
        await reader.leave();
        expect(seen).toEqual(Array.from({ length: newestId }, (_, index) => index + 1));
      }),
      { numRuns: 40 },
    );
  });
});
