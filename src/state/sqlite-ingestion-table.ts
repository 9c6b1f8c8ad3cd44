import assert from 'node:assert/strict';
import type { Ingestion, Status } from '../model/ingestion.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import type { CommitNumbers } from './commit-numbers.ts';
import { rowOfForeign } from './foreign-ingestion.ts';
import { type IngestionRow, ingestionOfRow, parseFingerprint, rowOfIngestion } from './ingestion-rows.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import type { SecretSeals } from './secret-seals.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type {
  ClaimQuery,
  DeletedIngestion,
  ForeignIngestion,
  MetState,
  Page,
  StateReads,
  SubmissionKey,
} from './state-store.ts';

/** What a row has beside its ingestion. */
interface RowMarks {
  readonly commit_number: number;
  /** Null, both: it is not deleted. */
  readonly deleted_at: number | null;
  readonly deleted_extent: DeletedIngestion['extent'] | null;
}
/** A row of the table `ingestions`, but for its `creation_order`. */
type NumberedRow = IngestionRow & RowMarks;
type StoredRow = Stored<NumberedRow>;
type ListedRow = StoredRow & { readonly creation_order: number };

/**
 * The queue's head: its wait is over, its last run has ended, and of those with the same file and callback none is under way or before it. The
 * last run of an excluded one may still have a request in flight, so it counts as under way. `:onlyIds` null: any.
 */
const FIRST_CLAIMABLE = `
SELECT * FROM ingestions AS candidate
WHERE status = 'QUEUED' AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
  AND ingestion_id NOT IN (SELECT value FROM json_each(:excludedIds))
  AND NOT EXISTS (
    SELECT 1 FROM ingestions AS other
    WHERE other.file_id = candidate.file_id AND other.callback_url = candidate.callback_url
      AND other.ingestion_id <> candidate.ingestion_id
      AND (other.status = 'RUNNING'
        OR (other.status = 'QUEUED' AND other.queue_sequence < candidate.queue_sequence)
        OR other.ingestion_id IN (SELECT value FROM json_each(:excludedIds)))
  )
  AND (:onlyIds IS NULL OR EXISTS (
    SELECT 1 FROM ingestions AS wanted
    WHERE wanted.ingestion_id IN (SELECT value FROM json_each(:onlyIds)) AND wanted.status = 'QUEUED'
      AND wanted.file_id = candidate.file_id AND wanted.callback_url = candidate.callback_url
      AND wanted.queue_sequence >= candidate.queue_sequence
  ))
ORDER BY queue_sequence LIMIT 1`;

const ACTIVE_REINGESTIONS = `
SELECT * FROM ingestions
WHERE file_id = :fileId AND callback_url = :callbackUrl AND ingestion_id <> :resumeIngestionId
  AND status IN ('QUEUED', 'RUNNING')
ORDER BY creation_order`;

const HIGHEST_VERSION = `
SELECT max(CAST(version AS INTEGER)) AS highest FROM ingestions
WHERE file_id = :fileId AND ingestion_id <> :resumeIngestionId`;

const NOT_DELETED = { deleted_at: null, deleted_extent: null } as const;

/** What a row is left with that is not kept for good. */
const ERASED = {
  file_path: '',
  record_path: null,
  format: '{}',
  callback_headers: null,
  callback_secret: null,
  status_url: null,
  max_bad_records: null,
  last_error: null,
} as const;

const TERMINAL_BEFORE = `
SELECT ingestion_id AS id FROM ingestions
WHERE deleted_at IS NULL AND status IN ('COMPLETED', 'FAILED', 'CANCELLED') AND updated_at < ? LIMIT ?`;

/** The table `ingestions`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteIngestionTable {
  readonly #connection: SqliteConnection;
  readonly #commits: CommitNumbers;
  readonly #rows: ChecksummedTable<NumberedRow>;
  /** The rows that ingestions were read from. */
  readonly #storedRows = new WeakMap<Ingestion, StoredRow>();
  readonly #ingestionOf: (row: StoredRow) => Ingestion;
  readonly #rowOf: (ingestion: Ingestion) => NumberedRow;

  constructor(connection: SqliteConnection, seals: SecretSeals, commits: CommitNumbers) {
    this.#connection = connection;
    this.#commits = commits;
    this.#rows = new ChecksummedTable(connection, 'ingestions');
    this.#ingestionOf = (row) => {
      const ingestion = ingestionOfRow(this.#rows.verified(row), seals);
      this.#storedRows.set(ingestion, row);
      return ingestion;
    };
    this.#rowOf = (ingestion) => ({
      ...rowOfIngestion(ingestion, seals),
      ...NOT_DELETED,
      commit_number: commits.take(),
    });
  }

  get(ingestionId: string): Ingestion | null {
    const sql = 'SELECT * FROM ingestions WHERE ingestion_id = ? AND deleted_at IS NULL';
    const row = this.#connection.prepare<[string], StoredRow>(sql).get(ingestionId);
    return row === undefined ? null : this.#ingestionOf(row);
  }

  /** What is kept of an ingestion that was deleted; null: it was not. */
  getDeleted(ingestionId: string): DeletedIngestion | null {
    const row = this.#findDeleted(ingestionId);
    return row === null ? null : deletedOfRow(row);
  }

  insert(ingestion: Ingestion): void {
    this.#rows.insert(this.#rowOf(ingestion));
  }

  /** Writes what differs between the two, of which the first was read in the same transaction. */
  update(before: Ingestion, after: Ingestion): void {
    const stored = this.#storedRows.get(before);
    assert.ok(stored !== undefined, 'only what was read is updated');
    this.#rows.update(stored, this.#rowOf(after));
  }

  /** {@link update}, which leaves of it only what is kept for good. */
  erase(
    before: Ingestion,
    after: Ingestion,
    { extent, now }: { readonly extent: DeletedIngestion['extent']; readonly now: number },
  ): void {
    const stored = this.#storedRows.get(before);
    assert.ok(stored !== undefined, 'only what was read is deleted');
    this.#rows.update(stored, { ...this.#rowOf(after), ...ERASED, deleted_at: now, deleted_extent: extent });
  }

  /** Forgets a deleted ingestion of which nothing was ever attempted, so that its id can be used; the epoch it had, 0 where there is none. */
  reuse(ingestionId: string): number {
    const row = this.#findDeleted(ingestionId);
    if (row === null) return 0;
    this.#connection.prepare<[string]>('DELETE FROM ingestions WHERE ingestion_id = ?').run(ingestionId);
    return row.epoch;
  }

  /** Whether an id may still be used: nothing is known of it, or it was deleted before anything was attempted. */
  isFree(ingestionId: string): boolean {
    const sql = "SELECT 1 FROM ingestions WHERE ingestion_id = ? AND deleted_extent IS NOT 'none'";
    return this.#connection.prepare<[string]>(sql).get(ingestionId) === undefined;
  }

  /** Keeps a free id from being used. */
  reserve(ingestion: ForeignIngestion, now: number): void {
    const epoch = this.reuse(ingestion.ingestionId);
    this.#rows.insert({
      ...rowOfForeign(ingestion, { epoch, queueSequence: this.nextQueueSequence(), now }),
      deleted_at: now,
      deleted_extent: ingestion.extent,
      commit_number: this.#commits.take(),
    });
  }

  /** Ids of those that have stopped for good or until a person resumes them, and were not changed since `before`. */
  listTerminalBefore(before: number, limit: number): string[] {
    const rows = this.#connection.prepare<[number, number], { id: string }>(TERMINAL_BEFORE).all(before, limit);
    return rows.map(({ id }) => id);
  }

  /** A place behind all that were ever given out. */
  nextQueueSequence(): number {
    const sql = 'SELECT max(queue_sequence) AS highest FROM ingestions';
    const row = this.#connection.prepare<[], { highest: number | null }>(sql).get();
    return (row?.highest ?? 0) + 1;
  }

  firstClaimable({ now, excludedIds, onlyIds }: ClaimQuery): Ingestion | null {
    const bound = {
      now,
      excludedIds: JSON.stringify(excludedIds),
      onlyIds: onlyIds === undefined ? null : JSON.stringify(onlyIds),
    };
    const row = this.#connection.prepare<typeof bound, StoredRow>(FIRST_CLAIMABLE).get(bound);
    return row === undefined ? null : this.#ingestionOf(row);
  }

  nextWakeAt(now: number): number | null {
    const sql = `SELECT min(next_attempt_at) AS earliest FROM ingestions WHERE status = 'QUEUED' AND next_attempt_at > ?`;
    return this.#connection.prepare<[number], { earliest: number | null }>(sql).get(now)?.earliest ?? null;
  }

  countQueued(): number {
    // Found by the index, where countByStatus looks at every ingestion.
    const sql = `SELECT count(*) AS count FROM ingestions WHERE status = 'QUEUED' AND deleted_at IS NULL`;
    return this.#connection.prepare<[], { count: number }>(sql).get()?.count ?? 0;
  }

  countWaiting(now: number): number {
    const sql = `SELECT count(*) AS count FROM ingestions WHERE status = 'QUEUED' AND next_attempt_at > ?`;
    return this.#connection.prepare<[number], { count: number }>(sql).get(now)?.count ?? 0;
  }

  /** All that are queued or running. */
  listActive(): Ingestion[] {
    const sql = `SELECT * FROM ingestions WHERE status IN ('QUEUED', 'RUNNING')`;
    return this.#connection.prepare<[], StoredRow>(sql).all().map(this.#ingestionOf);
  }

  /** What a request meets, but for attempts. */
  meet(key: SubmissionKey): Omit<MetState, 'hasBegunAttempts'> {
    const { fileId, callbackUrl, resumeIngestionId } = key;
    const active = this.#connection
      .prepare<object, StoredRow>(ACTIVE_REINGESTIONS)
      .all({ fileId, callbackUrl, resumeIngestionId });
    const version = this.#connection
      .prepare<object, { highest: number | null }>(HIGHEST_VERSION)
      .get({ fileId, resumeIngestionId });
    return {
      resumable: this.get(resumeIngestionId),
      deleted: this.getDeleted(resumeIngestionId),
      activeReingestions: active.map(this.#ingestionOf),
      highestVersionMs: version?.highest ?? null,
      queuedCount: this.countQueued(),
    };
  }

  countByStatus(): Record<Status, number> {
    const sql = 'SELECT status, count(*) AS count FROM ingestions WHERE deleted_at IS NULL GROUP BY status';
    const counts: Record<Status, number> = { QUEUED: 0, RUNNING: 0, PAUSED: 0, COMPLETED: 0, FAILED: 0, CANCELLED: 0 };
    const rows = this.#connection.prepare<[], { status: Status; count: number }>(sql).all();
    for (const { status, count } of rows) counts[status] = count;
    return counts;
  }

  /** Newest first, by the order of creation, which unlike a clock has no ties and never goes back. */
  list({ status, cursor, limit }: Parameters<StateReads['listIngestions']>[0]): Page<Ingestion> {
    const [before] = decodeCursor('ingestions', cursor, [Number.MAX_SAFE_INTEGER]);
    const inStatus = status === undefined ? '' : 'status = :status AND';
    const sql = `SELECT * FROM ingestions WHERE deleted_at IS NULL AND ${inStatus} creation_order < :before ORDER BY creation_order DESC LIMIT :limit`;
    // One more than asked for tells whether there is a next page.
    const rows = this.#connection.prepare<object, ListedRow>(sql).all({ status, before, limit: limit + 1 });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit).map(this.#ingestionOf),
      nextCursor: last === undefined ? null : encodeCursor('ingestions', [last.creation_order]),
    };
  }

  #findDeleted(ingestionId: string): StoredRow | null {
    const sql = 'SELECT * FROM ingestions WHERE ingestion_id = ? AND deleted_at IS NOT NULL';
    const row = this.#connection.prepare<[string], StoredRow>(sql).get(ingestionId);
    return row === undefined ? null : this.#rows.verified(row);
  }
}

function deletedOfRow(row: NumberedRow): DeletedIngestion {
  return {
    ingestionId: row.ingestion_id,
    fingerprint: parseFingerprint(row.fingerprint),
    callbackUrl: row.callback_url === '' ? null : row.callback_url,
    completedAt: row.completed_at,
    // The two are null together.
    extent: row.deleted_extent ?? 'part',
  };
}
