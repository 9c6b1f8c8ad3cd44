import assert from 'node:assert/strict';
import { type ErrorRecord, ServiceError } from '../errors.ts';
import type { Ingestion, SourceFingerprint, Status } from '../model/ingestion.ts';
import type { BadRecord } from '../model/record.ts';
import { inPieces } from './in-pieces.ts';
import * as change from './ingestion-changes.ts';
import type {
  AckToRecord,
  AttemptTarget,
  BegunAttemptRow,
  PlanToRecord,
  RecordedStep,
  RunKey,
  RunWrites,
} from './run-writes.ts';
import type { SqliteStateTables } from './sqlite-state-tables.ts';

/** {@link RunWrites} on SQLite. */
export class SqliteRunWrites implements RunWrites {
  protected readonly tables: SqliteStateTables;

  constructor(tables: SqliteStateTables) {
    this.tables = tables;
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
    return this.tables.transaction(() => {
      const before = this.#held(run, 'RUNNING');
      if (this.tables.ledger.hasAttempts(run.ingestionId)) return null;
      return this.tables.save(before, this.tables.ledger.dropPlans(change.restartedWith(before, fingerprint)));
    });
  }

  async planChunk(run: RunKey, plan: Parameters<RunWrites['planChunk']>[1], now: number): Promise<RecordedStep> {
    return this.tables.transaction(() => {
      const before = this.#held(run, 'RUNNING');
      const planned = this.tables.ledger.plan(before, plan, { now });
      return this.#saveStep(before, planned, { begins: plan.begins === true, now });
    });
  }

  async replacePlan(run: RunKey, plan: PlanToRecord, closeAtBytes: number, now: number): Promise<void> {
    this.#change(run, (before) => this.tables.ledger.replace(before, plan, { closeAtBytes, now }));
  }

  async recordRejects(run: RunKey, rejects: readonly BadRecord[], now: number): Promise<Ingestion> {
    return this.#change(run, (before) => this.tables.ledger.setAside(before, rejects, { chunkNumber: null, now }));
  }

  async dropRejectsBehindPlans(run: RunKey): Promise<Ingestion> {
    const dropped = await inPieces(() =>
      this.tables.transaction(() => {
        const before = this.#held(run, 'RUNNING');
        const piece = this.tables.ledger.dropRejectsBehindPlans(before);
        return { ...piece, ingestion: this.tables.save(before, piece.ingestion) };
      }),
    );
    return dropped.ingestion;
  }

  async beginAttempt(run: RunKey, target: AttemptTarget, now: number): Promise<BegunAttemptRow> {
    return this.tables.transaction(() => {
      const before = this.#held(run, 'RUNNING');
      const { ingestion, begun } = this.tables.ledger.beginAttempt(before, target, now);
      this.tables.save(before, ingestion);
      return begun;
    });
  }

  async recordFailure(
    run: RunKey,
    target: AttemptTarget,
    failure: Parameters<RunWrites['recordFailure']>[2],
  ): Promise<void> {
    this.tables.transaction(() => {
      const before = this.#held(run);
      this.tables.ledger.endAttempt(run, target, failure);
      this.tables.events.recordFailure(this.tables.save(before, change.failed(before, failure)), target, failure);
    });
  }

  async recordAck(run: RunKey, { chunkNumber, attempt, next, beginsNext, now }: AckToRecord): Promise<RecordedStep> {
    return this.tables.transaction(() => {
      const before = this.#held(run);
      this.tables.ledger.endAttempt(run, chunkNumber, { attempt, outcome: { kind: 'acknowledged' }, now });
      const acked = this.tables.ledger.acknowledge(run.ingestionId, chunkNumber, now);
      const after = change.acknowledged(before, acked, now);
      const goesOn = after.status === 'RUNNING';
      const planned =
        goesOn && next !== null ? this.tables.ledger.planIfUnplanned(after, next, { now, previous: acked }) : after;
      return this.#saveStep(before, planned, { begins: goesOn && beginsNext, now });
    });
  }

  async rewindTo(run: RunKey, toChunkNumber: number, now: number): Promise<Ingestion> {
    return this.#change(run, (before) =>
      change.rewound(before, this.tables.ledger.getBefore(run.ingestionId, toChunkNumber), now),
    );
  }

  async completeRun(run: RunKey, attempt: number, now: number): Promise<Ingestion> {
    return this.tables.transaction(() => {
      const before = this.#held(run);
      this.tables.ledger.endAttempt(run, 'completion', { attempt, outcome: { kind: 'acknowledged' }, now });
      return this.tables.save(before, change.completed(before, now));
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

  /** One transaction of a run that holds its ingestion. */
  #change(run: RunKey, apply: (before: Ingestion) => Ingestion): Ingestion {
    return this.tables.transaction(() => {
      const before = this.#held(run, 'RUNNING');
      return this.tables.save(before, apply(before));
    });
  }

  /** The ingestion, if nobody took it over since; with a status, if it still has that. */
  #held(run: RunKey, status?: Status): Ingestion {
    const ingestion = this.tables.ingestions.get(run.ingestionId);
    if (ingestion?.epoch === run.epoch && (status ?? ingestion.status) === ingestion.status) return ingestion;
    const found = ingestion === null ? 'is gone' : `is ${ingestion.status} in epoch ${ingestion.epoch}`;
    throw new ServiceError('RUN_OVERTAKEN', {
      detail: `The run in epoch ${run.epoch} no longer holds ingestion ${run.ingestionId}, which ${found}.`,
    });
  }

  /** {@link SqliteStateTables.save}, with the beginning of an attempt at the chunk that is delivered next where asked for. */
  #saveStep(
    before: Ingestion,
    after: Ingestion,
    { begins, now }: { readonly begins: boolean; readonly now: number },
  ): RecordedStep {
    const step = begins
      ? this.tables.ledger.beginAttempt(after, after.checkpoint.nextChunkNumber, now)
      : { ingestion: after, begun: null };
    this.tables.save(before, step.ingestion);
    return step;
  }
}
