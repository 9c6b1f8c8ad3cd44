/*
 * What a statement costs must not grow with what is over: hundreds of thousands of ingestions, and all that was ever sent. So each statement that the store runs is asked for its plan, and
 * each way to rows in it must be one of those below, with what bounds it.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { IN_MEMORY, SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { carryOn, writeRealisticState } from './realistic-state.ts';
import {
  answerOf,
  badRecordAt,
  claimed,
  deliver,
  failOnce,
  keyOf,
  NOW,
  planAfter,
  running,
  sampleChain,
  sampleIngestion,
  submitted,
  withoutRejects,
} from './sample-state.ts';

/** A way to rows as a plan tells it, and why it leads to no more of them the more there are. */
interface Way {
  readonly plan: string;
  /** Holds in statements with these words alone. */
  readonly in?: string;
  readonly because: string;
}

const ONE_ROW = 'one row, or one for each id of a short list';
const OF_QUEUE = 'the queue has a bound (ACKSTREAM_MAX_QUEUED)';
const OF_PAGE = 'as many rows as the page has, in the order of the index';
const NOTHING_LEFT = 'looks for what a foreign key would hold, of which nothing is left by then';
const AT_START = 'once, when the process starts';

const WAYS: readonly Way[] = [
  { plan: 'SEARCH ingestions USING INDEX sqlite_autoindex_ingestions_1 (ingestion_id=?)', because: ONE_ROW },
  { plan: 'SEARCH ingestions USING INDEX sqlite_autoindex_ingestions_2', in: 'max(queue_sequence)', because: ONE_ROW },
  {
    plan: 'SEARCH ingestions USING INDEX ingestions_by_version (file_id=?)',
    in: 'ORDER BY CAST(version AS INTEGER) DESC LIMIT 1',
    because: 'the last of the index for the file, or the one before it',
  },
  {
    plan: 'SEARCH ingestions USING INDEX ingestions_active (file_id=? AND callback_url=? AND status=?)',
    because: OF_QUEUE,
  },
  { plan: 'USE TEMP B-TREE FOR ORDER BY', in: 'ORDER BY creation_order', because: OF_QUEUE },
  {
    plan: 'SEARCH ingestions USING INDEX ingestions_active (file_id=? AND callback_url=? AND status=? AND queue_sequence<?)',
    because: 'the first that is found is enough',
  },
  { plan: 'SEARCH ingestions USING INDEX ingestions_by_queue (status=?)', in: "'QUEUED'", because: OF_QUEUE },
  { plan: 'SEARCH ingestions USING INDEX ingestions_by_status (status=?)', in: 'count(*)', because: OF_QUEUE },
  { plan: 'SEARCH ingestions USING INDEX ingestions_by_status (status=? AND creation_order<?)', because: OF_PAGE },
  { plan: 'SEARCH ingestions USING INDEX ingestions_kept (creation_order<?)', because: OF_PAGE },
  {
    plan: 'SCAN ingestions USING INDEX ingestions_unpurged',
    because: 'the index has only those that a purge was broken off of',
  },
  {
    plan: 'SCAN ingestions USING INDEX ingestions_by_status',
    in: 'GROUP BY status',
    because: 'counts what is kept, which a person or the retention bounds; of the index alone, some 40 ns a row',
  },
  { plan: 'SEARCH ingestions USING INDEX ingestions_kept (creation_order>?)', in: 'LIMIT 1000', because: 'a piece' },
  { plan: 'SEARCH ingestions USING INDEX sqlite_autoindex_ingestions_1 (ingestion_id=?) LEFT-JOIN', because: ONE_ROW },
  { plan: 'SEARCH ingestions', in: 'max(updated_at)', because: AT_START },

  { plan: 'SEARCH chunks USING PRIMARY KEY (ingestion_id=? AND chunk_number=?)', because: ONE_ROW },
  { plan: 'SEARCH chunks USING PRIMARY KEY (ingestion_id=? AND chunk_number>?)', in: 'LIMIT', because: OF_PAGE },
  {
    plan: 'SEARCH chunks USING PRIMARY KEY (ingestion_id=?)',
    in: 'DELETE',
    because: 'a piece of 500, or the plans of what was never attempted, which are two at most',
  },

  { plan: 'SEARCH attempts USING PRIMARY KEY (ingestion_id=? AND target=? AND attempt=?)', because: ONE_ROW },
  { plan: 'SEARCH attempts USING PRIMARY KEY (ingestion_id=?)', in: 'LIMIT', because: 'the first, or a piece of 500' },
  { plan: 'SEARCH attempts USING PRIMARY KEY (ingestion_id=?)', in: 'DELETE FROM ingestions', because: NOTHING_LEFT },
  {
    plan: 'SEARCH attempts USING PRIMARY KEY (ingestion_id=? AND target=?)',
    because: 'the attempts at one chunk, mostly the last of them',
  },
  { plan: 'SEARCH attempts USING INDEX attempts_under_way (ingestion_id=?)', because: 'one is under way at most' },
  { plan: 'SEARCH attempts USING INDEX attempts_failed (ingestion_id=?)', in: 'LIMIT 1', because: ONE_ROW },
  { plan: 'SCAN attempts USING INDEX attempts_under_way', because: AT_START },

  {
    plan: 'SEARCH rejects USING INDEX sqlite_autoindex_rejects_1 (ingestion_id=? AND (file_index,byte_offset)>(?,?))',
    in: 'LIMIT',
    because: 'as many rows as the page or the piece has',
  },
  {
    plan: 'SEARCH rejects USING INDEX sqlite_autoindex_rejects_1 (ingestion_id=?)',
    in: 'LIMIT 500',
    because: 'a piece',
  },
  {
    plan: 'SEARCH rejects USING INDEX sqlite_autoindex_rejects_1 (ingestion_id=?)',
    in: 'DELETE FROM ingestions',
    because: NOTHING_LEFT,
  },
  { plan: 'SEARCH rejects USING INTEGER PRIMARY KEY (rowid=?)', in: 'LIMIT 500', because: 'a piece' },

  { plan: 'SEARCH events', in: '(event_id)', because: ONE_ROW },
  { plan: 'SEARCH events USING INTEGER PRIMARY KEY (rowid=?)', because: ONE_ROW },
  { plan: 'SEARCH events USING INTEGER PRIMARY KEY (rowid>?)', in: 'LIMIT', because: OF_PAGE },
  {
    plan: 'SEARCH events USING INDEX events_by_ingestion (ingestion_id=?)',
    because: 'the log is bounded (event-log.ts)',
  },
  {
    plan: 'SEARCH events USING INDEX events_by_ingestion (ingestion_id=? AND event_id>?)',
    in: 'LIMIT',
    because: OF_PAGE,
  },
  { plan: 'SCAN events', in: 'LIMIT :batch', because: 'as many as are looked at, all at a start' },
  { plan: 'SEARCH events', in: 'max(logged_at)', because: AT_START },
];

/** Names that statements give to `ingestions`. */
const ALIASES = /^(SEARCH|SCAN) (?:candidate|other|wanted)\b/;
/** Tables of which none grows without bounds, or that other tests are about. */
const BESIDE = /^(?:SEARCH|SCAN) (?:json_each|CONSTANT ROW|sqlite_sequence|answers|received_answers|\(subquery)\b/;
const WAY = /^(?:SEARCH|SCAN|USE TEMP B-TREE)\b/;

/** Calls every method of a store, so that each of its statements is run. */
async function useAll(store: StateStore): Promise<void> {
  await writeRealisticState(store);
  await carryOn(store, []);
  await useRun(store);
  await useDeletions(store);
  const { ingestionId } = sampleIngestion('finished');
  await store.listIngestions({ status: 'COMPLETED', limit: 5 });
  await store.getPlan(ingestionId, 0);
  await store.listEvents({ ingestionId: null, after: 0, limit: 5 });
  await store.listEvents({ ingestionId, after: 0, limit: 5 });
  store.watchEvents(() => {})();
  await store.recordCircuit({ kind: 'circuit', origin: 'http://a', state: 'open', since: NOW, nextProbeAt: NOW }, NOW);
  await store.recordCircuitsClosed(NOW);
  await store.recordStalledProgress(NOW);
  await store.recoverTimes(NOW, []);
  await store.newestTime();
  await store.nextWakeAt(NOW);
  await store.countQueued();
  await store.countWaiting(NOW);
  await store.isWritable();
  await store.close();
}

async function useRun(store: StateStore): Promise<void> {
  const sample = sampleIngestion('used');
  const [first, second] = sampleChain(3);
  if (first === undefined || second === undefined) throw new Error('no chain');
  const run = await running(store, sample);
  await store.recordRejects(run, [badRecordAt(5)], NOW);
  await store.dropRejectsBehindPlans(run);
  await store.planChunk(run, withoutRejects(first), NOW);
  await store.restartUnbegun(run, { ...sample.fingerprint, size: 5 });
  await store.recordRecordPath(run, 'a');
  await store.acceptFingerprint(run, sample.fingerprint);
  await deliver(store, run, [first, second]);
  await store.rewindTo(run, 1, NOW);
  await store.planChunk(run, withoutRejects(planAfter(second, 10)), NOW);
  await store.replacePlan(run, withoutRejects(planAfter(second, 5)), 500, NOW);
  await failOnce(store, run, 1);
  const raised = { ...run, epoch: await store.takeEpochAbove(run, 7) };
  await store.releaseRun(raised, null, NOW);
  await store.pauseRun(await claimed(store), { code: 'DELIVERY_REJECTED', message: 'no' }, NOW);
}

async function useDeletions(store: StateStore): Promise<void> {
  const unsent = sampleIngestion('unsent');
  const discard = () => ({ answer: answerOf(unsent, 'RUNNING'), update: { discardPlans: true } }) as const;
  await submitted(store, unsent);
  await store.submit(keyOf(unsent, { idempotency: { key: 'another', bodyDigest: 'digest' } }), discard);
  await store.applyEvent(unsent.ingestionId, 'cancel', NOW);
  await store.deleteIngestion(unsent.ingestionId, NOW);
  await submitted(store, unsent);
  const { ingestionId } = sampleIngestion('failed');
  await store.listTerminalBefore(NOW, 5);
  await store.deleteIngestion(ingestionId, NOW);
  await store.listUnpurged();
  await store.purgeDeleted(ingestionId);
  const foreign = { ingestionId: 'foreign', lastChunk: 1, recordCount: 2, extent: 'part', lastWrittenAt: NOW } as const;
  await store.reserveForeign([foreign], { now: NOW, isDryRun: false });
  await store.forgetBefore(NOW);
}

/** Statements with the ways of their plans, and the methods that were called. */
interface Usage {
  readonly ways: readonly { readonly sql: string; readonly plan: string }[];
  readonly uncalled: readonly string[];
}

async function recordUsage(): Promise<Usage> {
  const plansOf = new Map<string, readonly string[]>();
  const prepare = SqliteConnection.prototype.prepare;
  const spy = vi.spyOn(SqliteConnection.prototype, 'prepare').mockImplementation(function prepared(
    this: SqliteConnection,
    sql: string,
  ) {
    if (!plansOf.has(sql)) {
      const explained = prepare.call(this, `EXPLAIN QUERY PLAN ${sql}`);
      const rows = explained.all(boundTo(sql)) as readonly { readonly detail: string }[];
      plansOf.set(
        sql,
        rows.map(({ detail }) => detail.replace(ALIASES, '$1 ingestions').replace('COVERING ', '')),
      );
    }
    return prepare.call(this, sql);
  });
  const store = openSqliteStateStore({ path: IN_MEMORY });
  // What opens a state looks at all of it.
  plansOf.clear();
  const uncalled = new Set(methodsOf(store));
  await useAll(
    new Proxy(store, {
      get(target, name) {
        uncalled.delete(String(name));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    }),
  );
  spy.mockRestore();
  const ways = [...plansOf].flatMap(([sql, plans]) => plans.map((plan) => ({ sql, plan })));
  return { ways: ways.filter(({ plan }) => WAY.test(plan) && !BESIDE.test(plan)), uncalled: [...uncalled] };
}

/** The driver wants every value of a statement, though its plan asks for none. */
function boundTo(sql: string): object {
  const names = [...sql.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => [name, null]);
  return names.length > 0 ? Object.fromEntries(names) : [...sql.matchAll(/\?/g)].map(() => null);
}

function methodsOf(store: object): string[] {
  const names: string[] = [];
  for (let made: object = store; made !== Object.prototype; made = Object.getPrototypeOf(made) as object) {
    names.push(...Object.getOwnPropertyNames(made).filter((name) => !['constructor', 'tables'].includes(name)));
  }
  return names;
}

describe('the statements of the store', () => {
  let usage: Usage;
  beforeAll(async () => {
    usage = await recordUsage();
  });

  it('are those of all its methods', () => {
    expect(usage.uncalled).toEqual([]);
    expect(usage.ways.length).toBeGreaterThan(60);
  });

  it('come to their rows in ways that what is over makes no longer', () => {
    const isKnown = ({ sql, plan }: { readonly sql: string; readonly plan: string }) =>
      WAYS.some((way) => way.plan === plan && (way.in === undefined || sql.includes(way.in)));
    expect(usage.ways.filter((way) => !isKnown(way))).toEqual([]);
  });

  it.each(WAYS)('go the way that is reasoned for: $plan, $in', ({ plan, in: words = '' }) => {
    expect(usage.ways.some((way) => way.plan === plan && way.sql.includes(words))).toBe(true);
  });
});
