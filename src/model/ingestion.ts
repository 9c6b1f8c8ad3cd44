import type { ErrorRecord } from '../errors.ts';
import type { ChunkPlan } from './chunk.ts';
import type { Formats } from './format.ts';
import type { MaxBadRecords } from './max-bad-records.ts';
import type { OutcomeKind, ReceivedAnswer } from './outcome.ts';
import type { BadRecord, NumberForm, OnBadRecord, Position } from './record.ts';

/** The file types that can be read. */
export const FILE_TYPES = ['json', 'ndjson', 'csv', 'excel', 'xml'] as const;
/** One of {@link FILE_TYPES}. */
export type FileType = (typeof FILE_TYPES)[number];

/** The states of an ingestion. */
export const STATUSES = ['QUEUED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
/** One of {@link STATUSES}. */
export type Status = (typeof STATUSES)[number];

/**
 * What can happen to an ingestion: `claim` a slot takes it, `release` its run gives the slot back (a wait of over 5 s, a shutdown, a
 * crash found at start-up), `pause` `resume` `cancel` a person or a rule, `fail` `complete` its run.
 */
export const EVENTS = ['claim', 'release', 'pause', 'resume', 'cancel', 'fail', 'complete'] as const;
/** One of {@link EVENTS}. */
export type IngestionEvent = (typeof EVENTS)[number];

/** What a `status_url` is told: that it started, and where it stopped. */
export type AnnouncedStatus = 'STARTED' | Exclude<Status, 'QUEUED' | 'RUNNING'>;

/** The one table of allowed moves: state → event → next state. What is not here is refused. */
const MOVES: Readonly<Record<Status, Partial<Readonly<Record<IngestionEvent, Status>>>>> = {
  QUEUED: { claim: 'RUNNING', pause: 'PAUSED', cancel: 'CANCELLED' },
  RUNNING: { release: 'QUEUED', pause: 'PAUSED', cancel: 'CANCELLED', fail: 'FAILED', complete: 'COMPLETED' },
  PAUSED: { resume: 'QUEUED', cancel: 'CANCELLED' },
  // Resuming a completed one sends COMPLETED again, which finds a receiver that was restored from an older backup.
  COMPLETED: { resume: 'QUEUED' },
  FAILED: { resume: 'QUEUED', cancel: 'CANCELLED' },
  CANCELLED: { resume: 'QUEUED' },
};

/** The state after an event, or undefined where the move is not allowed. */
export function nextStatus(status: Status, event: IngestionEvent): Status | undefined {
  return MOVES[status][event];
}

/** The states in which an event is allowed. */
export function statusesAllowing(event: IngestionEvent): readonly Status[] {
  return STATUSES.filter((status) => nextStatus(status, event) !== undefined);
}

/** What identifies the bytes of a source, as far as it can be told without reading them all. Stored; nanoseconds as decimal text. */
export interface SourceFingerprint {
  /** How many files it is of; absent: one. */
  readonly fileCount?: number;
  /** Length in bytes. */
  readonly size: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  /** `<device>:<inode>`. */
  readonly inode: string;
  /** SHA-256 of the first and of the last 64 KiB, 64 hex digits. */
  readonly headDigest: string;
  readonly tailDigest: string;
}

/** Which records there are: fixed once an attempt was begun. */
export interface ReadSettings {
  /** Dotted path of the array that holds the records, `""` for a top-level array; null: to be found. */
  readonly recordPath: string | null;
  /** Whether the path was found in the document rather than asked for: in another document it says nothing. */
  readonly isRecordPathFound: boolean;
  readonly numberForm: NumberForm;
  readonly maxDepth: number;
  readonly maxRecordBytes: number;
  /** The options of the ingestion's file type. */
  readonly format: Formats[FileType];
  readonly onBadRecord: OnBadRecord;
}

/** How it is delivered: may change with a later request, from the next attempt or the next chunk that is not frozen. */
export interface DeliverySettings {
  readonly callbackUrl: string;
  /** As requested; 0: no bound. Both 0: 1 000 records and 4 MiB. */
  readonly chunkSizeByRecords: number;
  readonly chunkSizeByMemory: number;
  readonly retryWindowMs: number;
  readonly maxDelayMs: number;
  /** Null: the service's own. Never returned or logged. */
  readonly callbackHeaders: Readonly<Record<string, string>> | null;
  /** Null: the service's own. Never returned or logged. */
  readonly callbackSecret: string | null;
  readonly statusUrl: string | null;
  /** How many bad records are set aside before the ingestion fails; null: any number. */
  readonly maxBadRecords: MaxBadRecords | null;
}

/** How far an ingestion is, committed with each acknowledgement. A rewind moves it back. */
export interface Checkpoint {
  /** The chunk to deliver next; all below are acknowledged. */
  readonly nextChunkNumber: number;
  /** Records acknowledged. */
  readonly recordCount: number;
  /** Source bytes read up to the end of the last acknowledged chunk. */
  readonly sourceBytes: number;
  /** Chain over the checksums of the acknowledged chunks. */
  readonly chainChecksum: string;
  /** Whether the last acknowledged chunk was the last one of the source. */
  readonly isAtEnd: boolean;
}

/**
 * What the retry policy remembers between attempts, over waits and restarts. Cleared by an acknowledgement of new ground, and by a
 * person's resume; `rejectionCount` also where the service starts, which begins a new run.
 */
export interface RetryHistory {
  /** Failed attempts in a row that may be repeated: the exponent of the backoff. */
  readonly failureCount: number;
  /** Wall clock, ms: the chunk's first failed attempt; null where none failed. The retry window counts from here. */
  readonly firstFailedAt: number | null;
  /** Rejections of this chunk in this run. */
  readonly rejectionCount: number;
  /** Rewinds since the highest acknowledged chunk was last passed. */
  readonly rewindCount: number;
}

/** The longest a receiver is left alone because it asked for it, ms (docs/protocol.md "The answer, and what follows"). */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** A history without failures. */
export const NO_FAILURES: RetryHistory = { failureCount: 0, firstFailedAt: null, rejectionCount: 0, rewindCount: 0 };

/** An ingestion's last error, with the time (wall clock, ms) at which it was met. */
export interface LastError extends ErrorRecord {
  readonly at: number;
}

/** An ingestion: one delivery of one file to one callback. Times are wall clock, ms since 1970. */
export interface Ingestion {
  readonly ingestionId: string;
  readonly fileId: string;
  /** `"resume"`, or the epoch milliseconds of a re-ingestion. */
  readonly version: string;
  /** Absolute, free of `.` and `..`. */
  readonly filePath: string;
  readonly fileType: FileType;
  readonly read: ReadSettings;
  readonly delivery: DeliverySettings;
  readonly status: Status;
  /** Order of the queue. */
  readonly queueSequence: number;
  /** Number of the run, 0 before the first: every write and every request of a run carries it. */
  readonly epoch: number;
  readonly fingerprint: SourceFingerprint;
  readonly checkpoint: Checkpoint;
  /** Highest chunk ever acknowledged and ever planned, -1 for none. Plans up to the latter are frozen. */
  readonly highestAckedChunk: number;
  readonly highestPlannedChunk: number;
  /** The size at which a receiver's 413 made chunks close; null: never happened. */
  readonly closeAtBytes: number | null;
  readonly retry: RetryHistory;
  /** Not before this time; null: at once. */
  readonly nextAttemptAt: number | null;
  readonly lastError: LastError | null;
  readonly rejectedRecords: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Begin of the current or last run, and the records acknowledged then: what the rate is computed from. */
  readonly runStartedAt: number | null;
  readonly runStartedRecordCount: number;
  /** When the receiver first acknowledged COMPLETED. */
  readonly completedAt: number | null;
}

/** What is on record of one attempt. */
export interface AttemptRecord {
  /** From 1, over all runs. */
  readonly attempt: number;
  readonly epoch: number;
  readonly begunAt: number;
  readonly endedAt: number | null;
  /** Kind of its outcome; null while it is under way, `unknown` where the process ended under it. */
  readonly outcome: OutcomeKind | null;
  readonly httpStatus: number | null;
  readonly reason: string | null;
}

/** An attempt that failed, with what was answered to it. */
export interface FailedAttempt {
  /** Null: it was at COMPLETED. */
  readonly chunkNumber: number | null;
  readonly record: AttemptRecord;
  /** Null: none came, or it is not on record. */
  readonly answer: ReceivedAnswer | null;
}

/** How many attempts a row of the ledger tells, the last ones: where a receiver was away for weeks there are thousands. */
export const LISTED_ATTEMPTS = 20;

/** A row of the ledger: a chunk's plan, the chain after it, and what became of it. */
export interface LedgerEntry {
  readonly plan: ChunkPlan;
  /** Chain over the checksums of the chunks up to and with this one. */
  readonly chainChecksum: string;
  readonly plannedAt: number;
  readonly ackedAt: number | null;
  readonly attemptCount: number;
  /** The last {@link LISTED_ATTEMPTS}, oldest first. */
  readonly attempts: readonly AttemptRecord[];
}

/** A bad record that was set aside: the file and the offset tell it from all others of its ingestion. */
export interface RejectEntry
  extends Pick<Position, 'fileIndex' | 'byteOffset' | 'line' | 'column'>,
    Omit<BadRecord, 'position'> {
  /** The chunk with whose plan it was put on record; null: with none. */
  readonly chunkNumber: number | null;
  readonly recordedAt: number;
}
