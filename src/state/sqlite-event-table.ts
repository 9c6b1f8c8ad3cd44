import type { CircuitEvent, EventKind, LoggedEvent, NewEvent } from '../model/event.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { EventPage, EventQuery } from './state-store.ts';

interface EventRow {
  readonly event_id: number;
  readonly ingestion_id: string | null;
  readonly kind: EventKind;
  /** JSON of the event's content but for its kind. */
  readonly content: string;
  readonly logged_at: number;
}

/** The sequence alone would give numbers out again that a damaged row of it had forgotten. */
const NEWEST_ID = `
SELECT max(coalesce((SELECT max(event_id) FROM events), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)) AS id`;

const OLDEST_ID = 'SELECT min(event_id) AS id FROM events';

/** Those of what was deleted are there until it is purged. */
const LIST_AFTER = `
SELECT events.* FROM events LEFT JOIN ingestions USING (ingestion_id)
WHERE event_id > :after AND deleted_at IS NULL ORDER BY event_id LIMIT :limit`;
const LIST_AFTER_OF = `
SELECT * FROM events WHERE ingestion_id = :ingestionId AND event_id > :after
  AND (SELECT deleted_at IS NULL FROM ingestions WHERE ingestion_id = :ingestionId) ORDER BY event_id LIMIT :limit`;

const LAST_OF_KIND = `
SELECT * FROM events WHERE event_id = (
  SELECT event_id FROM events WHERE ingestion_id = ? AND kind = ? ORDER BY event_id DESC LIMIT 1
)`;

const OF_CIRCUITS = 'SELECT * FROM events WHERE ingestion_id IS NULL ORDER BY event_id';

const OLDEST = 'event_id IN (SELECT event_id FROM events ORDER BY event_id LIMIT :batch)';
const FORGET_UP_TO = `DELETE FROM events WHERE ${OLDEST} AND event_id <= :highestId`;
const FORGET_BEFORE = `DELETE FROM events WHERE ${OLDEST} AND logged_at < :before`;

/** The table `events`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteEventTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<EventRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'events');
  }

  /** Writes an event; with its number. */
  insert({ ingestionId, at, content: { kind, ...content } }: NewEvent): number {
    const id = this.#newestId() + 1;
    const row = { event_id: id, ingestion_id: ingestionId, kind, content: JSON.stringify(content), logged_at: at };
    this.#rows.insert(row);
    return id;
  }

  /** The last event of a kind that is on record of an ingestion. */
  lastOfKind(ingestionId: string, kind: EventKind): LoggedEvent | null {
    const row = this.#connection.prepare<[string, string], Stored<EventRow>>(LAST_OF_KIND).get(ingestionId, kind);
    return row === undefined ? null : eventOfRow(this.#rows.verified(row));
  }

  /** The last event that is on record of each circuit. */
  lastOfCircuits(): CircuitEvent[] {
    const last = new Map<string, CircuitEvent>();
    for (const row of this.#connection.prepare<[], Stored<EventRow>>(OF_CIRCUITS).iterate()) {
      const { content } = eventOfRow(this.#rows.verified(row));
      if (content.kind === 'circuit') last.set(content.origin, content);
    }
    return [...last.values()];
  }

  /** In the order of their numbers. */
  list({ ingestionId, after, limit }: EventQuery): EventPage {
    const sql = ingestionId === null ? LIST_AFTER : LIST_AFTER_OF;
    const rows = this.#connection.prepare<object, Stored<EventRow>>(sql).all({ ingestionId, after, limit });
    const newestId = this.#newestId();
    return {
      events: rows.map((row) => eventOfRow(this.#rows.verified(row))),
      oldestId: this.#idOf(OLDEST_ID) ?? newestId + 1,
      newestId,
    };
  }

  /** Removes, of the oldest `batch` (-1: of all), those that are beyond the newest `maxCount`. */
  forgetBeyond(maxCount: number, batch: number): void {
    this.#connection.prepare<object>(FORGET_UP_TO).run({ highestId: this.#newestId() - maxCount, batch });
  }

  /** Removes, of the oldest `batch`, those that were put on record before a time; how many these were. */
  forgetBefore(before: number, batch: number): number {
    return this.#connection.prepare<object>(FORGET_BEFORE).run({ before, batch }).changes;
  }

  #newestId(): number {
    return this.#idOf(NEWEST_ID) ?? 0;
  }

  #idOf(sql: string): number | null {
    return this.#connection.prepare<[], { id: number | null }>(sql).get()?.id ?? null;
  }
}

function eventOfRow({ event_id: id, ingestion_id: ingestionId, logged_at: at, kind, content }: EventRow): LoggedEvent {
  return { id, ingestionId, at, content: { kind, ...JSON.parse(content) } };
}
