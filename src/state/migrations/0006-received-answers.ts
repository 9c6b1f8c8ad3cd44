/** What was answered to the last attempt of each ingestion that failed and was answered; and the attempts that failed, so that the last is found among a million others. */
export const receivedAnswers = `
CREATE TABLE received_answers (
  ingestion_id TEXT PRIMARY KEY,
  target INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  http_status INTEGER NOT NULL,
  -- JSON: names and values.
  headers TEXT NOT NULL,
  are_headers_cut INTEGER NOT NULL CHECK (are_headers_cut IN (0, 1)),
  body BLOB NOT NULL,
  body_byte_count INTEGER NOT NULL,
  is_body_cut INTEGER NOT NULL CHECK (is_body_cut IN (0, 1)),
  row_checksum INTEGER NOT NULL,
  FOREIGN KEY (ingestion_id, target, attempt) REFERENCES attempts (ingestion_id, target, attempt)
) STRICT;

CREATE INDEX attempts_failed ON attempts (ingestion_id, (outcome <> 'unavailable' OR http_status IS NOT NULL), epoch, begun_at)
WHERE outcome <> 'acknowledged';
`;
