/*
 * How ingestions are found where there may be a million that are over: each statement goes by an index of those few that it is about. SQLite takes an index with a condition only where the
 * statement has that condition in its words.
 */

/** The condition of the index `ingestions_active`. */
export const IS_ACTIVE = "status IN ('QUEUED', 'RUNNING')";

/**
 * The queue's head: its wait is over, its last run has ended, and of those with the same file and callback none is under way or before it. What is
 * excluded or damaged counts as under way; an excluded one that does not run any more may have a request in flight to a callback that it had before. `:onlyIds` null: any. What is named is found by its
 * few ids, which the plus signs are for, and all else by the index of what is active: a claim must not cost what the file's history does.
 */
export const FIRST_CLAIMABLE = `
SELECT * FROM ingestions AS candidate
WHERE status = 'QUEUED' AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
  AND (file_id, callback_url) NOT IN (
    SELECT file_id, callback_url FROM ingestions
    WHERE ingestion_id IN (SELECT value FROM json_each(:excludedIds) UNION ALL SELECT value FROM json_each(:damagedIds))
  )
  AND file_id NOT IN (
    SELECT file_id FROM ingestions
    WHERE ingestion_id IN (SELECT value FROM json_each(:excludedIds)) AND +status <> 'RUNNING'
  )
  AND NOT EXISTS (
    SELECT 1 FROM ingestions AS other
    WHERE other.${IS_ACTIVE} AND other.file_id = candidate.file_id AND other.callback_url = candidate.callback_url
      AND other.status = 'RUNNING'
  )
  AND NOT EXISTS (
    SELECT 1 FROM ingestions AS other
    WHERE other.${IS_ACTIVE} AND other.file_id = candidate.file_id AND other.callback_url = candidate.callback_url
      AND other.status = 'QUEUED' AND other.queue_sequence < candidate.queue_sequence
  )
  AND (:onlyIds IS NULL OR EXISTS (
    SELECT 1 FROM ingestions AS wanted
    WHERE wanted.ingestion_id IN (SELECT value FROM json_each(:onlyIds)) AND +wanted.status = 'QUEUED'
      AND +wanted.file_id = candidate.file_id AND +wanted.callback_url = candidate.callback_url
      AND +wanted.queue_sequence >= candidate.queue_sequence
  ))
ORDER BY queue_sequence LIMIT 1`;

/** Those of a file to a callback, oldest first. */
export const ACTIVE_REINGESTIONS = `
SELECT * FROM ingestions
WHERE ${IS_ACTIVE} AND file_id = :fileId AND callback_url = :callbackUrl AND ingestion_id <> :resumeIngestionId
ORDER BY creation_order`;

/** Of a file; deleted ones count. */
export const HIGHEST_VERSION = `
SELECT CAST(version AS INTEGER) AS highest FROM ingestions
WHERE file_id = :fileId AND ingestion_id <> :resumeIngestionId
ORDER BY CAST(version AS INTEGER) DESC LIMIT 1`;

/** An index by age would cost every acknowledgement; so those that are kept are walked, in pieces of a millisecond. */
export const KEPT_PIECE = `
SELECT creation_order AS place, ingestion_id AS id,
  status IN ('COMPLETED', 'FAILED', 'CANCELLED') AND updated_at < :before AS isFound
FROM ingestions WHERE deleted_at IS NULL AND creation_order > :after ORDER BY creation_order LIMIT 1000`;
