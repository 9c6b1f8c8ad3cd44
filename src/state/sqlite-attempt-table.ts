import assert from 'node:assert/strict';
import type { AttemptFailedEvent } from '../model/event.ts';
import { type AttemptRecord, type FailedAttempt, type LedgerEntry, LISTED_ATTEMPTS } from '../model/ingestion.ts';
import { httpStatusOf, type Outcome, type OutcomeKind, provesNotStored } from '../model/outcome.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import type { AttemptTarget, BegunAttemptRow, RunKey } from './run-writes.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** What became of an attempt whose run left it without an outcome. */
export interface LostAttempt extends Omit<AttemptFailedEvent, 'kind' | 'nextAttemptAt'> {
  readonly ingestionId: string;
}

/** Which attempt. */
export interface AttemptKey {
  readonly ingestionId: string;
  readonly target: AttemptTarget;
  readonly attempt: number;
}

interface AttemptRow {
  readonly ingestion_id: string;
  readonly target: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly begun_at: number;
  readonly ended_at: number | null;
  readonly outcome: OutcomeKind | null;
  readonly http_status: number | null;
  readonly reason: string | null;
  readonly proves_not_stored: number;
}

/** What the column `target` holds for COMPLETED. */
const COMPLETION_TARGET = -1;

const LOST = { outcome: 'unknown', reason: 'its run ended during the attempt' } as const;

/** Those at which something was sent before all others. */
const LAST_FAILED = `
SELECT * FROM attempts INDEXED BY attempts_failed WHERE ingestion_id = ? AND outcome <> 'acknowledged'
ORDER BY (outcome <> 'unavailable' OR http_status IS NOT NULL) DESC, epoch DESC, begun_at DESC, target DESC, attempt DESC LIMIT 1`;

const LAST_AT_TARGET = 'SELECT * FROM attempts WHERE ingestion_id = ? AND target = ? ORDER BY attempt DESC LIMIT ?';

const UNDER_WAY = 'SELECT * FROM attempts INDEXED BY attempts_under_way WHERE outcome IS NULL';

/** The table `attempts`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteAttemptTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<AttemptRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'attempts');
  }

  /** Notes that an attempt begins. */
  begin({ ingestionId, epoch }: RunKey, target: AttemptTarget, begunAt: number): BegunAttemptRow {
    assert.ok(!this.#isAnyUnderWay(ingestionId), `an attempt of ${ingestionId} is under way`);
    const { highest, isAnyDoubtful } = this.#summarize(ingestionId, target);
    const attempt = highest + 1;
    this.#rows.insert({
      ingestion_id: ingestionId,
      target: columnOf(target),
      attempt,
      epoch,
      begun_at: begunAt,
      ended_at: null,
      outcome: null,
      http_status: null,
      reason: null,
      proves_not_stored: 0,
    });
    return { attempt, isCertainlyNotStored: !isAnyDoubtful };
  }

  /** Whether each attempt at the target has an outcome that proves that the receiver does not have it. */
  allProveNotStored(ingestionId: string, target: AttemptTarget): boolean {
    const sql = 'SELECT * FROM attempts WHERE ingestion_id = ? AND target = ?';
    const rows = this.#connection.prepare<[string, number], Stored<AttemptRow>>(sql);
    return rows.all(ingestionId, columnOf(target)).every((row) => this.#rows.verified(row).proves_not_stored === 1);
  }

  /** Notes the outcome of an attempt that is under way. */
  end(
    ingestionId: string,
    target: AttemptTarget,
    ended: { readonly attempt: number; readonly outcome: Outcome; readonly now: number },
  ): void {
    const row = this.#find({ ingestionId, target, attempt: ended.attempt });
    assert.ok(row?.outcome === null, `attempt ${ended.attempt} at ${target} of ${ingestionId} must be under way`);
    this.#rows.update(row, {
      ended_at: ended.now,
      outcome: ended.outcome.kind,
      http_status: httpStatusOf(ended.outcome),
      reason: 'reason' in ended.outcome ? ended.outcome.reason : null,
      proves_not_stored: Number(provesNotStored(ended.outcome)),
    });
  }

  /** Gives `unknown` to those that a run left without an outcome: of one ingestion, or (null) of all. */
  endLeftOpen(endedAt: number, ingestionId: string | null): LostAttempt[] {
    const sql = ingestionId === null ? UNDER_WAY : `${UNDER_WAY} AND ingestion_id = :ingestionId`;
    const rows = this.#connection.prepare<object, Stored<AttemptRow>>(sql).all({ ingestionId });
    return rows.map((row) => {
      this.#rows.update(this.#rows.verified(row), { ended_at: endedAt, ...LOST });
      const { ingestion_id, target, attempt } = row;
      return { ingestionId: ingestion_id, chunkNumber: chunkNumberOf(target), attempt, ...LOST, httpStatus: null };
    });
  }

  /** An attempt that is on record, but for what was answered. */
  get(key: AttemptKey): FailedAttempt {
    const row = this.#find(key);
    assert.ok(row !== undefined, `attempt ${key.attempt} at ${key.target} of ${key.ingestionId} must be on record`);
    return failedOfRow(row);
  }

  /** The last that failed, of those at which something was sent where there is one. */
  lastFailed(ingestionId: string): FailedAttempt | null {
    const row = this.#connection.prepare<[string], Stored<AttemptRow>>(LAST_FAILED).get(ingestionId);
    return row === undefined ? null : failedOfRow(this.#rows.verified(row));
  }

  hasAny(ingestionId: string): boolean {
    const sql = 'SELECT 1 FROM attempts WHERE ingestion_id = ? LIMIT 1';
    return this.#connection.prepare<[string]>(sql).get(ingestionId) !== undefined;
  }

  /** The last attempts at a chunk, oldest first, and how many there are in all; the others are not read. */
  listLast(ingestionId: string, chunkNumber: number): Pick<LedgerEntry, 'attempts' | 'attemptCount'> {
    const last = this.#connection.prepare<[string, number, number], Stored<AttemptRow>>(LAST_AT_TARGET);
    const rows = last.all(ingestionId, chunkNumber, LISTED_ATTEMPTS);
    const attempts = rows.map((row) => recordOfRow(this.#rows.verified(row))).toReversed();
    // They are numbered from 1, without gaps.
    return { attemptCount: attempts.at(-1)?.attempt ?? 0, attempts };
  }

  #isAnyUnderWay(ingestionId: string): boolean {
    // By its primary key SQLite would look at every attempt that the ingestion ever had.
    const sql = 'SELECT 1 FROM attempts INDEXED BY attempts_under_way WHERE ingestion_id = ? AND outcome IS NULL';
    return this.#connection.prepare<[string]>(sql).get(ingestionId) !== undefined;
  }

  /**
   * The highest number so far, and whether an attempt does not prove that the receiver has nothing: one that is under way or was acknowledged does not. After
   * days of failed attempts not every row is verified for the next; those that all say that they prove it are where it decides, in
   * {@link allProveNotStored}.
   */
  #summarize(ingestionId: string, of: AttemptTarget): { readonly highest: number; readonly isAnyDoubtful: boolean } {
    const at = { ingestionId, target: columnOf(of) };
    // Nearly always there is none, which this finds in a third of the time of the others.
    if (this.#first('TRUE', at) === undefined) return { highest: 0, isAnyDoubtful: false };
    const last = this.#first('TRUE ORDER BY attempt DESC', at);
    return { highest: last?.attempt ?? 0, isAnyDoubtful: this.#first('NOT proves_not_stored', at) !== undefined };
  }

  #find({ ingestionId, target, attempt }: AttemptKey) {
    return this.#first('attempt = :attempt', { ingestionId, target: columnOf(target), attempt });
  }

  /** The first attempt at a target that meets a condition. */
  #first(
    condition: string,
    bound: { readonly ingestionId: string; readonly target: number; readonly attempt?: number },
  ) {
    const sql = `SELECT * FROM attempts WHERE ingestion_id = :ingestionId AND target = :target AND ${condition} LIMIT 1`;
    const row = this.#connection.prepare<object, Stored<AttemptRow>>(sql).get(bound);
    return row === undefined ? undefined : this.#rows.verified(row);
  }
}

/** The column `target` of an attempt at this. */
export function columnOf(target: AttemptTarget): number {
  return target === 'completion' ? COMPLETION_TARGET : target;
}

/** Null for COMPLETED. */
function chunkNumberOf(column: number): number | null {
  return column === COMPLETION_TARGET ? null : column;
}

/** What an attempt is aimed at, by the column `target`. */
export function targetOf(column: number): AttemptTarget {
  return chunkNumberOf(column) ?? 'completion';
}

function failedOfRow(row: AttemptRow): FailedAttempt {
  return { chunkNumber: chunkNumberOf(row.target), record: recordOfRow(row), answer: null };
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
