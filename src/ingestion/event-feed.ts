/*
 * The event log as it grows, to any number of followers. Each reads the log itself, from where it is: first what is on record, then, woken by each commit that concerns it, what has
 * come since. So what was replayed and what is live are one and the same, nothing is kept in memory for a follower, and one that is slow reads later, not something else.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError, toServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { LoggedEvent } from '../model/event.ts';
import type { Logger } from '../model/logger.ts';
import type { StateStore } from '../state/state-store.ts';

/** Followers at the same time. */
export const MAX_FOLLOWERS = 100;
/** The longest silence: proxies give up a connection that says nothing for a minute, or for half of one. */
export const HEARTBEAT_MS = 15_000;
/** Then a follower asks anew, with a token that may have been revoked meanwhile. */
export const LONGEST_FOLLOWING_MS = 15 * 60_000;
/** How much one follower holds in memory: some 50 KB. */
const EVENTS_AT_ONCE = 200;
/** How often it is looked for progress that is yet to be told, while anybody follows. */
const STALL_CHECK_INTERVAL_MS = 500;
/** Above every number. */
const FROM_NOW = Number.MAX_SAFE_INTEGER;

/** What a follower is given. */
export type FeedItem =
  /** The first of all: behind which number it begins. */
  | { readonly kind: 'start'; readonly after: number }
  /** What followed is not on record any more, or never was: it goes on with `oldestId`. */
  | { readonly kind: 'gap'; readonly oldestId: number }
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] }
  /** Nothing came for a while: all up to `after` was looked at, whether it was of what is followed or not. */
  | { readonly kind: 'heartbeat'; readonly after: number };

/** What is followed. */
export interface Following {
  /** Null: everything. */
  readonly ingestionId: string | null;
  /** The last number that was seen; null: from now on. */
  readonly after: number | null;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What a feed works with. */
export interface EventFeedOptions {
  readonly store: Pick<StateStore, 'getIngestion' | 'listEvents' | 'watchEvents' | 'recordStalledProgress'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Follower {
  readonly ingestionId: string | null;
  wake: () => void;
  readonly end: () => void;
}

/** Gives the events of a store to whoever follows them. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #followers = new Set<Follower>();
  readonly #closing = new AbortController();
  readonly #unwatch: () => void;
  #isCheckingForStalls = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#unwatch = options.store.watchEvents((events) => this.#wake(events));
  }

  /**
   * Every event once and in order, from the one behind `after` on. Ends where it is asked to, where the feed closes, once its ingestion was deleted and after {@link LONGEST_FOLLOWING_MS};
   * who then goes on behind the last number it was given misses none. Throws, as the first thing it does, EVENT_STREAMS_BUSY and SHUTTING_DOWN, and at any time what reading the store throws.
   */
  async *follow({ ingestionId, after, signal }: Following): AsyncGenerator<FeedItem, void, undefined> {
    if (this.#closing.signal.aborted) throw new ServiceError('SHUTTING_DOWN');
    if (this.#followers.size >= MAX_FOLLOWERS) throw new ServiceError('EVENT_STREAMS_BUSY');
    const ending = new AbortController();
    const end = () => ending.abort();
    const follower: Follower = { ingestionId, wake: () => {}, end };
    this.#followers.add(follower);
    ending.signal.addEventListener('abort', () => follower.wake());
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    // A wait takes as long whatever the clock is set to.
    void this.#options.clock.sleep(LONGEST_FOLLOWING_MS, ending.signal).then(end);
    try {
      void this.#tellStalledProgress();
      yield* this.#read(follower, after, ending.signal);
    } finally {
      signal.removeEventListener('abort', end);
      end();
      this.#followers.delete(follower);
    }
  }

  /** Ends all. */
  close(): void {
    this.#closing.abort();
    this.#unwatch();
    for (const { end } of this.#followers) end();
  }

  async *#read(
    follower: Follower,
    after: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<FeedItem, void, undefined> {
    const { store } = this.#options;
    const { ingestionId } = follower;
    let seen = after ?? (await store.listEvents({ ingestionId, after: FROM_NOW, limit: 1 })).newestId;
    yield { kind: 'start', after: seen };
    while (!signal.aborted) {
      // Before the log is read: what comes after that wakes.
      const woken = Promise.withResolvers<'woken'>();
      follower.wake = () => woken.resolve('woken');
      const { events, oldestId, newestId } = await store.listEvents({
        ingestionId,
        after: seen,
        limit: EVENTS_AT_ONCE,
      });
      // Numbers that were never given out here are those of another state, or of one before a backup of it was restored.
      if (seen < oldestId - 1 || seen > newestId) {
        seen = oldestId - 1;
        yield { kind: 'gap', oldestId };
        continue;
      }
      const isAll = events.length < EVENTS_AT_ONCE;
      seen = isAll ? newestId : (events.at(-1)?.id ?? newestId);
      if (events.length > 0) yield { kind: 'events', events };
      // A long replay to one who takes it as fast as it comes would let nobody else have a turn.
      if (!isAll) await nextTurn();
      else if ((await this.#within(HEARTBEAT_MS, woken.promise)) === 'silence') {
        // Of what was deleted nothing is told any more.
        if (ingestionId !== null && (await store.getIngestion(ingestionId)) === null) return;
        yield { kind: 'heartbeat', after: seen };
      }
    }
  }

  async #within(durationMs: number, woken: Promise<'woken'>): Promise<'woken' | 'silence'> {
    const timer = new AbortController();
    const silence = this.#options.clock.sleep(durationMs, timer.signal).then(() => 'silence' as const);
    try {
      return await Promise.race([woken, silence]);
    } finally {
      timer.abort();
    }
  }

  #wake(events: readonly LoggedEvent[]): void {
    for (const { ingestionId, wake } of this.#followers) {
      if (ingestionId === null || events.some((event) => event.ingestionId === ingestionId)) wake();
    }
  }

  /** While nobody looks on, what the log leaves out for its rate can wait for what comes next, and costs no commit of its own. */
  async #tellStalledProgress(): Promise<void> {
    if (this.#isCheckingForStalls) return;
    this.#isCheckingForStalls = true;
    const { store, clock, logger } = this.#options;
    while (this.#followers.size > 0) {
      await clock.sleep(STALL_CHECK_INTERVAL_MS, this.#closing.signal);
      if (this.#closing.signal.aborted) break;
      await store.recordStalledProgress(clock.now()).catch((error: unknown) => {
        const { code, message } = toServiceError(error);
        logger.warn('state.unavailable', { what: 'tell progress', code, message });
      });
    }
    this.#isCheckingForStalls = false;
  }
}
