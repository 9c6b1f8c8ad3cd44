import assert from 'node:assert/strict';
import { type ErrorRecord, ServiceError } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { CircuitEvent, LoggedEvent } from '../model/event.ts';
import type {
  FailedAttempt,
  Ingestion,
  LedgerEntry,
  RejectEntry,
  SourceFingerprint,
  Status,
} from '../model/ingestion.ts';
import type { BadRecord } from '../model/record.ts';
import { type CommitNumbers, openCommitNumbers } from './commit-numbers.ts';
import { EventLog } from './event-log.ts';
import * as change from './ingestion-changes.ts';
import { openSeals } from './secret-rows.ts';
import type { SecretSeals } from './secret-seals.ts';
import { SqliteAnswerTable } from './sqlite-answer-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { listUnpurged, purge } from './sqlite-deletions.ts';
import { SqliteIngestionTable } from './sqlite-ingestion-table.ts';
import { SqliteLedger } from './sqlite-ledger.ts';
import { openStateFile } from './sqlite-state-file.ts';
import type {
  AckToRecord,
  AttemptTarget,
  BegunAttemptRow,
  ClaimedIngestion,
  ClaimQuery,
  EventPage,
  EventQuery,
  ForeignIngestion,
  MetState,
  Page,
  PlanToRecord,
  RecordedStep,
  ReservationCounts,
  RunKey,
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
    return new SqliteStateStore(connection, seals, openCommitNumbers(connection));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * One file, one writer: every method is one transaction of a synchronous driver, so no two interleave. Each reads the ingestion, applies a
 * pure change (`ingestion-changes.ts`) and writes what differs.
 */
class SqliteStateStore implements StateStore {
  readonly #connection: SqliteConnection;
  readonly #commits: CommitNumbers;
  readonly #ingestions: SqliteIngestionTable;
  readonly #ledger: SqliteLedger;
  readonly #answers: SqliteAnswerTable;
  readonly #events: EventLog;

  constructor(connection: SqliteConnection, seals: SecretSeals, commits: CommitNumbers) {
    this.#connection = connection;
    this.#commits = commits;
    this.#ingestions = new SqliteIngestionTable(connection, seals, commits);
    this.#ledger = new SqliteLedger(connection);
    this.#answers = new SqliteAnswerTable(connection);
    this.#events = new EventLog(connection);
  }

  async getIngestion(ingestionId: string): Promise<Ingestion | null> {
    return this.#connection.read(() => this.#ingestions.get(ingestionId));
  }

  async listIngestions(query: Parameters<StateReads['listIngestions']>[0]): Promise<Page<Ingestion>> {
    return this.#connection.read(() => this.#ingestions.list(query));
  }

  async listChunks(ingestionId: string, query: Parameters<StateReads['listChunks']>[1]): Promise<Page<LedgerEntry>> {
    return this.#connection.read(() => this.#ledger.list(ingestionId, query));
  }

  async listRejects(ingestionId: string, query: Parameters<StateReads['listRejects']>[1]): Promise<Page<RejectEntry>> {
    return this.#connection.read(() => this.#ledger.listRejects(ingestionId, query));
  }

  async getLastFailedAttempt(ingestionId: string): Promise<FailedAttempt | null> {
    return this.#connection.read(() => this.#ledger.lastFailedAttempt(ingestionId));
  }

  async countByStatus(): Promise<Readonly<Record<Status, number>>> {
    return this.#connection.read(() => this.#ingestions.countByStatus());
  }

  async submit(key: SubmissionKey, decide: (met: MetState) => SubmissionDecision): Promise<SubmissionAnswer> {
    return this.#transaction(() => {
      this.#answers.prune(key.now);
      const recorded = key.idempotency === null ? null : this.#answers.find(key.idempotency);
      if (recorded !== null) return recorded;

      const hasBegunAttempts = this.#ledger.hasAttempts(key.resumeIngestionId);
      const decision = decide({ ...this.#ingestions.meet(key), hasBegunAttempts });
      this.#carryOut(decision, key.now);
      if (key.idempotency !== null) this.#answers.insert(key.idempotency, decision.answer, key.now);
      return decision.answer;
    });
  }

  async applyEvent(ingestionId: string, event: 'pause' | 'resume' | 'cancel', now: number): Promise<Ingestion> {
    return this.#transaction(() => {
      const before = this.#existing(ingestionId);
      const after =
        event === 'resume'
          ? change.resumed(before, this.#ingestions.nextQueueSequence(), now)
          : change.moved(before, event, now);
      return this.#save(before, after);
    });
  }

  async recoverAtStart(now: number): Promise<void> {
    this.#transaction(() => {
      this.#events.forgetOld(now);
      for (const ingestion of this.#ingestions.listActive()) this.#save(ingestion, change.recovered(ingestion, now));
      this.#endAttemptsLeftOpen(now, null);
    });
  }

  async claimNext(query: ClaimQuery): Promise<ClaimedIngestion | null> {
    return this.#transaction(() => {
      const first = this.#ingestions.firstClaimable(query);
      if (first === null) return null;
      this.#endAttemptsLeftOpen(query.now, first.ingestionId);
      return { ...this.#save(first, change.claimed(first, query.now)), isFirstRun: first.runStartedAt === null };
    });
  }

  async nextWakeAt(now: number): Promise<number | null> {
    return this.#connection.read(() => this.#ingestions.nextWakeAt(now));
  }

  async countQueued(): Promise<number> {
    return this.#connection.read(() => this.#ingestions.countQueued());
  }

  async countWaiting(now: number): Promise<number> {
    return this.#connection.read(() => this.#ingestions.countWaiting(now));
  }

  async takeEpochAbove(run: RunKey, highestEpoch: number): Promise<number> {
    assert.ok(Number.isSafeInteger(highestEpoch + 1), 'an epoch must stay countable');
    const epochAbove = (before: Ingestion) => Math.max(before.epoch, highestEpoch) + 1;
    return this.#change(run, (before) => ({ ...before, epoch: epochAbove(before) })).epoch;
  }

  async recordRecordPath(run: RunKey, recordPath: string): Promise<void> {
    this.#change(run, (before) => change.withFoundPath(before, recordPath));
  }

  async acceptFingerprint(run: RunKey, fingerprint: SourceFingerprint): Promise<void> {
    this.#change(run, (before) => ({ ...before, fingerprint }));
  }

  async restartUnbegun(run: RunKey, fingerprint: SourceFingerprint): Promise<Ingestion | null> {
    return this.#transaction(() => {
      const before = this.#held(run, 'RUNNING');
      if (this.#ledger.hasAttempts(run.ingestionId)) return null;
      return this.#save(before, this.#ledger.dropPlans(change.restartedWith(before, fingerprint)));
    });
  }

  async planChunk(run: RunKey, plan: Parameters<StateStore['planChunk']>[1], now: number): Promise<RecordedStep> {
    return this.#transaction(() => {
      const before = this.#held(run, 'RUNNING');
      const planned = this.#ledger.plan(before, plan, { now });
      return this.#saveStep(before, planned, { begins: plan.begins === true, now });
    });
  }

  async replacePlan(run: RunKey, plan: PlanToRecord, closeAtBytes: number, now: number): Promise<void> {
    this.#change(run, (before) => this.#ledger.replace(before, plan, { closeAtBytes, now }));
  }

  async recordRejects(run: RunKey, rejects: readonly BadRecord[], now: number): Promise<Ingestion> {
    return this.#change(run, (before) => this.#ledger.setAside(before, rejects, { chunkNumber: null, now }));
  }

  async dropRejectsBehindPlans(run: RunKey): Promise<Ingestion> {
    return this.#change(run, (before) => this.#ledger.dropRejectsBehindPlans(before));
  }

  async getPlan(ingestionId: string, chunkNumber: number): Promise<PlannedChunk | null> {
    return this.#connection.read(() => this.#ledger.find(ingestionId, chunkNumber));
  }

  async beginAttempt(run: RunKey, target: AttemptTarget, now: number): Promise<BegunAttemptRow> {
    return this.#transaction(() => {
      const before = this.#held(run, 'RUNNING');
      const { ingestion, begun } = this.#ledger.beginAttempt(before, target, now);
      this.#save(before, ingestion);
      return begun;
    });
  }

  async recordFailure(
    run: RunKey,
    target: AttemptTarget,
    failure: Parameters<StateStore['recordFailure']>[2],
  ): Promise<void> {
    this.#transaction(() => {
      const before = this.#held(run);
      this.#ledger.endAttempt(run, target, failure);
      this.#events.recordFailure(this.#save(before, change.failed(before, failure)), target, failure);
    });
  }

  async recordAck(run: RunKey, { chunkNumber, attempt, next, beginsNext, now }: AckToRecord): Promise<RecordedStep> {
    return this.#transaction(() => {
      const before = this.#held(run);
      this.#ledger.endAttempt(run, chunkNumber, { attempt, outcome: { kind: 'acknowledged' }, now });
      const acked = this.#ledger.acknowledge(run.ingestionId, chunkNumber, now);
      const after = change.acknowledged(before, acked, now);
      const goesOn = after.status === 'RUNNING';
      const planned =
        goesOn && next !== null ? this.#ledger.planIfUnplanned(after, next, { now, previous: acked }) : after;
      return this.#saveStep(before, planned, { begins: goesOn && beginsNext, now });
    });
  }

  async rewindTo(run: RunKey, toChunkNumber: number, now: number): Promise<Ingestion> {
    return this.#change(run, (before) =>
      change.rewound(before, this.#ledger.getBefore(run.ingestionId, toChunkNumber), now),
    );
  }

  async completeRun(run: RunKey, attempt: number, now: number): Promise<void> {
    this.#change(run, (before) => {
      this.#ledger.endAttempt(run, 'completion', { attempt, outcome: { kind: 'acknowledged' }, now });
      return change.completed(before, now);
    });
  }

  async failRun(run: RunKey, error: ErrorRecord, now: number): Promise<void> {
    this.#change(run, (before) => change.stopped(before, 'fail', error, now));
  }

  async pauseRun(run: RunKey, error: ErrorRecord, now: number): Promise<void> {
    this.#change(run, (before) => change.stopped(before, 'pause', error, now));
  }

  async releaseRun(run: RunKey, nextAttemptAt: number | null, now: number): Promise<void> {
    this.#change(run, (before) => change.released(before, nextAttemptAt, now));
  }

  async listEvents(query: EventQuery): Promise<EventPage> {
    return this.#connection.read(() => this.#events.list(query));
  }

  watchEvents(listener: (events: readonly LoggedEvent[]) => void): () => void {
    return this.#events.watch(listener);
  }

  async recordCircuit(circuit: CircuitEvent, now: number): Promise<void> {
    this.#transaction(() => this.#events.recordCircuit(circuit, now));
  }

  async recordStalledProgress(now: number): Promise<void> {
    if (this.#events.hasStalledProgress(now)) this.#transaction(() => this.#events.recordStalledProgress(now));
  }

  async deleteIngestion(ingestionId: string, now: number): Promise<void> {
    this.#transaction(() => {
      const before = this.#existing(ingestionId);
      change.assertTerminal(before);
      const isUnsent = !this.#ledger.hasAttempts(ingestionId);
      const extent = isUnsent ? 'none' : before.completedAt === null ? 'part' : 'all';
      this.#ingestions.erase(before, isUnsent ? this.#ledger.dropPlans(before) : before, { extent, now });
    });
  }

  async reserveForeign(
    ingestions: readonly ForeignIngestion[],
    { now, isDryRun }: Parameters<StateStore['reserveForeign']>[1],
  ): Promise<ReservationCounts> {
    return this.#transaction(() => {
      const counts = { all: 0, part: 0, known: 0 };
      for (const ingestion of ingestions) {
        const isKnown = !this.#ingestions.isFree(ingestion.ingestionId);
        counts[isKnown ? 'known' : ingestion.extent] += 1;
        if (!isKnown && !isDryRun) this.#ingestions.reserve(ingestion, now);
      }
      return counts;
    });
  }

  async purgeDeleted(ingestionId: string): Promise<boolean> {
    return this.#transaction(() => {
      assert.ok(this.#ingestions.getDeleted(ingestionId) !== null, `${ingestionId} must be deleted`);
      return purge(this.#connection, ingestionId);
    });
  }

  async listUnpurged(): Promise<readonly string[]> {
    return this.#connection.read(() => listUnpurged(this.#connection));
  }

  async listTerminalBefore(before: number, limit: number): Promise<readonly string[]> {
    return this.#connection.read(() => this.#ingestions.listTerminalBefore(before, limit));
  }

  async isWritable(): Promise<boolean> {
    return this.#connection.isWritable();
  }

  async close(): Promise<void> {
    this.#commits.close();
    this.#connection.close();
  }

  #transaction<Result>(work: () => Result): Result {
    return this.#events.published(() => this.#commits.numbered(() => this.#connection.transaction(work)));
  }

  /** One transaction of a run that holds its ingestion. */
  #change(run: RunKey, apply: (before: Ingestion) => Ingestion): Ingestion {
    return this.#transaction(() => {
      const before = this.#held(run, 'RUNNING');
      return this.#save(before, apply(before));
    });
  }

  /** The ingestion, if nobody took it over since; with a status, if it still has that. */
  #held(run: RunKey, status?: Status): Ingestion {
    const ingestion = this.#ingestions.get(run.ingestionId);
    if (ingestion?.epoch === run.epoch && (status ?? ingestion.status) === ingestion.status) return ingestion;
    const found = ingestion === null ? 'is gone' : `is ${ingestion.status} in epoch ${ingestion.epoch}`;
    throw new ServiceError('RUN_OVERTAKEN', {
      detail: `The run in epoch ${run.epoch} no longer holds ingestion ${run.ingestionId}, which ${found}.`,
    });
  }

  #existing(ingestionId: string): Ingestion {
    const ingestion = this.#ingestions.get(ingestionId);
    if (ingestion === null) throw new ServiceError('INGESTION_NOT_FOUND', { data: { ingestion_id: ingestionId } });
    return ingestion;
  }

  #save(before: Ingestion, after: Ingestion): Ingestion {
    this.#ingestions.update(before, after);
    this.#events.recordChange(before, after);
    return after;
  }

  /** {@link #save}, with the beginning of an attempt at the chunk that is delivered next where asked for. */
  #saveStep(
    before: Ingestion,
    after: Ingestion,
    { begins, now }: { readonly begins: boolean; readonly now: number },
  ): RecordedStep {
    const step = begins
      ? this.#ledger.beginAttempt(after, after.checkpoint.nextChunkNumber, now)
      : { ingestion: after, begun: null };
    this.#save(before, step.ingestion);
    return step;
  }

  #endAttemptsLeftOpen(now: number, ingestionId: string | null): void {
    for (const lost of this.#ledger.endAttemptsLeftOpen(now, ingestionId)) this.#events.recordLostAttempt(lost, now);
  }

  #carryOut({ answer, create, update }: SubmissionDecision, now: number): void {
    if (create !== undefined) {
      const epoch = this.#ingestions.reuse(create.ingestionId);
      const created = { ...change.created(create, this.#ingestions.nextQueueSequence(), now), epoch };
      this.#ingestions.insert(created);
      this.#events.recordChange(null, created);
    }
    if (update === undefined) return;
    const before = this.#ingestions.get(answer.ingestionId);
    assert.ok(before !== null, 'only an ingestion that exists can be updated');
    let after = change.updated(before, update, now);
    if (update.discardPlans === true) after = this.#ledger.dropPlans(after);
    if (update.resume === true) after = change.resumed(after, this.#ingestions.nextQueueSequence(), now);
    this.#save(before, after);
  }
}
