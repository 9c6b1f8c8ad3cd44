import { z } from '@hono/zod-openapi';
import { ERRORS } from '../errors.ts';
import type { Circuit } from '../model/circuit.ts';
import { formatDurationMs } from '../model/duration.ts';
import { FILE_TYPES, type Ingestion, type LastError, STATUSES } from '../model/ingestion.ts';
import { formatMaxBadRecords } from '../model/max-bad-records.ts';
import { presentFormat } from '../protocol/format-options.ts';
import { circuitSchema, presentCircuit } from './present-circuit.ts';
import { placeSchema, presentPlace } from './present-place.ts';
import { isoTime, isoTimeOrNull } from './present-time.ts';
import { count, EXAMPLE_CHECKSUM, fileId, ingestionId, nextCursor, time } from './schema-parts.ts';

const lastErrorSchema = z
  .object({
    code: z.string().openapi({ description: 'One of the codes of the errors.', example: 'DELIVERY_REJECTED' }),
    message: z.string().openapi({ description: 'What happened; of a receiver, its own words.' }),
    what_to_do: z.string(),
    at: time('When it happened.'),
    place: placeSchema.optional(),
    data: z.record(z.string(), z.unknown()).optional().openapi({ description: 'Particulars for programs.' }),
  })
  .openapi('LastError');

/** One ingestion. */
export const ingestionSchema = z
  .object({
    ingestion_id: ingestionId,
    file_id: fileId,
    version: z
      .string()
      .openapi({ description: '`resume`, or the epoch milliseconds of a re-ingestion.', example: 'resume' }),
    file_path: z.string().openapi({ description: 'Absolute.', example: '/srv/feeds/products.json' }),
    file_type: z.enum(FILE_TYPES),
    file_count: count('Files it is made of: more than one of a folder or a pattern.', 1),
    format: z.record(z.string(), z.unknown()).openapi({
      description: 'The options of the file type, those included that the request left out.',
      example: { encoding: null },
    }),
    record_path: z.string().nullable().openapi({
      description:
        'Where the records are, empty for a top-level array; null: not found yet, or the file type has none.',
      example: 'products.items',
    }),
    number_form: z.enum(['exact', 'jcs']),
    on_bad_record: z.enum(['fail', 'quarantine']),
    max_bad_records: z.union([z.int(), z.string(), z.null()]).openapi({
      description: 'How many bad records, or what share of all, are set aside before it fails; null: any number.',
      example: '1%',
    }),
    callback_url: z.string().openapi({ example: 'https://receiver.example/callback' }),
    callback_header_names: z.array(z.string()).openapi({ description: 'Their values are never returned.' }),
    status_url: z.string().nullable(),
    chunk_size_by_records: count('As requested; 0: no bound.', 500),
    chunk_size_by_memory: count('As requested, in bytes; 0: no bound.', 0),
    retry: z.object({
      window: z.string().openapi({ example: '72h' }),
      max_delay: z.string().openapi({ example: '60s' }),
    }),
    status: z.enum(STATUSES).openapi({
      description:
        'QUEUED: waits for its turn or its next attempt. RUNNING. COMPLETED: the receiver has everything and said so. PAUSED, FAILED and CANCELLED wait for a request to resume.',
    }),
    epoch: count('Number of the run, 0 before the first; each start of work on it is a run.', 1),
    totals: z.object({
      records: count('Records that the receiver has acknowledged.', 12_000),
      chunks: count('Chunks that the receiver has acknowledged.', 24),
      rejected_records: count('Bad records that were set aside.', 0),
      source_bytes: count(
        'Bytes of the files, as they lie on the disk, up to the last acknowledged record.',
        6_000_000,
      ),
      source_size: count('Bytes of the files as they lie on the disk.', 10_000_000),
    }),
    percent: z
      .number()
      .openapi({ description: 'Of the bytes of the file, to a tenth; 100 only at its end.', example: 60 }),
    records_per_second: z.number().nullable().openapi({
      description: 'Of the current run, or of the one that completed it; null where there is nothing to tell.',
      example: 4000,
    }),
    eta_seconds: z.int().nullable().openapi({ description: 'Estimate of what remains, while RUNNING.', example: 2 }),
    chain_checksum: z
      .string()
      .openapi({ description: 'Chain over the checksums of the acknowledged chunks.', example: EXAMPLE_CHECKSUM }),
    // Not `nullable()`, which the document's generator forgets of a schema with a name.
    last_error: z.union([lastErrorSchema, z.null()]).openapi({
      description: 'Why it stopped, or why the last attempt failed; null again once a chunk is acknowledged.',
    }),
    next_attempt_at: time('While it waits after a failed attempt: when it tries again. Else null.').nullable(),
    // Not `nullable()`, as with `last_error`.
    circuit: z.union([circuitSchema, z.null()]).openapi({
      description: 'The circuit to the origin of its callback while that is not closed; else null.',
    }),
    created_at: time('When it was asked for.'),
    updated_at: time('When anything of it last changed.'),
    run_started_at: time('Begin of the current or last run.').nullable(),
    completed_at: time('When the receiver acknowledged COMPLETED.').nullable(),
  })
  .openapi('Ingestion');

/** A page of ingestions, newest first. */
export const ingestionPageSchema = z
  .object({ items: z.array(ingestionSchema), next_cursor: nextCursor })
  .openapi('IngestionPage');

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
    next_attempt_at: isoTimeOrNull(nextAttemptAt(ingestion, circuit)),
    circuit: circuit === null ? null : presentCircuit(circuit),
    created_at: isoTime(ingestion.createdAt),
    updated_at: isoTime(ingestion.updatedAt),
    run_started_at: isoTimeOrNull(ingestion.runStartedAt),
    completed_at: isoTimeOrNull(ingestion.completedAt),
  };
}

/** An attempt that the circuit would refuse is none that anybody waits for. */
function nextAttemptAt(ingestion: Ingestion, circuit: Circuit | null): number | null {
  if (ingestion.nextAttemptAt === null) return null;
  return Math.max(ingestion.nextAttemptAt, circuit?.nextProbeAt ?? 0);
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
