import { checksummedColumns, rowChecksum } from '../row-checksum.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

/** What a request, a claim, a page and a sweep look for is found among any number of ingestions that are over or deleted. */
const SCHEMA = `
DROP INDEX ingestions_by_file;
CREATE INDEX ingestions_active ON ingestions (file_id, callback_url, status, queue_sequence) WHERE status IN ('QUEUED', 'RUNNING');
CREATE INDEX ingestions_by_version ON ingestions (file_id, CAST(version AS INTEGER));
CREATE INDEX ingestions_kept ON ingestions (creation_order) WHERE deleted_at IS NULL;

-- Something of a deleted one is left to be removed.
ALTER TABLE ingestions ADD COLUMN is_unpurged INTEGER NOT NULL DEFAULT 0
  CHECK (is_unpurged = 0 OR (is_unpurged = 1 AND deleted_at IS NOT NULL));
UPDATE ingestions SET is_unpurged = 1 WHERE deleted_at IS NOT NULL AND (
  EXISTS (SELECT 1 FROM chunks WHERE chunks.ingestion_id = ingestions.ingestion_id)
  OR EXISTS (SELECT 1 FROM attempts WHERE attempts.ingestion_id = ingestions.ingestion_id)
  OR EXISTS (SELECT 1 FROM rejects WHERE rejects.ingestion_id = ingestions.ingestion_id)
  OR EXISTS (SELECT 1 FROM events WHERE events.ingestion_id = ingestions.ingestion_id)
  OR EXISTS (SELECT 1 FROM received_answers WHERE received_answers.ingestion_id = ingestions.ingestion_id)
);
CREATE INDEX ingestions_unpurged ON ingestions (ingestion_id) WHERE is_unpurged = 1;
`;

/** Work that does not grow with the history: indexes of what is active and kept, and a mark on what is not removed yet. */
export function narrowIndexes(connection: SqliteConnection): void {
  connection.execute(SCHEMA);
  connection.defineFunction('row_checksum_of', (...values) => rowChecksum(values));
  const columns = checksummedColumns(connection, 'ingestions').join(', ');
  connection.execute(`UPDATE ingestions SET row_checksum = row_checksum_of(${columns})`);
}
