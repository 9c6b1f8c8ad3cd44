import assert from 'node:assert/strict';
import { ServiceError } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { CircuitEvent, LoggedEvent } from '../model/event.ts';
import type { FailedAttempt, Ingestion, LedgerEntry, RejectEntry, Status } from '../model/ingestion.ts';
import { inPieces, ROWS_IN_A_PIECE } from './in-pieces.ts';
import * as change from './ingestion-changes.ts';
import { newestTime } from './newest-time.ts';
import { openSeals } from './secret-rows.ts';
import { SqliteRunWrites } from './sqlite-run-writes.ts';
import { openStateFile } from './sqlite-state-file.ts';
import { SqliteStateTables } from './sqlite-state-tables.ts';
import type {
  ClaimedIngestion,
  ClaimQuery,
  EventPage,
  EventQuery,
  ForeignIngestion,
  MetState,
  Page,
  ReservationCounts,
  StateReads,
  StateStore,
  SubmissionAnswer,
  SubmissionDecision,
  SubmissionKey,
} from './state-store.ts';

/**
 * Opens the state in an SQLite file, created where there is none. Throws what {@link openStateFile} and {@link openSeals} throw.
 * @param options `keyFile` holds the key that secrets are sealed with; null or left out: a file of its own beside the state.
 */
export function openSqliteStateStore(options: { readonly path: string; readonly keyFile?: string | null }): StateStore {
  const connection = openStateFile(options.path);
  try {
    const seals = openSeals(connection, options.keyFile ?? null);
    return new SqliteStateStore(new SqliteStateTables(connection, seals));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What a run writes, and what everybody else reads and writes. */
class SqliteStateStore extends SqliteRunWrites implements StateStore {
  async getIngestion(ingestionId: string): Promise<Ingestion | null> {
    return this.tables.connection.read(() => this.tables.ingestions.get(ingestionId));
  }

  async listIngestions(query: Parameters<StateReads['listIngestions']>[0]): Promise<Page<Ingestion>> {
    return this.tables.connection.read(() => this.tables.ingestions.list(query));
  }

  async listChunks(ingestionId: string, query: Parameters<StateReads['listChunks']>[1]): Promise<Page<LedgerEntry>> {
    return this.tables.connection.read(() => this.tables.ledger.list(ingestionId, query));
  }

  async listRejects(ingestionId: string, query: Parameters<StateReads['listRejects']>[1]): Promise<Page<RejectEntry>> {
    return this.tables.connection.read(() => this.tables.ledger.listRejects(ingestionId, query));
  }

  async getLastFailedAttempt(ingestionId: string): Promise<FailedAttempt | null> {
    return this.tables.connection.read(() => this.tables.ledger.lastFailedAttempt(ingestionId));
  }

  async countByStatus(): Promise<Readonly<Record<Status, number>>> {
    return this.tables.connection.read(() => this.tables.ingestions.countByStatus());
  }

  async submit(key: SubmissionKey, decide: (met: MetState) => SubmissionDecision): Promise<SubmissionAnswer> {
    if (this.#isInTheWay(key.resumeIngestionId)) await this.#purgeWhole(key.resumeIngestionId);
    return this.tables.transaction(() => {
      const recorded = key.idempotency === null ? null : this.tables.answers.find(key.idempotency);
      if (recorded !== null) return recorded;

      const hasBegunAttempts = this.tables.ledger.hasAttempts(key.resumeIngestionId);
      const decision = decide({ ...this.tables.ingestions.meet(key), hasBegunAttempts });
      this.#carryOut(decision, key.now);
      if (key.idempotency !== null) this.tables.answers.insert(key.idempotency, decision.answer, key.now);
      return decision.answer;
    });
  }

  async applyEvent(ingestionId: string, event: 'pause' | 'resume' | 'cancel', now: number): Promise<Ingestion> {
    return this.tables.transaction(() => {
      const before = this.#existing(ingestionId);
      const after =
        event === 'resume'
          ? change.resumed(before, this.tables.ingestions.nextQueueSequence(), now)
          : change.moved(before, event, now);
      return this.tables.save(before, after);
    });
  }

  async recoverAtStart(now: number): Promise<void> {
    this.tables.transaction(() => {
      this.tables.events.forgetSurplus();
      for (const ingestion of this.tables.ingestions.listActive())
        this.tables.save(ingestion, change.recovered(ingestion, now));
      this.#endAttemptsLeftOpen(now, null);
    });
  }

  async recoverTimes(now: number, exceptIds: readonly string[]): Promise<void> {
    this.tables.transaction(() => {
      for (const ingestion of this.tables.ingestions.listActive(exceptIds)) {
        // A run has its times with it, and writes them with what it does next.
        if (ingestion.status === 'QUEUED') this.tables.save(ingestion, change.withTimesOf(now, ingestion));
      }
    });
  }

  async newestTime(): Promise<number | null> {
    return this.tables.connection.read(() => newestTime(this.tables.connection));
  }

  async claimNext(query: ClaimQuery): Promise<ClaimedIngestion | null> {
    return this.tables.transaction(() => {
      const first = this.tables.ingestions.firstClaimable(query);
      if (first === null) return null;
      this.#endAttemptsLeftOpen(query.now, first.ingestionId);
      return { ...this.tables.save(first, change.claimed(first, query.now)), isFirstRun: first.runStartedAt === null };
    });
  }

  async nextWakeAt(now: number): Promise<number | null> {
    return this.tables.connection.read(() => this.tables.ingestions.nextWakeAt(now));
  }

  async countQueued(): Promise<number> {
    return this.tables.connection.read(() => this.tables.ingestions.countQueued());
  }

  async countWaiting(now: number): Promise<number> {
    return this.tables.connection.read(() => this.tables.ingestions.countWaiting(now));
  }

  async getPlan(ingestionId: string, chunkNumber: number): Promise<PlannedChunk | null> {
    return this.tables.connection.read(() => this.tables.ledger.find(ingestionId, chunkNumber));
  }

  async listEvents(query: EventQuery): Promise<EventPage> {
    return this.tables.connection.read(() => this.tables.events.list(query));
  }

  watchEvents(listener: (events: readonly LoggedEvent[]) => void): () => void {
    return this.tables.events.watch(listener);
  }

  async recordCircuit(circuit: CircuitEvent, now: number): Promise<void> {
    this.tables.transaction(() => this.tables.events.recordCircuit(circuit, now));
  }

  async recordCircuitsClosed(now: number): Promise<void> {
    this.tables.transaction(() => this.tables.events.recordCircuitsClosed(now));
  }

  async recordStalledProgress(now: number): Promise<void> {
    if (this.tables.events.hasStalledProgress(now))
      this.tables.transaction(() => this.tables.events.recordStalledProgress(now));
  }

  async deleteIngestion(ingestionId: string, now: number): Promise<void> {
    this.tables.transaction(() => {
      const before = this.#existing(ingestionId);
      change.assertTerminal(before);
      const isUnsent = !this.tables.ledger.hasAttempts(ingestionId);
      // A receiver that was restored since may have asked for chunks again, and not have got them.
      const isWhole = before.completedAt !== null && before.checkpoint.nextChunkNumber > before.highestPlannedChunk;
      const extent = isUnsent ? 'none' : isWhole ? 'all' : 'part';
      this.tables.ingestions.erase(before, { extent, now });
    });
  }

  async reserveForeign(
    ingestions: readonly ForeignIngestion[],
    { now, isDryRun }: Parameters<StateStore['reserveForeign']>[1],
  ): Promise<ReservationCounts> {
    return this.tables.transaction(() => {
      const counts = { all: 0, part: 0, known: 0 };
      for (const ingestion of ingestions) {
        const isKnown = !this.tables.ingestions.isFree(ingestion.ingestionId);
        counts[isKnown ? 'known' : ingestion.extent] += 1;
        if (!isKnown && !isDryRun) this.tables.ingestions.reserve(ingestion, now);
      }
      return counts;
    });
  }

  async purgeDeleted(ingestionId: string): Promise<boolean> {
    return this.tables.transaction(() => this.tables.ingestions.purge(ingestionId));
  }

  async listUnpurged(): Promise<readonly string[]> {
    return this.tables.connection.read(() => this.tables.ingestions.listUnpurged());
  }

  async listTerminalBefore(before: number, limit: number): Promise<readonly string[]> {
    const found: string[] = [];
    let after = 0;
    await inPieces(() => {
      const { ids, place } = this.tables.connection.read(() =>
        this.tables.ingestions.walkTerminalBefore(before, after),
      );
      found.push(...ids);
      after = place ?? after;
      return { isLast: place === null || found.length >= limit };
    });
    return found.slice(0, limit);
  }

  async forgetBefore(before: number): Promise<void> {
    this.tables.transaction(() => this.tables.answers.forgetBefore(before));
    await inPieces(() => {
      const count = this.tables.transaction(() => this.tables.events.forgetBefore(before, ROWS_IN_A_PIECE));
      return { isLast: count < ROWS_IN_A_PIECE };
    });
  }

  async isWritable(): Promise<boolean> {
    return this.tables.connection.isWritable();
  }

  async close(): Promise<void> {
    this.tables.close();
  }

  /** What is left of one that was deleted unsent would go with the commit that uses its id again, and hold others up. */
  #isInTheWay(ingestionId: string): boolean {
    return this.tables.connection.read(() => this.tables.ingestions.isUnpurgedUnsent(ingestionId));
  }

  async #purgeWhole(ingestionId: string): Promise<void> {
    await inPieces(() => ({ isLast: this.tables.transaction(() => this.tables.ingestions.purge(ingestionId)) }));
  }

  #existing(ingestionId: string): Ingestion {
    const ingestion = this.tables.ingestions.get(ingestionId);
    if (ingestion === null) throw new ServiceError('INGESTION_NOT_FOUND', { data: { ingestion_id: ingestionId } });
    return ingestion;
  }

  #endAttemptsLeftOpen(now: number, ingestionId: string | null): void {
    for (const lost of this.tables.ledger.endAttemptsLeftOpen(now, ingestionId))
      this.tables.events.recordLostAttempt(lost, now);
  }

  #carryOut({ answer, create, update }: SubmissionDecision, now: number): void {
    if (create !== undefined) {
      const epoch = this.tables.ingestions.reuse(create.ingestionId);
      const created = { ...change.created(create, this.tables.ingestions.nextQueueSequence(), now), epoch };
      this.tables.ingestions.insert(created);
      this.tables.events.recordChange(null, created);
    }
    if (update === undefined) return;
    const before = this.tables.ingestions.get(answer.ingestionId);
    assert.ok(before !== null, 'only an ingestion that exists can be updated');
    let after = change.updated(before, update, now);
    if (update.discardPlans === true) after = this.tables.ledger.dropPlans(after);
    if (update.resume === true) after = change.resumed(after, this.tables.ingestions.nextQueueSequence(), now);
    this.tables.save(before, after);
  }
}
