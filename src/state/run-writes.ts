import type { ErrorRecord } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { Ingestion, RetryHistory, SourceFingerprint } from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BadRecord } from '../model/record.ts';

/** The identity under which a run writes. */
export interface RunKey {
  readonly ingestionId: string;
  readonly epoch: number;
}

/** What an attempt is aimed at: a chunk by its number, or COMPLETED. */
export type AttemptTarget = number | 'completion';

/** What {@link RunWrites.beginAttempt} tells. */
export interface BegunAttemptRow {
  readonly attempt: number;
  readonly isCertainlyNotStored: boolean;
}

/** A plan to be frozen, and the bad records that are set aside with it: those found since the chunk before it. */
export interface PlanToRecord {
  readonly planned: PlannedChunk;
  readonly rejects: readonly BadRecord[];
}

/** An acknowledgement, and what goes on record with it of the chunk that follows. */
export interface AckToRecord {
  readonly chunkNumber: number;
  readonly attempt: number;
  /** The plan of the chunk that follows; null: it is not known yet, or on record already. */
  readonly next: PlanToRecord | null;
  /** Whether an attempt at the chunk that follows begins with it. Only where that is sent at once, whatever else becomes known. */
  readonly beginsNext: boolean;
  readonly now: number;
}

/** What a commit of a run has made of the ingestion, and what it began. */
export interface RecordedStep {
  readonly ingestion: Ingestion;
  /** The attempt at the chunk that is delivered next; null where none was to begin, or a person paused or cancelled meanwhile. */
  readonly begun: BegunAttemptRow | null;
}

/**
 * What a run puts on record of the ingestion that it holds. Every method is one transaction, but where it says otherwise, durable when it resolves, and conditional on the epoch of its
 * {@link RunKey} and, but for `recordFailure`, `recordAck` and `completeRun`, on the status RUNNING; it throws RUN_OVERTAKEN where another run, or nobody, holds the
 * ingestion, and then writes nothing.
 */
export interface RunWrites {
  /** The run takes the epoch above `highestEpoch`; its new number. Only while RUNNING. */
  takeEpochAbove(run: RunKey, highestEpoch: number): Promise<number>;
  /** What was found of an unknown document; holds from then on. */
  recordRecordPath(run: RunKey, recordPath: string): Promise<void>;
  /** The same bytes under another inode or ctime: all acknowledged chunks were compared. */
  acceptFingerprint(run: RunKey, fingerprint: SourceFingerprint): Promise<void>;
  /**
   * The source is not what it was: where no attempt (at a chunk or at COMPLETED) was ever begun, plans, bad records and a found record path are dropped
   * and the file is taken as it is now; null, and nothing done, where one was. Of more than 500 bad records the rest is left to {@link dropRejectsBehindPlans}, behind no plan.
   */
  restartUnbegun(run: RunKey, fingerprint: SourceFingerprint): Promise<Ingestion | null>;

  /**
   * Freezes the next chunk, sets aside the bad records found on the way, and begins an attempt at it where asked for: only where it is sent at once, whatever else
   * becomes known. Only while RUNNING, and only `highestPlannedChunk + 1`.
   */
  planChunk(run: RunKey, plan: PlanToRecord & { readonly begins?: boolean }, now: number): Promise<RecordedStep>;
  /** Replaces the highest plan by its half and remembers the size at which chunks close from then on. */
  replacePlan(run: RunKey, plan: PlanToRecord, closeAtBytes: number, now: number): Promise<void>;
  /**
   * Sets bad records aside behind which no chunk follows, or none yet. Only while RUNNING. As everywhere, one that is on record already is not counted
   * again: after a crash or a rewind the same are found anew. `rejectedRecords` always is the number of those on record.
   */
  recordRejects(run: RunKey, rejects: readonly BadRecord[], now: number): Promise<Ingestion>;
  /**
   * Forgets the bad records behind the highest plan, all where there is none: what lies there is read anew, perhaps under bounds that some of them fit; before that, always.
   * Only while RUNNING, and in as many transactions as others need to commit in between: where it is broken off, those on record are counted, and the next reading goes on with it.
   */
  dropRejectsBehindPlans(run: RunKey): Promise<Ingestion>;
  /** Records that an attempt begins. Only while RUNNING, at what is to be delivered next, and while none is under way. */
  beginAttempt(run: RunKey, target: AttemptTarget, now: number): Promise<BegunAttemptRow>;
  /**
   * Records a failed attempt, and what was answered to it in the place of what was answered before. Also where a person paused or cancelled meanwhile: it is true all the same, but `retry` and `nextAttemptAt` are left
   * out then.
   */
  recordFailure(
    run: RunKey,
    target: AttemptTarget,
    failure: {
      readonly attempt: number;
      readonly outcome: Outcome;
      readonly retry: RetryHistory;
      readonly nextAttemptAt: number | null;
      readonly now: number;
    },
  ): Promise<void>;
  /**
   * The acknowledgement of chunk `checkpoint.nextChunkNumber`: ledger, checkpoint and chain move on, the retry history is cleared (its rewinds only on
   * new ground), the next plan, where given, is frozen with its bad records, and an attempt at it begins where asked for. Also where a person paused or
   * cancelled meanwhile; then plan and attempt are left out.
   */
  recordAck(run: RunKey, ack: AckToRecord): Promise<RecordedStep>;
  /** Moves the checkpoint back to before `toChunkNumber`, and counts that; the ledger stays as it is. Only while RUNNING. */
  rewindTo(run: RunKey, toChunkNumber: number, now: number): Promise<Ingestion>;

  /** COMPLETED was acknowledged. Also where a person paused, cancelled or sent it elsewhere meanwhile; then the attempt alone is put on record. */
  completeRun(run: RunKey, attempt: number, now: number): Promise<Ingestion>;
  /** Events of the run itself, with what is to be shown. */
  failRun(run: RunKey, error: ErrorRecord, now: number): Promise<void>;
  pauseRun(run: RunKey, error: ErrorRecord, now: number): Promise<void>;
  /** RUNNING → QUEUED in its old place, not before `nextAttemptAt`. */
  releaseRun(run: RunKey, nextAttemptAt: number | null, now: number): Promise<void>;
}
