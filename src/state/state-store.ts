import type { PlannedChunk } from '../model/chunk.ts';
import type { CircuitEvent, LoggedEvent } from '../model/event.ts';
import type {
  DeliverySettings,
  FailedAttempt,
  Ingestion,
  LedgerEntry,
  ReadSettings,
  RejectEntry,
  SourceFingerprint,
  Status,
} from '../model/ingestion.ts';
import type { RunWrites } from './run-writes.ts';

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
   * Changes of `answer.ingestionId`; `discardPlans` (and bad records with them, see {@link RunWrites.restartUnbegun}) where no attempt was begun, so that nothing is frozen yet. Where it is RUNNING, all but `delivery`
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

/** What {@link StateStore.claimNext} may claim. */
export interface ClaimQuery {
  /** Wall clock, ms. */
  readonly now: number;
  /** Their last run has not ended yet. */
  readonly excludedIds: readonly string[];
  /** What is on record of them cannot be read. */
  readonly damagedIds?: readonly string[];
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
 * The durable state. Every method is one transaction, but where it says otherwise, durable when it resolves. Failures of the medium throw STATE_UNAVAILABLE, and what is not as it
 * was written STATE_DAMAGED: with the id of the ingestion that it belongs to as `ingestion_id` in its `data`, where it is one row; without, where it is the file. A store
 * that was closed throws SHUTTING_DOWN.
 */
export interface StateStore extends StateReads, RunWrites {
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
  /** Cuts the waits of QUEUED ingestions, but for those of `exceptIds`, that a clock ahead of `now` wrote: to the longest that anybody may ask for. */
  recoverTimes(now: number, exceptIds: readonly string[]): Promise<void>;
  /** The newest time that anything on record carries, wall clock, ms; null: nothing is on record. */
  newestTime(): Promise<number | null>;

  /**
   * The first of the queue whose wait is over and which no other RUNNING or earlier QUEUED ingestion of the same file and callback precedes,
   * now RUNNING with the next epoch; null where there is none. What is excluded or damaged is not claimed, and counts as RUNNING whatever its status. A request
   * of an excluded one that has stopped may be in flight to a callback that it had before: nothing of its file is claimed. Where `onlyIds` is given, nothing is claimed but
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

  /** A frozen plan, or null. */
  getPlan(ingestionId: string, chunkNumber: number): Promise<PlannedChunk | null>;

  /**
   * The event log: each change of a status, each attempt that failed and, at most every 250 ms for each ingestion, its progress, put on record by the transaction that
   * makes it true. Bounded by count and age.
   */
  listEvents(query: EventQuery): Promise<EventPage>;
  /** Calls `listener`, which must not throw, after each commit that has put events on record. What is returned ends that. */
  watchEvents(listener: (events: readonly LoggedEvent[]) => void): () => void;
  /** Puts on record what became of a circuit. */
  recordCircuit(circuit: CircuitEvent, now: number): Promise<void>;
  /** Puts on record that all circuits are closed, as they are to a process that begins: of each one whose last event says otherwise. */
  recordCircuitsClosed(now: number): Promise<void>;
  /** Puts the progress on record that was left out for its rate and that for half a second nothing came after; costs nothing where there is none. */
  recordStalledProgress(now: number): Promise<void>;

  /**
   * Deletes an ingestion that is COMPLETED, FAILED or CANCELLED: nobody sees it any more, and its secrets are gone. What belongs to it goes with {@link purgeDeleted}, or where
   * its id is used again before.
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
  /** Removes some of the ledger, attempts, answers, bad records and events of a deleted ingestion, so that others wait but shortly; true: nothing of them is left, or its id is in use again. */
  purgeDeleted(ingestionId: string): Promise<boolean>;
  /** Deleted ingestions of which something is left; costs the same however many others there are. */
  listUnpurged(): Promise<readonly string[]>;
  /** Ingestions that are COMPLETED, FAILED or CANCELLED and were not changed since `before`, oldest first, at most `limit`; looked for in pieces, between which others commit. */
  listTerminalBefore(before: number, limit: number): Promise<readonly string[]>;
  /** Forgets each Idempotency-Key that was answered before that time, which may be used anew, and each event that was put on record before it. */
  forgetBefore(before: number): Promise<void>;

  close(): Promise<void>;
}
