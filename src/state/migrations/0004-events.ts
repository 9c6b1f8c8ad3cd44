/**
 * The event log. Its numbers are never given out twice, not even where the newest event is gone with its ingestion: who looks on goes on behind the last number that
 * he has seen.
 */
export const events = `
CREATE TABLE events (
  event_id INTEGER PRIMARY KEY AUTOINCREMENT,
  ingestion_id TEXT REFERENCES ingestions (ingestion_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('state', 'chunk', 'attempt_failed', 'rejects', 'circuit')),
  content TEXT NOT NULL,
  logged_at INTEGER NOT NULL,
  row_checksum INTEGER NOT NULL,
  CHECK ((ingestion_id IS NULL) = (kind = 'circuit'))
) STRICT;

-- With the kind, the last event of one kind is found without a look at the table.
CREATE INDEX events_by_ingestion ON events (ingestion_id, event_id, kind);
`;
