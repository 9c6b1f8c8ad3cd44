import type { SqliteConnection } from './sqlite-connection.ts';

/** Each of the tables of which one is written whenever anything happens. */
const NEWEST = `
SELECT max(newest) AS newest FROM (
  SELECT max(updated_at) AS newest FROM ingestions
  UNION ALL SELECT max(answered_at) FROM answers
  UNION ALL SELECT max(logged_at) FROM events
)`;

/** The newest time that anything on record carries, wall clock, ms; null: nothing is on record. Looks at every row, which is for starts. Inside of a read. */
export function newestTime(connection: SqliteConnection): number | null {
  return connection.prepare<[], { newest: number | null }>(NEWEST).get()?.newest ?? null;
}
