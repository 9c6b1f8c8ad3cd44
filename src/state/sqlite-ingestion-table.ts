import assert from 'node:assert/strict';
import type { Ingestion, Status } from '../model/ingestion.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import type { CommitNumbers } from './commit-numbers.ts';
import { rowOfForeign } from './foreign-ingestion.ts';
import { ACTIVE_REINGESTIONS, FIRST_CLAIMABLE, HIGHEST_VERSION, IS_ACTIVE, KEPT_PIECE } from './ingestion-queries.ts';
import { type IngestionRow, ingestionOfRow, parseFingerprint, rowOfIngestion } from './ingestion-rows.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import type { SecretSeals } from './secret-seals.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { purge } from './sqlite-deletions.ts';
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
  /** 1: something of a deleted one is left to be removed. */
  readonly is_unpurged: number;
}
/** A row of the table `ingestions`, but for its `creation_order`. */
type NumberedRow = IngestionRow & RowMarks;
type StoredRow = Stored<NumberedRow>;
type ListedRow = StoredRow & { readonly creation_order: number };

const NOT_DELETED = { deleted_at: null, deleted_extent: null, is_unpurged: 0 } as const;

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

  /** Leaves of an ingestion that was read in the same transaction only what is kept for good; what belongs to it is for {@link purge}. */
  erase(
    ingestion: Ingestion,
    { extent, now }: { readonly extent: DeletedIngestion['extent']; readonly now: number },
  ): void {
    const stored = this.#storedRows.get(ingestion);
    assert.ok(stored !== undefined, 'only what was read is deleted');
    const marks = { deleted_at: now, deleted_extent: extent, is_unpurged: 1 };
    this.#rows.update(stored, { ...this.#rowOf(ingestion), ...ERASED, ...marks });
  }

  /** Removes some of what belongs to a deleted ingestion; true: nothing of it is left, as where its id is in use again. */
  purge(ingestionId: string): boolean {
    const row = this.#findDeleted(ingestionId);
    if (row === null || row.is_unpurged === 0) return true;
    if (!purge(this.#connection, ingestionId)) return false;
    this.#rows.update(row, { is_unpurged: 0, commit_number: this.#commits.take() });
    return true;
  }

  /** Whether something is left of an ingestion that was deleted before anything of it was attempted. */
  isUnpurgedUnsent(ingestionId: string): boolean {
    const sql = "SELECT 1 FROM ingestions WHERE ingestion_id = ? AND is_unpurged = 1 AND deleted_extent = 'none'";
    return this.#connection.prepare<[string]>(sql).get(ingestionId) !== undefined;
  }

  /** The deleted ingestions of which something is left, as where the process ended while it was removed. */
  listUnpurged(): string[] {
    const sql = 'SELECT ingestion_id AS id FROM ingestions WHERE is_unpurged = 1';
    return this.#connection
      .prepare<[], { id: string }>(sql)
      .all()
      .map(({ id }) => id);
  }

  /**
   * Forgets a deleted ingestion of which nothing was ever attempted, so that its id can be used; the epoch it had, 0 where there is none. What is left to be purged goes at
   * once, whatever it is: whoever must not hold others up purges before.
   */
  reuse(ingestionId: string): number {
    const row = this.#findDeleted(ingestionId);
    if (row === null) return 0;
    while (!this.purge(ingestionId));
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
      is_unpurged: 0,
      commit_number: this.#commits.take(),
    });
  }

  /**
   * Ids of those that have stopped for good or until a person resumes them, and were not changed since `before`: of one piece of those that are kept, behind the place `after`. With the
   * last place that was looked at; null: nothing is behind `after`.
   */
  walkTerminalBefore(
    before: number,
    after: number,
  ): { readonly ids: readonly string[]; readonly place: number | null } {
    const walked = this.#connection.prepare<object, { place: number; id: string; isFound: number }>(KEPT_PIECE);
    const rows = walked.all({ before, after });
    return { ids: rows.filter(({ isFound }) => isFound === 1).map(({ id }) => id), place: rows.at(-1)?.place ?? null };
  }

  /** A place behind all that were ever given out. */
  nextQueueSequence(): number {
    const sql = 'SELECT max(queue_sequence) AS highest FROM ingestions';
    const row = this.#connection.prepare<[], { highest: number | null }>(sql).get();
    return (row?.highest ?? 0) + 1;
  }

  firstClaimable({ now, excludedIds, damagedIds = [], onlyIds }: ClaimQuery): Ingestion | null {
    const bound = {
      now,
      excludedIds: JSON.stringify(excludedIds),
      damagedIds: JSON.stringify(damagedIds),
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

  /** All that are queued or running, but for some. */
  listActive(exceptIds: readonly string[] = []): Ingestion[] {
    const sql = `
      SELECT * FROM ingestions
      WHERE ${IS_ACTIVE} AND ingestion_id NOT IN (SELECT value FROM json_each(?))`;
    return this.#connection.prepare<[string], StoredRow>(sql).all(JSON.stringify(exceptIds)).map(this.#ingestionOf);
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
