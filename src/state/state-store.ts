import type { ErrorRecord } from '../errors.ts';
import type { PlannedChunk } from '../model/chunk.ts';
import type { CircuitEvent, LoggedEvent } from '../model/event.ts';
import type {
  DeliverySettings,
  FailedAttempt,
  Ingestion,
  LedgerEntry,
  ReadSettings,
  RejectEntry,
  RetryHistory,
  SourceFingerprint,
  Status,
} from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BadRecord } from '../model/record.ts';

/** What an ingestion is created from; all else begins at zero. */
export type NewIngestion = Pick<
  Ingestion,
  'ingestionId' | 'fileId' | 'version' | 'filePath' | 'fileType' | 'read' | 'delivery' | 'fingerprint'
>;

/**
 * What is kept for good of an ingestion that was deleted, or that another service had begun, since its id never gets a second plan (docs/protocol.md "Identity"); its
 * state, epoch and last number are kept, too.
 */
export interface DeletedIngestion extends Pick<Ingestion, 'ingestionId'> {
  /** Null: another service delivered it, and put neither this nor the callback on record. */
  readonly fingerprint: SourceFingerprint | null;
  readonly callbackUrl: string | null;
  /** When it was completed, wall clock, ms; of another service the latest that this can have been. Null: it was not. */
  readonly completedAt: number | null;
  /** How much of it may be with the receiver: nothing was ever attempted, something was, or it was completed. */
  readonly extent: 'none' | 'part' | 'all';
}

/** What another service has on record of an ingestion whose id is one of this protocol. */
export interface ForeignIngestion {
  readonly ingestionId: string;
  /** The last chunk that was acknowledged, -1: none is known. */
  readonly lastChunk: number;
  readonly recordCount: number;
  readonly extent: 'part' | 'all';
  /** When that service last wrote anything, wall clock, ms. */
  readonly lastWrittenAt: number;
}

/** How many ids were reserved, by how much of the file the receiver may have, and how many were known and left alone. */
export interface ReservationCounts {
  readonly all: number;
  readonly part: number;
  readonly known: number;
}

/** What a request meets in the store, read in the transaction that then carries out the decision. */
export interface MetState {
  /** The ingestion with version `"resume"` of the file. */
  readonly resumable: Ingestion | null;
  /** What is left of that where it was deleted. */
  readonly deleted: DeletedIngestion | null;
  /** Whether an attempt at any chunk or at COMPLETED of it was ever begun. */
  readonly hasBegunAttempts: boolean;
  /** Re-ingestions of the file to the same callback that are QUEUED or RUNNING, oldest first. */
  readonly activeReingestions: readonly Ingestion[];
  /** The highest re-ingestion version of the file; null where there is none. */
  readonly highestVersionMs: number | null;
  /** Ingestions that are QUEUED. */
  readonly queuedCount: number;
}

/** What is answered to a request. */
export interface SubmissionAnswer {
  readonly status: 'STARTED' | 'RUNNING' | 'RESUMED' | 'COMPLETED';
  readonly ingestionId: string;
  readonly fileId: string;
  /** Wire names of the settings that were taken over from this request. */
  readonly changed: readonly string[];
}

/** What a request does to the store. */
export interface SubmissionDecision {
  readonly answer: SubmissionAnswer;
  /** Where one with this id was deleted before anything of it was attempted, its epoch goes on. */
  readonly create?: NewIngestion;
  /**
   * Changes of `answer.ingestionId`; `discardPlans` (and bad records with them) where no attempt was begun, so that nothing is frozen yet. Where it is RUNNING, all but `delivery`
   * releases it, so that its run cannot send what it has read before.
   */
  readonly update?: {
    readonly delivery?: DeliverySettings;
    readonly read?: ReadSettings;
    readonly fingerprint?: SourceFingerprint;
    readonly discardPlans?: boolean;
    /** Applies the event `resume`. */
    readonly resume?: boolean;
  };
}

/** What a submission is keyed by. */
export interface SubmissionKey {
  readonly fileId: string;
  /** The id of the file's ingestion with version `"resume"`. */
  readonly resumeIngestionId: string;
  readonly callbackUrl: string;
  /** The Idempotency-Key with a digest of the body; null where none was sent. */
  readonly idempotency: { readonly key: string; readonly bodyDigest: string } | null;
  readonly now: number;
}

/** The identity under which a run writes. */
export interface RunKey {
  readonly ingestionId: string;
  readonly epoch: number;
}

/** What an attempt is aimed at: a chunk by its number, or COMPLETED. */
export type AttemptTarget = number | 'completion';

/** What {@link StateStore.beginAttempt} tells. */
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

/** What {@link StateStore.claimNext} may claim. */
export interface ClaimQuery {
  /** Wall clock, ms. */
  readonly now: number;
  readonly excludedIds: readonly string[];
  readonly onlyIds?: readonly string[];
}

/** An ingestion that is RUNNING from now on. */
export interface ClaimedIngestion extends Ingestion {
  /** Whether no run of it has begun before; its epoch does not say so, since an id that was deleted goes on with its epochs. */
  readonly isFirstRun: boolean;
}

/** A page of a list, with the cursor of the next one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

/** Which events are asked for. */
export interface EventQuery {
  /** Null: those of all ingestions, and those of none. */
  readonly ingestionId: string | null;
  /** Those with higher numbers. */
  readonly after: number;
  readonly limit: number;
}

/** Events by their numbers, and how far the log goes at the same moment. */
export interface EventPage {
  readonly events: readonly LoggedEvent[];
  /** The oldest that is on record; where none is, the number that the next will have. */
  readonly oldestId: number;
  /** The highest number ever given out; 0: none. */
  readonly newestId: number;
}

/** What may be read without being a run: the API's side of the store. */
export interface StateReads {
  getIngestion(ingestionId: string): Promise<Ingestion | null>;
  /** Newest first. A cursor that this store did not give throws REQUEST_INVALID. */
  listIngestions(query: {
    readonly status?: Status;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<Page<Ingestion>>;
  /** The ledger, by chunk number; without a cursor from `fromChunk` on, by default the first. */
  listChunks(
    ingestionId: string,
    query: { readonly fromChunk?: number; readonly cursor?: string; readonly limit: number },
  ): Promise<Page<LedgerEntry>>;
  /** Bad records that were set aside, by file and offset; raw bytes and all, so `limit` bounds the memory they take. */
  listRejects(
    ingestionId: string,
    query: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<RejectEntry>>;
  /**
   * The last attempt that failed and was answered, also where others were acknowledged since. Where none was answered, the last at which something was sent; where none was
   * sent, as while a circuit is open, the last. Null: none failed.
   */
  getLastFailedAttempt(ingestionId: string): Promise<FailedAttempt | null>;
  /** Counts by status, for health and metrics. */
  countByStatus(): Promise<Readonly<Record<Status, number>>>;
}

/**
 * The durable state. Every method is one transaction, durable when it resolves. Methods that take a {@link RunKey} are conditional on its epoch
 * and, but for `recordFailure` and `recordAck`, on the status RUNNING; they throw RUN_OVERTAKEN where another run, or nobody, holds the
 * ingestion, and then write nothing. Failures of the medium throw STATE_UNAVAILABLE, and what is
 * not as it was written STATE_DAMAGED.
 */
export interface StateStore extends StateReads {
  /** Whether writes reach the disk. It is tried out only where the last one did not: cheap, for health. */
  isWritable(): Promise<boolean>;

  /**
   * Decides on a request with what it meets and carries the decision out, one request at a time. `decide` is pure and may throw a ServiceError,
   * which leaves everything as it was. A known Idempotency-Key gives the recorded answer without deciding again; with another body it
   * throws IDEMPOTENCY_KEY_REUSED.
   */
  submit(key: SubmissionKey, decide: (met: MetState) => SubmissionDecision): Promise<SubmissionAnswer>;

  /** A person's event. Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED. `resume` clears the retry history and the wait. */
  applyEvent(ingestionId: string, event: 'pause' | 'resume' | 'cancel', now: number): Promise<Ingestion>;

  /**
   * What the process must do before anything else: attempts without an outcome become `unknown`, RUNNING becomes QUEUED in its old place, and
   * rejections count anew; times that a clock ahead of `now` wrote are cut.
   */
  recoverAtStart(now: number): Promise<void>;

  /**
   * The first of the queue whose wait is over and which no other RUNNING or earlier QUEUED ingestion of the same file and callback precedes,
   * now RUNNING with the next epoch; null where there is none. `excludedIds` are those whose last run has not ended yet: they are not
   * claimed and, since a request of theirs may be in flight, count as RUNNING whatever their status. Where `onlyIds` is given, nothing is claimed but
   * these and what is before one of them in the queue for the same file and callback, for it must be delivered first. Attempts that the last run left open
   * become `unknown`.
   */
  claimNext(query: ClaimQuery): Promise<ClaimedIngestion | null>;
  /** The earliest time for which a QUEUED ingestion waits; null where none does. */
  nextWakeAt(now: number): Promise<number | null>;
  /** How many are QUEUED; costs the same however many others there are. */
  countQueued(): Promise<number>;
  /** How many QUEUED ones wait for a time that is not there yet. */
  countWaiting(now: number): Promise<number>;

  /** The run takes the epoch above `highestEpoch`; its new number. Only while RUNNING. */
  takeEpochAbove(run: RunKey, highestEpoch: number): Promise<number>;
  /** What was found of an unknown document; holds from then on. */
  recordRecordPath(run: RunKey, recordPath: string): Promise<void>;
  /** The same bytes under another inode or ctime: all acknowledged chunks were compared. */
  acceptFingerprint(run: RunKey, fingerprint: SourceFingerprint): Promise<void>;
  /**
   * The source is not what it was: where no attempt (at a chunk or at COMPLETED) was ever begun, plans, bad records and a found record path are dropped
   * and the file is taken as it is now; null, and nothing done, where one was.
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
   * Forgets the bad records behind the highest plan, all where there is none: what lies there is read anew, perhaps under bounds that some of them fit. Only
   * while RUNNING.
   */
  dropRejectsBehindPlans(run: RunKey): Promise<Ingestion>;
  /** A frozen plan, or null. */
  getPlan(ingestionId: string, chunkNumber: number): Promise<PlannedChunk | null>;

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
  /** Moves the checkpoint back to before `toChunkNumber`; the ledger stays as it is. Only while RUNNING. */
  rewindTo(run: RunKey, toChunkNumber: number, now: number): Promise<Ingestion>;

  /** Events of the run itself, with what is to be shown. */
  completeRun(run: RunKey, attempt: number, now: number): Promise<void>;
  failRun(run: RunKey, error: ErrorRecord, now: number): Promise<void>;
  pauseRun(run: RunKey, error: ErrorRecord, now: number): Promise<void>;
  /** RUNNING → QUEUED in its old place, not before `nextAttemptAt`. */
  releaseRun(run: RunKey, nextAttemptAt: number | null, now: number): Promise<void>;

  /**
   * The event log: each change of a status, each attempt that failed and, at most every 250 ms for each ingestion, its progress, put on record by the transaction that
   * makes it true. Bounded by count and age.
   */
  listEvents(query: EventQuery): Promise<EventPage>;
  /** Calls `listener`, which must not throw, after each commit that has put events on record. What is returned ends that. */
  watchEvents(listener: (events: readonly LoggedEvent[]) => void): () => void;
  /** Puts on record what became of a circuit. */
  recordCircuit(circuit: CircuitEvent, now: number): Promise<void>;
  /** Puts the progress on record that was left out for its rate and that for half a second nothing came after; costs nothing where there is none. */
  recordStalledProgress(now: number): Promise<void>;

  /**
   * Deletes an ingestion that is COMPLETED, FAILED or CANCELLED: nobody sees it any more, and its secrets are gone. What belongs to it goes with {@link purgeDeleted}.
   * Throws INGESTION_NOT_FOUND, MOVE_NOT_ALLOWED.
   */
  deleteIngestion(ingestionId: string, now: number): Promise<void>;
  /**
   * Keeps the ids of what another service delivered from being used, as those of deleted ingestions are. What is known under an id stays as it is, but for one that was
   * deleted before anything of it was attempted.
   * @param options `isDryRun`: nothing is written, only counted.
   */
  reserveForeign(
    ingestions: readonly ForeignIngestion[],
    options: { readonly now: number; readonly isDryRun: boolean },
  ): Promise<ReservationCounts>;
  /** Removes some of the ledger, attempts, answers, bad records and events of a deleted ingestion, so that others wait but shortly; true: nothing of them is left. */
  purgeDeleted(ingestionId: string): Promise<boolean>;
  /** Deleted ingestions of which something is left. */
  listUnpurged(): Promise<readonly string[]>;
  /** Ingestions that are COMPLETED, FAILED or CANCELLED and were not changed since `before`, at most `limit`. */
  listTerminalBefore(before: number, limit: number): Promise<readonly string[]>;

  close(): Promise<void>;
}
