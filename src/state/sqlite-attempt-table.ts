import assert from 'node:assert/strict';
import type { AttemptRecord } from '../model/ingestion.ts';
import { type Outcome, provesNotStored } from '../model/outcome.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { AttemptTarget, BegunAttemptRow, RunKey } from './state-store.ts';

/** An attempt with the chunk it was aimed at. */
export interface ChunkAttempt {
  readonly chunkNumber: number;
  readonly record: AttemptRecord;
}

interface AttemptRow {
  readonly target: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly begun_at: number;
  readonly ended_at: number | null;
  readonly outcome: string | null;
  readonly http_status: number | null;
  readonly reason: string | null;
}

/** What the column `target` holds for COMPLETED. */
const COMPLETION_TARGET = -1;

const END = `
UPDATE attempts SET ended_at = :endedAt, outcome = :outcome, http_status = :httpStatus, reason = :reason,
  proves_not_stored = :provesNotStored
WHERE ingestion_id = :ingestionId AND target = :target AND attempt = :attempt AND outcome IS NULL`;

const END_LEFT_OPEN = `
UPDATE attempts INDEXED BY attempts_under_way SET ended_at = :endedAt, outcome = 'unknown', reason = 'its run ended during the attempt'
WHERE outcome IS NULL`;

/** The table `attempts`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteAttemptTable {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** Notes that an attempt begins. */
  begin({ ingestionId, epoch }: RunKey, target: AttemptTarget, begunAt: number): BegunAttemptRow {
    assert.ok(!this.#isAnyUnderWay(ingestionId), `an attempt of ${ingestionId} is under way`);
    const earlier = this.#summarize(ingestionId, target);
    const attempt = earlier.highest + 1;
    const sql = 'INSERT INTO attempts (ingestion_id, target, attempt, epoch, begun_at) VALUES (?, ?, ?, ?, ?)';
    this.#connection
      .prepare<[string, number, number, number, number]>(sql)
      .run(ingestionId, columnOf(target), attempt, epoch, begunAt);
    return { attempt, isCertainlyNotStored: earlier.doubtful === 0 };
  }

  /** Whether each attempt at the target has an outcome that proves that the receiver does not have it. */
  allProveNotStored(ingestionId: string, target: AttemptTarget): boolean {
    return this.#summarize(ingestionId, target).doubtful === 0;
  }

  /** Notes the outcome of an attempt that is under way. */
  end(
    ingestionId: string,
    target: AttemptTarget,
    ended: { readonly attempt: number; readonly outcome: Outcome; readonly now: number },
  ): void {
    const { changes } = this.#connection.prepare<object>(END).run({
      ingestionId,
      target: columnOf(target),
      attempt: ended.attempt,
      endedAt: ended.now,
      outcome: ended.outcome.kind,
      httpStatus: httpStatusOf(ended.outcome),
      reason: 'reason' in ended.outcome ? ended.outcome.reason : null,
      provesNotStored: Number(provesNotStored(ended.outcome)),
    });
    assert.equal(changes, 1, `attempt ${ended.attempt} at ${target} of ${ingestionId} must be under way`);
  }

  /** Gives `unknown` to those that a run left without an outcome: of one ingestion, or (null) of all. */
  endLeftOpen(endedAt: number, ingestionId: string | null): void {
    const sql = ingestionId === null ? END_LEFT_OPEN : `${END_LEFT_OPEN} AND ingestion_id = :ingestionId`;
    this.#connection.prepare<object>(sql).run({ endedAt, ingestionId });
  }

  hasAny(ingestionId: string): boolean {
    const sql = 'SELECT 1 FROM attempts WHERE ingestion_id = ? LIMIT 1';
    return this.#connection.prepare<[string]>(sql).get(ingestionId) !== undefined;
  }

  /** The attempts at chunks from `first` to `last`, oldest first. */
  listBetween(ingestionId: string, first: number, last: number): ChunkAttempt[] {
    const sql = 'SELECT * FROM attempts WHERE ingestion_id = ? AND target BETWEEN ? AND ? ORDER BY target, attempt';
    const rows = this.#connection.prepare<[string, number, number], AttemptRow>(sql).all(ingestionId, first, last);
    return rows.map((row) => ({ chunkNumber: row.target, record: recordOfRow(row) }));
  }

  #isAnyUnderWay(ingestionId: string): boolean {
    // By its primary key SQLite would look at every attempt that the ingestion ever had.
    const sql = 'SELECT 1 FROM attempts INDEXED BY attempts_under_way WHERE ingestion_id = ? AND outcome IS NULL';
    return this.#connection.prepare<[string]>(sql).get(ingestionId) !== undefined;
  }

  /** The highest number so far, and how many do not prove that the receiver has nothing: one that is under way or was acknowledged does not. */
  #summarize(ingestionId: string, target: AttemptTarget): { readonly highest: number; readonly doubtful: number } {
    const sql = `SELECT coalesce(max(attempt), 0) AS highest, count(*) FILTER (WHERE NOT proves_not_stored) AS doubtful
      FROM attempts WHERE ingestion_id = ? AND target = ?`;
    const row = this.#connection
      .prepare<[string, number], { highest: number; doubtful: number }>(sql)
      .get(ingestionId, columnOf(target));
    assert.ok(row !== undefined, 'an aggregate has one row');
    return row;
  }
}

function columnOf(target: AttemptTarget): number {
  return target === 'completion' ? COMPLETION_TARGET : target;
}

function httpStatusOf(outcome: Outcome): number | null {
  return 'httpStatus' in outcome ? outcome.httpStatus : null;
}

function recordOfRow(row: AttemptRow): AttemptRecord {
  return {
    attempt: row.attempt,
    epoch: row.epoch,
    begunAt: row.begun_at,
    endedAt: row.ended_at,
    outcome: row.outcome,
    httpStatus: row.http_status,
    reason: row.reason,
  };
}
