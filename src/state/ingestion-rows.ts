import type { FileType, Ingestion, LastError, ReadSettings, SourceFingerprint, Status } from '../model/ingestion.ts';
import type { MaxBadRecords } from '../model/max-bad-records.ts';
import type { NumberForm, OnBadRecord } from '../model/record.ts';
import type { SecretSeals } from './secret-seals.ts';

/** A row of the table `ingestions` without its `creation_order`; the types are those of the driver. */
export interface IngestionRow {
  readonly ingestion_id: string;
  readonly file_id: string;
  readonly version: string;
  readonly file_path: string;
  readonly file_type: FileType;
  readonly record_path: string | null;
  readonly is_record_path_found: number;
  readonly number_form: NumberForm;
  readonly max_depth: number;
  readonly max_record_bytes: number;
  readonly format: string;
  readonly on_bad_record: OnBadRecord;
  readonly callback_url: string;
  readonly chunk_size_by_records: number;
  readonly chunk_size_by_memory: number;
  readonly retry_window_ms: number;
  readonly max_delay_ms: number;
  readonly callback_headers: string | null;
  readonly callback_secret: string | null;
  readonly status_url: string | null;
  readonly max_bad_records: string | null;
  readonly status: Status;
  readonly queue_sequence: number;
  readonly epoch: number;
  readonly fingerprint: string;
  readonly next_chunk_number: number;
  readonly record_count: number;
  readonly source_bytes: number;
  readonly chain_checksum: string;
  readonly is_at_end: number;
  readonly highest_acked_chunk: number;
  readonly highest_planned_chunk: number;
  readonly close_at_bytes: number | null;
  readonly failure_count: number;
  readonly first_failed_at: number | null;
  readonly rejection_count: number;
  readonly rewind_count: number;
  readonly next_attempt_at: number | null;
  readonly last_error: string | null;
  readonly rejected_records: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly run_started_at: number | null;
  readonly run_started_record_count: number;
  readonly completed_at: number | null;
}

/** The row that holds an ingestion, its secrets sealed. */
export function rowOfIngestion(ingestion: Ingestion, seals: SecretSeals): IngestionRow {
  const { ingestionId, read, delivery, checkpoint, retry } = ingestion;
  return {
    ingestion_id: ingestionId,
    file_id: ingestion.fileId,
    version: ingestion.version,
    file_path: ingestion.filePath,
    file_type: ingestion.fileType,
    record_path: read.recordPath,
    is_record_path_found: Number(read.isRecordPathFound),
    number_form: read.numberForm,
    max_depth: read.maxDepth,
    max_record_bytes: read.maxRecordBytes,
    format: JSON.stringify(read.format),
    on_bad_record: read.onBadRecord,
    callback_url: delivery.callbackUrl,
    chunk_size_by_records: delivery.chunkSizeByRecords,
    chunk_size_by_memory: delivery.chunkSizeByMemory,
    retry_window_ms: delivery.retryWindowMs,
    max_delay_ms: delivery.maxDelayMs,
    ...seals.columnsOf(delivery, ingestionId),
    status_url: delivery.statusUrl,
    max_bad_records: jsonOrNull(delivery.maxBadRecords),
    status: ingestion.status,
    queue_sequence: ingestion.queueSequence,
    epoch: ingestion.epoch,
    fingerprint: JSON.stringify(ingestion.fingerprint),
    next_chunk_number: checkpoint.nextChunkNumber,
    record_count: checkpoint.recordCount,
    source_bytes: checkpoint.sourceBytes,
    chain_checksum: checkpoint.chainChecksum,
    is_at_end: Number(checkpoint.isAtEnd),
    highest_acked_chunk: ingestion.highestAckedChunk,
    highest_planned_chunk: ingestion.highestPlannedChunk,
    close_at_bytes: ingestion.closeAtBytes,
    failure_count: retry.failureCount,
    first_failed_at: retry.firstFailedAt,
    rejection_count: retry.rejectionCount,
    rewind_count: retry.rewindCount,
    next_attempt_at: ingestion.nextAttemptAt,
    last_error: jsonOrNull(ingestion.lastError),
    rejected_records: ingestion.rejectedRecords,
    created_at: ingestion.createdAt,
    updated_at: ingestion.updatedAt,
    run_started_at: ingestion.runStartedAt,
    run_started_record_count: ingestion.runStartedRecordCount,
    completed_at: ingestion.completedAt,
  };
}

/** The ingestion that a row holds. Throws STATE_KEY_MISMATCH where its secrets do not open. */
export function ingestionOfRow(row: IngestionRow, seals: SecretSeals): Ingestion {
  return {
    ingestionId: row.ingestion_id,
    fileId: row.file_id,
    version: row.version,
    filePath: row.file_path,
    fileType: row.file_type,
    read: {
      recordPath: row.record_path,
      isRecordPathFound: row.is_record_path_found === 1,
      numberForm: row.number_form,
      maxDepth: row.max_depth,
      maxRecordBytes: row.max_record_bytes,
      format: parseFormat(row.format),
      onBadRecord: row.on_bad_record,
    },
    delivery: seals.settingsOf(
      {
        callbackUrl: row.callback_url,
        chunkSizeByRecords: row.chunk_size_by_records,
        chunkSizeByMemory: row.chunk_size_by_memory,
        retryWindowMs: row.retry_window_ms,
        maxDelayMs: row.max_delay_ms,
        statusUrl: row.status_url,
        maxBadRecords: row.max_bad_records === null ? null : parseMaxBadRecords(row.max_bad_records),
      },
      row,
    ),
    status: row.status,
    queueSequence: row.queue_sequence,
    epoch: row.epoch,
    fingerprint: JSON.parse(row.fingerprint),
    checkpoint: {
      nextChunkNumber: row.next_chunk_number,
      recordCount: row.record_count,
      sourceBytes: row.source_bytes,
      chainChecksum: row.chain_checksum,
      isAtEnd: row.is_at_end === 1,
    },
    highestAckedChunk: row.highest_acked_chunk,
    highestPlannedChunk: row.highest_planned_chunk,
    closeAtBytes: row.close_at_bytes,
    retry: {
      failureCount: row.failure_count,
      firstFailedAt: row.first_failed_at,
      rejectionCount: row.rejection_count,
      rewindCount: row.rewind_count,
    },
    nextAttemptAt: row.next_attempt_at,
    lastError: row.last_error === null ? null : parseError(row.last_error),
    rejectedRecords: row.rejected_records,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    runStartedAt: row.run_started_at,
    runStartedRecordCount: row.run_started_record_count,
    completedAt: row.completed_at,
  };
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** The fingerprint that a column holds; null: of what another service delivered. */
export function parseFingerprint(json: string): SourceFingerprint | null {
  return JSON.parse(json);
}

function parseFormat(json: string): ReadSettings['format'] {
  return JSON.parse(json);
}

function parseMaxBadRecords(json: string): MaxBadRecords {
  return JSON.parse(json);
}

function parseError(json: string): LastError {
  return JSON.parse(json);
}
