/** The tables of the receiver's state. It is a tool's state: another layout asks for a fresh file, there are no migrations. */
export const RECEIVER_SCHEMA = `
CREATE TABLE IF NOT EXISTS ingestions (
  ingestion_id TEXT PRIMARY KEY,
  highest_epoch INTEGER NOT NULL DEFAULT 0,
  is_completed INTEGER NOT NULL DEFAULT 0,
  claimed_last_chunk_number INTEGER,
  claimed_total_records INTEGER,
  claimed_total_chunks INTEGER,
  claimed_rejected_records INTEGER,
  claimed_chain_checksum TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS chunks (
  ingestion_id TEXT NOT NULL,
  chunk_number INTEGER NOT NULL,
  chunk_id TEXT NOT NULL UNIQUE,
  checksum TEXT NOT NULL,
  chain_checksum TEXT NOT NULL,
  record_count INTEGER NOT NULL,
  records_after INTEGER NOT NULL,
  claimed_offset INTEGER,
  is_last INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  record_lines BLOB NOT NULL,
  PRIMARY KEY (ingestion_id, chunk_number)
) STRICT;

CREATE TABLE IF NOT EXISTS answer_counts (
  ingestion_id TEXT NOT NULL,
  answer TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (ingestion_id, answer)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS attempts (
  attempt_number INTEGER PRIMARY KEY AUTOINCREMENT,
  ingestion_id TEXT,
  subject TEXT NOT NULL,
  chunk_number INTEGER,
  checksum TEXT,
  epoch INTEGER,
  attempt INTEGER,
  idempotency_key TEXT,
  answer TEXT,
  http_status INTEGER,
  error TEXT,
  fault TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS attempts_of_ingestion ON attempts (ingestion_id);
`;
