import type { SqliteConnection } from './sqlite-connection.ts';

/** Rows of each table that one transaction removes: others wait for it, and a bad record may have 64 KiB. */
const PURGED_AT_ONCE = 500;

/** What belongs to an ingestion, and the key of a row of it. */
const TABLES = {
  received_answers: 'ingestion_id',
  events: 'event_id',
  rejects: 'rowid',
  attempts: 'target, attempt',
  chunks: 'chunk_number',
};

const REMOVALS = Object.entries(TABLES).map(
  ([table, key]) => `
DELETE FROM ${table} WHERE ingestion_id = :ingestionId
  AND (${key}) IN (SELECT ${key} FROM ${table} WHERE ingestion_id = :ingestionId LIMIT ${PURGED_AT_ONCE})`,
);

const UNPURGED = `
SELECT ingestion_id AS id FROM ingestions WHERE deleted_at IS NOT NULL AND (
  ${Object.keys(TABLES)
    .map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE ${table}.ingestion_id = ingestions.ingestion_id)`)
    .join(' OR ')}
)`;

/** Removes some of what belongs to a deleted ingestion; true: nothing of it is left. Inside of a transaction. */
export function purge(connection: SqliteConnection, ingestionId: string): boolean {
  const counts = REMOVALS.map((sql) => connection.prepare<object>(sql).run({ ingestionId }).changes);
  return counts.every((count) => count < PURGED_AT_ONCE);
}

/** The deleted ingestions of which something is left, as where the process ended while it was removed. Inside of a read. */
export function listUnpurged(connection: SqliteConnection): string[] {
  return connection
    .prepare<[], { id: string }>(UNPURGED)
    .all()
    .map(({ id }) => id);
}
