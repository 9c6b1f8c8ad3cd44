/*
 * Which events are put on record, and when. An event is written by the transaction that makes it true, so that no crash loses or invents one. What an ingestion has delivered is told
 * by sums, so that not every acknowledgement needs an event: one is written where the last is old enough, and whatever was left out before anything else that is told of the
 * ingestion.
 */
import { cutText } from '../model/cut-text.ts';
import {
  type ChunkEvent,
  type CircuitEvent,
  CLOSED_CIRCUIT,
  type IngestionEventContent,
  type LoggedEvent,
  type NewEvent,
  type RejectsEvent,
} from '../model/event.ts';
import type { Ingestion } from '../model/ingestion.ts';
import { httpStatusOf, type Outcome } from '../model/outcome.ts';
import type { AttemptTarget } from './run-writes.ts';
import type { LostAttempt } from './sqlite-attempt-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { SqliteEventTable } from './sqlite-event-table.ts';

/** Between two events on the progress of one ingestion: more often nobody can look at it. */
const PROGRESS_INTERVAL_MS = 250;
/** What was left out for that is old once this long nothing came after it; while acknowledgements go on, each tells what the one before left out. */
const STALLED_AFTER_MS = 500;

/** How many are kept: hours at the rate of four busy ingestions, and 250 MB at most, whatever receivers say. */
const KEPT_EVENTS = 100_000;
/** Each so many events twice as many of the oldest are looked at, so that what was kept for long shrinks as well. */
const FORGOTTEN_EVERY = 64;

/** Of a reason or a message, in JSON: longer ones are whole with what they are of. */
const MAX_SAID_BYTES = 1_024;

/** What was told of the progress of an ingestion that runs. */
interface Progress {
  /** Null: nothing in this process, so that the next is told at once. */
  toldAt: number | null;
  chunkCount: number;
  nextChunkNumber: number;
  rejectedRecords: number;
  /** What has not been told yet, as it was committed. */
  untold: Ingestion | null;
}

/** An attempt that ended without an acknowledgement. */
interface EndedAttempt {
  readonly attempt: number;
  readonly outcome: Outcome;
}

/** The events of a store. Its `record…` methods are called inside of a transaction that {@link published} carries out. */
export class EventLog {
  readonly #table: SqliteEventTable;
  readonly #progress = new Map<string, Progress>();
  readonly #listeners = new Set<(events: readonly LoggedEvent[]) => void>();
  /** Of the transaction under way: its events, and the ingestions whose progress it has looked at. */
  #written: LoggedEvent[] = [];
  readonly #touched = new Set<string>();

  constructor(connection: SqliteConnection) {
    this.#table = new SqliteEventTable(connection);
  }

  /** Reads; not inside of {@link published}. */
  list(...query: Parameters<SqliteEventTable['list']>): ReturnType<SqliteEventTable['list']> {
    return this.#table.list(...query);
  }

  /** Carries out a transaction, and tells of its events once they are on the disk. */
  published<Result>(transaction: () => Result): Result {
    this.#written = [];
    this.#touched.clear();
    let result: Result;
    try {
      result = transaction();
    } catch (error) {
      // It was taken back, or by a disk that failed perhaps not: what is on record says it.
      for (const ingestionId of this.#touched) this.#progress.delete(ingestionId);
      throw error;
    }
    if (this.#written.length > 0) for (const listener of this.#listeners) listener(this.#written);
    return result;
  }

  /** Calls `listener` with the events of each commit; what is returned ends that. */
  watch(listener: (events: readonly LoggedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a change of an ingestion tells; `before` null: it was created. */
  recordChange(before: Ingestion | null, after: Ingestion): void {
    const isMoved = before?.status !== after.status;
    this.#recordProgress(after, isMoved);
    if (!isMoved) return;
    const error =
      after.lastError === null ? null : { code: after.lastError.code, message: cutSaid(after.lastError.message) };
    this.#write(after.ingestionId, after.updatedAt, { kind: 'state', status: after.status, error });
  }

  /** Behind what was acknowledged before. What follows the attempt is that of the ingestion: a person may have stopped it meanwhile. */
  recordFailure(ingestion: Ingestion, target: AttemptTarget, { attempt, outcome }: EndedAttempt): void {
    const { ingestionId, updatedAt, nextAttemptAt } = ingestion;
    this.#recordProgress(ingestion, true);
    this.#write(ingestionId, updatedAt, {
      kind: 'attempt_failed',
      chunkNumber: target === 'completion' ? null : target,
      attempt,
      outcome: outcome.kind,
      httpStatus: httpStatusOf(outcome),
      reason: 'reason' in outcome ? cutSaid(outcome.reason) : null,
      nextAttemptAt,
    });
  }

  /** An attempt that its run left without an outcome. */
  recordLostAttempt({ ingestionId, ...lost }: LostAttempt, now: number): void {
    this.#write(ingestionId, now, { kind: 'attempt_failed', ...lost, nextAttemptAt: null });
  }

  recordCircuit(circuit: CircuitEvent, now: number): void {
    this.#log({ ingestionId: null, at: now, content: circuit });
  }

  /** Of each circuit whose last event says otherwise. */
  recordCircuitsClosed(now: number): void {
    for (const { origin, state } of this.#table.lastOfCircuits()) {
      if (state !== 'closed') this.recordCircuit({ ...CLOSED_CIRCUIT, origin }, now);
    }
  }

  /** Whether progress was left out that nothing has come after for a while. */
  hasStalledProgress(now: number): boolean {
    return this.#progress.values().some((progress) => isStalled(progress, now));
  }

  recordStalledProgress(now: number): void {
    for (const progress of this.#progress.values()) {
      if (progress.untold !== null && isStalled(progress, now)) this.#recordProgress(progress.untold, true);
    }
  }

  /** Forgets all that are more than are kept. */
  forgetSurplus(): void {
    this.#table.forgetBeyond(KEPT_EVENTS, -1);
  }

  /** Forgets, of the oldest `batch`, those that were put on record before a time; how many these were. */
  forgetBefore(before: number, batch: number): number {
    return this.#table.forgetBefore(before, batch);
  }

  /** @param mustTell whatever the time: nothing else may come before it */
  #recordProgress(ingestion: Ingestion, mustTell: boolean): void {
    const { ingestionId, updatedAt, rejectedRecords, status } = ingestion;
    const isRunning = status === 'RUNNING';
    const told = this.#progressOf(ingestionId);
    if (!isRunning) this.#progress.delete(ingestionId);
    const chunk = chunkEventOf(ingestion);
    const hasMoved = told.nextChunkNumber !== chunk.nextChunkNumber || told.chunkCount !== chunk.chunkCount;
    const hasRejects = told.rejectedRecords !== rejectedRecords;
    told.untold = hasMoved || hasRejects ? ingestion : null;
    const isDue = mustTell || !isRunning || isOld(told, updatedAt);
    if (told.untold === null || !isDue) return;
    if (hasMoved) this.#write(ingestionId, updatedAt, chunk);
    if (hasRejects) this.#write(ingestionId, updatedAt, { kind: 'rejects', rejectedRecords });
    const { chunkCount, nextChunkNumber } = chunk;
    Object.assign(told, { toldAt: updatedAt, chunkCount, nextChunkNumber, rejectedRecords, untold: null });
  }

  #progressOf(ingestionId: string): Progress {
    this.#touched.add(ingestionId);
    const known = this.#progress.get(ingestionId);
    if (known !== undefined) return known;
    const chunk = this.#table.lastOfKind(ingestionId, 'chunk')?.content as ChunkEvent | undefined;
    const rejects = this.#table.lastOfKind(ingestionId, 'rejects')?.content as RejectsEvent | undefined;
    const { chunkCount = 0, nextChunkNumber = 0 } = chunk ?? {};
    const { rejectedRecords = 0 } = rejects ?? {};
    const progress = { toldAt: null, chunkCount, nextChunkNumber, rejectedRecords, untold: null };
    this.#progress.set(ingestionId, progress);
    return progress;
  }

  #write(ingestionId: string, at: number, content: IngestionEventContent): void {
    this.#log({ ingestionId, at, content });
  }

  #log(event: NewEvent): void {
    const id = this.#table.insert(event);
    this.#written.push({ ...event, id });
    if (id % FORGOTTEN_EVERY === 0) this.#table.forgetBeyond(KEPT_EVENTS, 2 * FORGOTTEN_EVERY);
  }
}

function cutSaid(text: string): string {
  let said = text;
  // Characters that are escaped take six times as many bytes as others.
  for (let length = MAX_SAID_BYTES; jsonBytesOf(said) > MAX_SAID_BYTES; length = Math.floor(length * 0.9))
    said = cutText(text, length);
  return said;
}

function jsonBytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function chunkEventOf({ checkpoint, highestAckedChunk }: Ingestion): ChunkEvent {
  const { nextChunkNumber, recordCount, sourceBytes } = checkpoint;
  return { kind: 'chunk', nextChunkNumber, recordCount, sourceBytes, chunkCount: highestAckedChunk + 1 };
}

/** A clock that was set back must not keep anything from being told. */
function isOld({ toldAt }: Progress, now: number): boolean {
  return toldAt === null || now - toldAt >= PROGRESS_INTERVAL_MS || now < toldAt;
}

function isStalled({ untold }: Progress, now: number): boolean {
  return untold !== null && (now - untold.updatedAt >= STALLED_AFTER_MS || now < untold.updatedAt);
}
