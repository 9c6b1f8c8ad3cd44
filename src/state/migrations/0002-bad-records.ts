/**
 * Formats with options of their own, bad records set aside, and positions in sources that are not read byte by byte: until here all were JSON and NDJSON
 * as they lie on the disk.
 */
export const badRecords = `
ALTER TABLE ingestions ADD COLUMN format TEXT NOT NULL DEFAULT '{"encoding":null}';
ALTER TABLE ingestions ADD COLUMN on_bad_record TEXT NOT NULL DEFAULT 'fail' CHECK (on_bad_record IN ('fail', 'quarantine'));
ALTER TABLE ingestions ADD COLUMN max_bad_records TEXT;

CREATE TABLE rejects (
  ingestion_id TEXT NOT NULL REFERENCES ingestions (ingestion_id),
  file_index INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,
  line_number INTEGER NOT NULL,
  column_number INTEGER NOT NULL,
  byte_length INTEGER NOT NULL,
  error TEXT NOT NULL,
  raw BLOB NOT NULL,
  chunk_number INTEGER,
  recorded_at INTEGER NOT NULL,
  UNIQUE (ingestion_id, file_index, byte_offset)
) STRICT;

DROP TRIGGER acked_chunks_are_not_rewritten;
UPDATE chunks SET
  first_position = json_set(first_position, '$.sourceBytes', first_position ->> '$.byteOffset', '$.seek', NULL),
  position_after = json_set(position_after, '$.sourceBytes', position_after ->> '$.byteOffset', '$.seek', NULL);
CREATE TRIGGER acked_chunks_are_not_rewritten BEFORE UPDATE ON chunks WHEN old.acked_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never rewritten'); END;
`;
