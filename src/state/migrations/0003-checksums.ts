import { checksummedColumns, rowChecksum } from '../row-checksum.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

const TABLES = ['ingestions', 'chunks', 'attempts', 'rejects', 'answers'];

const ADD_COLUMNS = `
-- One row: what tells this state from all others, and a checksum over the schema.
CREATE TABLE store (
  store_id TEXT NOT NULL,
  schema_checksum INTEGER NOT NULL
) STRICT;
INSERT INTO store VALUES (lower(hex(randomblob(16))), 0);

-- The number of the commit that last wrote the row: the highest is that of the state.
ALTER TABLE ingestions ADD COLUMN commit_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ingestions ADD COLUMN row_checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN row_checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN row_checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rejects ADD COLUMN row_checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE answers ADD COLUMN row_checksum INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER acked_chunks_are_not_rewritten;
`;

const GUARD_AGAIN = `
CREATE TRIGGER acked_chunks_are_not_rewritten BEFORE UPDATE ON chunks WHEN old.acked_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never rewritten'); END;
`;

/** Checksums for all rows, and what tells a state that is older than it was, or another one. */
export function checksums(connection: SqliteConnection): void {
  connection.execute(ADD_COLUMNS);
  connection.defineFunction('row_checksum_of', (...values) => rowChecksum(values));
  for (const table of TABLES) {
    const columns = checksummedColumns(connection, table).join(', ');
    connection.execute(`UPDATE ${table} SET row_checksum = row_checksum_of(${columns})`);
  }
  connection.execute(GUARD_AGAIN);
}
