import type { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorPlace } from '../errors.ts';
import type { Circuit } from '../model/circuit.ts';
import { formatDurationMs } from '../model/duration.ts';
import type { Ingestion, LastError } from '../model/ingestion.ts';
import { formatMaxBadRecords } from '../model/max-bad-records.ts';
import { presentFormat } from '../protocol/format-options.ts';
import type { circuitSchema, ingestionSchema } from './contracts.ts';

type IngestionBody = z.infer<typeof ingestionSchema>;

/**
 * An ingestion as the API shows it: never a secret, of the callback's headers only the names.
 * @param around `now`, wall clock in ms: what rate and estimate of a running one are computed for; the circuit to its callback, null while that is closed
 */
export function presentIngestion(
  ingestion: Ingestion,
  { now, circuit }: { readonly now: number; readonly circuit: Circuit | null },
): IngestionBody {
  const { read, delivery, checkpoint, fingerprint } = ingestion;
  return {
    ingestion_id: ingestion.ingestionId,
    file_id: ingestion.fileId,
    version: ingestion.version,
    file_path: ingestion.filePath,
    file_type: ingestion.fileType,
    file_count: fingerprint.fileCount ?? 1,
    format: presentFormat(read.format),
    record_path: read.recordPath,
    number_form: read.numberForm,
    on_bad_record: read.onBadRecord,
    max_bad_records: delivery.maxBadRecords === null ? null : formatMaxBadRecords(delivery.maxBadRecords),
    callback_url: delivery.callbackUrl,
    callback_header_names: Object.keys(delivery.callbackHeaders ?? {}),
    status_url: delivery.statusUrl,
    chunk_size_by_records: delivery.chunkSizeByRecords,
    chunk_size_by_memory: delivery.chunkSizeByMemory,
    retry: { window: formatDurationMs(delivery.retryWindowMs), max_delay: formatDurationMs(delivery.maxDelayMs) },
    status: ingestion.status,
    epoch: ingestion.epoch,
    totals: {
      records: checkpoint.recordCount,
      chunks: checkpoint.nextChunkNumber,
      rejected_records: ingestion.rejectedRecords,
      source_bytes: checkpoint.sourceBytes,
      source_size: fingerprint.size,
    },
    percent: percentOf(ingestion),
    ...speedOf(ingestion, now),
    chain_checksum: checkpoint.chainChecksum,
    last_error: ingestion.lastError === null ? null : presentLastError(ingestion.lastError),
    next_attempt_at: isoTimeOrNull(ingestion.nextAttemptAt),
    circuit: circuit === null ? null : presentCircuit(circuit),
    created_at: isoTime(ingestion.createdAt),
    updated_at: isoTime(ingestion.updatedAt),
    run_started_at: isoTimeOrNull(ingestion.runStartedAt),
    completed_at: isoTimeOrNull(ingestion.completedAt),
  };
}

/** Rounded down, so that what is not at its end never looks as if it were. */
function percentOf({ status, checkpoint, fingerprint }: Ingestion): number {
  if (status === 'COMPLETED' || checkpoint.isAtEnd) return 100;
  if (fingerprint.size === 0) return 0;
  return Math.min(99.9, Math.floor((checkpoint.sourceBytes / fingerprint.size) * 1000) / 10);
}

/** The speed of the current run, or of the one that completed it; what remains is taken to have records as long as those before. */
function speedOf(ingestion: Ingestion, now: number): Pick<IngestionBody, 'records_per_second' | 'eta_seconds'> {
  const unknown = { records_per_second: null, eta_seconds: null };
  const { status, checkpoint, fingerprint, runStartedAt, completedAt } = ingestion;
  const until = status === 'RUNNING' ? now : status === 'COMPLETED' ? completedAt : null;
  if (runStartedAt === null || until === null || until <= runStartedAt) return unknown;
  const recordsOfRun = checkpoint.recordCount - ingestion.runStartedRecordCount;
  if (recordsOfRun <= 0) return unknown;
  const recordsPerSecond = (recordsOfRun * 1000) / (until - runStartedAt);
  const remainingBytes = Math.max(0, fingerprint.size - checkpoint.sourceBytes);
  const remainingRecords = checkpoint.isAtEnd ? 0 : (checkpoint.recordCount * remainingBytes) / checkpoint.sourceBytes;
  return {
    records_per_second: Math.round(recordsPerSecond * 10) / 10,
    eta_seconds: status === 'RUNNING' ? Math.ceil(remainingRecords / recordsPerSecond) : null,
  };
}

function presentLastError(error: LastError): NonNullable<IngestionBody['last_error']> {
  return {
    code: error.code,
    message: error.message,
    what_to_do: ERRORS[error.code].remedy,
    at: isoTime(error.at),
    ...(error.place === undefined ? {} : { place: presentPlace(error.place) }),
    ...(error.data === undefined ? {} : { data: { ...error.data } }),
  };
}

/** A circuit, as the API shows it. */
export function presentCircuit(circuit: Circuit): z.infer<typeof circuitSchema> {
  return {
    origin: circuit.origin,
    state: circuit.state,
    since: isoTime(circuit.since),
    next_probe_at: isoTimeOrNull(circuit.nextProbeAt),
    consecutive_failures: circuit.consecutiveFailures,
  };
}

/** A place in a file, as the API writes it. */
export function presentPlace({ file, byteOffset, line, column }: ErrorPlace) {
  return {
    ...(file === undefined ? {} : { file }),
    ...(byteOffset === undefined ? {} : { byte_offset: byteOffset }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}

/** A time in ms since 1970 as ISO text in UTC. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** {@link isoTime}, where there may be none. */
export function isoTimeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs);
}
