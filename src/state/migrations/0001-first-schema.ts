/**
 * Times are ms since 1970, booleans 0 or 1, positions, fingerprints and errors JSON. The checks and triggers say a second time what the
 * code holds to: a mistake there must not cost an acknowledged record.
 */
export const firstSchema = `
CREATE TABLE ingestions (
  creation_order INTEGER PRIMARY KEY,
  ingestion_id TEXT NOT NULL UNIQUE,
  file_id TEXT NOT NULL,
  version TEXT NOT NULL,
  file_path TEXT NOT NULL,
  file_type TEXT NOT NULL,
  record_path TEXT,
  is_record_path_found INTEGER NOT NULL CHECK (is_record_path_found IN (0, 1)),
  number_form TEXT NOT NULL,
  max_depth INTEGER NOT NULL,
  max_record_bytes INTEGER NOT NULL,
  callback_url TEXT NOT NULL,
  chunk_size_by_records INTEGER NOT NULL,
  chunk_size_by_memory INTEGER NOT NULL,
  retry_window_ms INTEGER NOT NULL,
  max_delay_ms INTEGER NOT NULL,
  callback_headers TEXT,
  callback_secret TEXT,
  status_url TEXT,
  status TEXT NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED')),
  queue_sequence INTEGER NOT NULL UNIQUE,
  epoch INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  next_chunk_number INTEGER NOT NULL,
  record_count INTEGER NOT NULL,
  source_bytes INTEGER NOT NULL,
  chain_checksum TEXT NOT NULL CHECK (length(chain_checksum) = 64),
  is_at_end INTEGER NOT NULL,
  highest_acked_chunk INTEGER NOT NULL,
  highest_planned_chunk INTEGER NOT NULL,
  close_at_bytes INTEGER,
  failure_count INTEGER NOT NULL,
  first_failed_at INTEGER,
  rejection_count INTEGER NOT NULL,
  rewind_count INTEGER NOT NULL,
  next_attempt_at INTEGER,
  last_error TEXT,
  rejected_records INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  run_started_at INTEGER,
  run_started_record_count INTEGER NOT NULL,
  completed_at INTEGER,
  CHECK (next_chunk_number BETWEEN 0 AND highest_acked_chunk + 1),
  CHECK (highest_acked_chunk <= highest_planned_chunk)
) STRICT;

CREATE INDEX ingestions_by_file ON ingestions (file_id, callback_url);
CREATE INDEX ingestions_by_queue ON ingestions (status, queue_sequence);
CREATE INDEX ingestions_by_status ON ingestions (status, creation_order);

CREATE TABLE chunks (
  ingestion_id TEXT NOT NULL REFERENCES ingestions (ingestion_id),
  chunk_number INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  record_count INTEGER NOT NULL CHECK (record_count > 0),
  first_position TEXT NOT NULL,
  position_after TEXT,
  max_records INTEGER,
  max_bytes INTEGER NOT NULL,
  close_at_bytes INTEGER,
  is_last INTEGER NOT NULL CHECK (is_last = (position_after IS NULL)),
  checksum TEXT NOT NULL CHECK (length(checksum) = 64),
  byte_count INTEGER NOT NULL,
  chain_checksum TEXT NOT NULL CHECK (length(chain_checksum) = 64),
  planned_at INTEGER NOT NULL,
  acked_at INTEGER,
  PRIMARY KEY (ingestion_id, chunk_number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER acked_chunks_are_not_rewritten BEFORE UPDATE ON chunks WHEN old.acked_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never rewritten'); END;
CREATE TRIGGER acked_chunks_are_not_removed BEFORE DELETE ON chunks WHEN old.acked_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'an acknowledged chunk is never removed'); END;

-- target: the number of a chunk, or -1 for COMPLETED.
CREATE TABLE attempts (
  ingestion_id TEXT NOT NULL REFERENCES ingestions (ingestion_id),
  target INTEGER NOT NULL CHECK (target >= -1),
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  epoch INTEGER NOT NULL,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT,
  http_status INTEGER,
  reason TEXT,
  proves_not_stored INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (ingestion_id, target, attempt),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_under_way ON attempts (ingestion_id) WHERE outcome IS NULL;

CREATE TABLE answers (
  idempotency_key TEXT PRIMARY KEY,
  body_digest TEXT NOT NULL,
  answer TEXT NOT NULL,
  answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_age ON answers (answered_at);
`;
