import { checksummedColumns, rowChecksum } from '../row-checksum.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

/** A row that is deleted keeps what its id must never be used for again; the rest of it, and all that belongs to it, goes. */
const SCHEMA = `
ALTER TABLE ingestions ADD COLUMN deleted_at INTEGER;
-- What of it may be with the receiver.
ALTER TABLE ingestions ADD COLUMN deleted_extent TEXT
  CHECK ((deleted_at IS NULL) = (deleted_extent IS NULL) AND (deleted_extent IS NULL OR deleted_extent IN ('none', 'part', 'all')));

DROP INDEX ingestions_by_status;
CREATE INDEX ingestions_by_status ON ingestions (status, creation_order) WHERE deleted_at IS NULL;

DROP TRIGGER acked_chunks_are_not_removed;
CREATE TRIGGER acked_chunks_are_not_removed BEFORE DELETE ON chunks
WHEN old.acked_at IS NOT NULL AND (SELECT deleted_at FROM ingestions WHERE ingestion_id = old.ingestion_id) IS NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never removed'); END;

CREATE TRIGGER used_ids_are_not_forgotten BEFORE DELETE ON ingestions WHEN old.deleted_extent IS NOT 'none'
BEGIN SELECT raise(ABORT, 'what identifies an ingestion that was attempted is never removed'); END;
`;

/** Ingestions that are deleted but for what must be kept of them. */
export function deletions(connection: SqliteConnection): void {
  connection.execute(SCHEMA);
  connection.defineFunction('row_checksum_of', (...values) => rowChecksum(values));
  const columns = checksummedColumns(connection, 'ingestions').join(', ');
  connection.execute(`UPDATE ingestions SET row_checksum = row_checksum_of(${columns})`);
}
