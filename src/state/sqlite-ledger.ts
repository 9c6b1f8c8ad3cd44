import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { PlannedChunk } from '../model/chunk.ts';
import type { FailedAttempt, Ingestion, LedgerEntry, RejectEntry } from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BadRecord } from '../model/record.ts';
import { type Piece, ROWS_IN_A_PIECE } from './in-pieces.ts';
import * as change from './ingestion-changes.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import type { AttemptTarget, BegunAttemptRow, PlanToRecord, RunKey } from './run-writes.ts';
import { type LostAttempt, SqliteAttemptTable } from './sqlite-attempt-table.ts';
import { SqliteChunkTable } from './sqlite-chunk-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { SqliteReceivedAnswerTable } from './sqlite-received-answer-table.ts';
import { SqliteRejectTable } from './sqlite-reject-table.ts';
import type { Page, StateReads } from './state-store.ts';

/** What a plan is put on record behind, read in the same transaction, and when. */
interface PlanContext {
  readonly now: number;
  /** Left out: it is read. */
  readonly previous?: PlannedChunk | null;
}

/**
 * The ledger: what is frozen of each chunk, the bad records set aside on the way, and each attempt. What changes the ingestion with it takes the ingestion and gives
 * the changed one back, not yet written. Called inside of a transaction or a read of the connection.
 */
export class SqliteLedger {
  readonly #chunks: SqliteChunkTable;
  readonly #attempts: SqliteAttemptTable;
  readonly #answers: SqliteReceivedAnswerTable;
  readonly #rejects: SqliteRejectTable;

  constructor(connection: SqliteConnection) {
    this.#chunks = new SqliteChunkTable(connection);
    this.#attempts = new SqliteAttemptTable(connection);
    this.#answers = new SqliteReceivedAnswerTable(connection);
    this.#rejects = new SqliteRejectTable(connection);
  }

  find(ingestionId: string, chunkNumber: number): PlannedChunk | null {
    return this.#chunks.get({ ingestionId, chunkNumber });
  }

  /** The plan of a chunk that must have one. */
  get(ingestionId: string, chunkNumber: number): PlannedChunk {
    const planned = this.find(ingestionId, chunkNumber);
    assert.ok(planned !== null, `chunk ${chunkNumber} of ${ingestionId} must be planned`);
    return planned;
  }

  /** The plan of the chunk before, null for the first. */
  getBefore(ingestionId: string, chunkNumber: number): PlannedChunk | null {
    return chunkNumber === 0 ? null : this.get(ingestionId, chunkNumber - 1);
  }

  /** Freezes the next chunk, with the bad records before it. */
  plan(
    ingestion: Ingestion,
    { planned, rejects }: PlanToRecord,
    { now, previous = this.getBefore(ingestion.ingestionId, planned.plan.chunkNumber) }: PlanContext,
  ): Ingestion {
    const { chunkNumber } = planned.plan;
    const after = change.planned(ingestion, planned.plan, previous?.plan ?? null);
    this.#chunks.insert(ingestion.ingestionId, planned, now);
    return this.setAside(after, rejects, { chunkNumber, now });
  }

  /** Freezes the next chunk, or finds that it is frozen in just this way, as after a rewind. */
  planIfUnplanned(ingestion: Ingestion, { planned, rejects }: PlanToRecord, context: PlanContext): Ingestion {
    const { now } = context;
    const { chunkNumber } = planned.plan;
    if (chunkNumber > ingestion.highestPlannedChunk) return this.plan(ingestion, { planned, rejects }, context);
    const isFrozenSo = isDeepStrictEqual(this.get(ingestion.ingestionId, chunkNumber), planned);
    assert.ok(isFrozenSo, `chunk ${chunkNumber} of ${ingestion.ingestionId} is frozen in another way`);
    return this.setAside(ingestion, rejects, { chunkNumber, now });
  }

  /** Puts another plan in the place of the highest, which the receiver certainly does not have. */
  replace(
    ingestion: Ingestion,
    { planned, rejects }: PlanToRecord,
    { closeAtBytes, now }: { readonly closeAtBytes: number; readonly now: number },
  ): Ingestion {
    const { ingestionId } = ingestion;
    const { chunkNumber } = planned.plan;
    const previous = this.getBefore(ingestionId, chunkNumber);
    const after = change.replanned(ingestion, planned.plan, { previous: previous?.plan ?? null, closeAtBytes });
    const isSafe = this.#attempts.allProveNotStored(ingestionId, chunkNumber);
    assert.ok(isSafe, `chunk ${chunkNumber} of ${ingestionId} may be with the receiver as it is`);
    this.#chunks.remove({ ingestionId, chunkNumber });
    this.#chunks.insert(ingestionId, planned, now);
    return this.setAside(after, rejects, { chunkNumber, now });
  }

  /** Sets bad records aside, and counts those that were not on record before. `chunkNumber` null: found without a chunk behind them. */
  setAside(
    ingestion: Ingestion,
    rejects: readonly BadRecord[],
    on: { readonly chunkNumber: number | null; readonly now: number },
  ): Ingestion {
    return change.withRejects(ingestion, this.#rejects.insert(ingestion.ingestionId, rejects, on));
  }

  /** Drops some of the bad records behind the highest plan, which are found anew: as many as one piece of a work has, or all. */
  dropRejectsBehindPlans(ingestion: Ingestion): Piece & { readonly ingestion: Ingestion } {
    const { ingestionId, highestPlannedChunk } = ingestion;
    const last = highestPlannedChunk < 0 ? null : this.get(ingestionId, highestPlannedChunk).plan;
    if (last?.isLast === true) return { ingestion, isLast: true };
    const count = this.#rejects.removeSomeFrom(ingestionId, last?.positionAfter ?? null);
    return { ingestion: change.withRejects(ingestion, -count), isLast: count < ROWS_IN_A_PIECE };
  }

  /**
   * Drops all plans of an ingestion of which nothing was ever attempted, and with them its bad records; those beyond one piece are behind no plan from here on, and go before
   * anything is read anew.
   */
  dropPlans(ingestion: Ingestion): Ingestion {
    assert.ok(!this.hasAttempts(ingestion.ingestionId), 'what was attempted is frozen');
    this.#chunks.removeAll(ingestion.ingestionId);
    return this.dropRejectsBehindPlans(change.withoutPlans(ingestion)).ingestion;
  }

  /** Notes that a chunk was acknowledged; its plan. */
  acknowledge(ingestionId: string, chunkNumber: number, now: number): PlannedChunk {
    return this.#chunks.acknowledge({ ingestionId, chunkNumber }, now);
  }

  hasAttempts(ingestionId: string): boolean {
    return this.#attempts.hasAny(ingestionId);
  }

  /** Notes that an attempt begins at what is to be delivered next. */
  beginAttempt(
    ingestion: Ingestion,
    target: AttemptTarget,
    now: number,
  ): { readonly ingestion: Ingestion; readonly begun: BegunAttemptRow } {
    return { ingestion: change.attempted(ingestion, target), begun: this.#attempts.begin(ingestion, target, now) };
  }

  endAttempt(
    run: RunKey,
    target: AttemptTarget,
    ended: { readonly attempt: number; readonly outcome: Outcome; readonly now: number },
  ): void {
    const { ingestionId } = run;
    const { attempt, outcome } = ended;
    this.#attempts.end(ingestionId, target, ended);
    if (outcome.kind === 'acknowledged' || outcome.answer === undefined) return;
    this.#answers.replace({ ingestionId, target, attempt }, outcome.answer);
  }

  lastFailedAttempt(ingestionId: string): FailedAttempt | null {
    const answered = this.#answers.find(ingestionId);
    if (answered === null) return this.#attempts.lastFailed(ingestionId);
    return { ...this.#attempts.get(answered), answer: answered.answer };
  }

  /** Attempts that a run left without an outcome become `unknown`: of one ingestion, or (null) of all. Gives these. */
  endAttemptsLeftOpen(now: number, ingestionId: string | null): LostAttempt[] {
    return this.#attempts.endLeftOpen(now, ingestionId);
  }

  list(
    ingestionId: string,
    { fromChunk = 0, cursor, limit }: Parameters<StateReads['listChunks']>[1],
  ): Page<LedgerEntry> {
    const [after] = decodeCursor('chunks', cursor, [fromChunk - 1]);
    // One more than asked for tells whether there is a next page.
    const found = this.#chunks.listAfter(ingestionId, after, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1)?.plan.chunkNumber ?? after;
    return {
      items: page.map((chunk) => ({ ...chunk, ...this.#attempts.listLast(ingestionId, chunk.plan.chunkNumber) })),
      nextCursor: found.length > limit ? encodeCursor('chunks', [last]) : null,
    };
  }

  listRejects(ingestionId: string, query: Parameters<StateReads['listRejects']>[1]): Page<RejectEntry> {
    return this.#rejects.list(ingestionId, query);
  }
}
