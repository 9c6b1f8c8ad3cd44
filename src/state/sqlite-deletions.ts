import { ROWS_IN_A_PIECE } from './in-pieces.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** What belongs to an ingestion, and the whole key of a row of it: by a part of the key each piece would walk all that is left. */
const TABLES = {
  received_answers: 'ingestion_id',
  events: 'event_id',
  rejects: 'rowid',
  attempts: 'ingestion_id, target, attempt',
  chunks: 'ingestion_id, chunk_number',
};

const REMOVALS = Object.entries(TABLES).map(
  ([table, key]) =>
    `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ingestion_id = :ingestionId LIMIT ${ROWS_IN_A_PIECE})`,
);

/** Removes some of what belongs to a deleted ingestion; true: nothing of it is left. Inside of a transaction. */
export function purge(connection: SqliteConnection, ingestionId: string): boolean {
  const counts = REMOVALS.map((sql) => connection.prepare<object>(sql).run({ ingestionId }).changes);
  return counts.every((count) => count < ROWS_IN_A_PIECE);
}
