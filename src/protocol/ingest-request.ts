import { extname } from 'node:path';
import { ServiceError } from '../errors.ts';
import { parseDurationMs } from '../model/duration.ts';
import { fieldErrorsOf } from '../model/field-errors.ts';
import { FILE_TYPES, type FileType } from '../model/ingestion.ts';
import type { NumberForm } from '../model/record.ts';
import { normalizeFilePath } from './identity.ts';
import { FILE_TYPES_BY_NAME, ingestRequestSchema } from './ingest-request-schema.ts';

/** A request for an ingestion, checked and normalised. Null: left out, so that what is on record stays, else the default. */
export interface IngestRequest {
  /** Absolute, free of `.` and `..`. */
  readonly filePath: string;
  readonly fileType: FileType;
  readonly callbackUrl: string;
  readonly chunkSizeByRecords: number | null;
  readonly chunkSizeByMemory: number | null;
  readonly reIngestion: boolean;
  readonly recordPath: string | null;
  readonly numberForm: NumberForm | null;
  readonly retryWindowMs: number | null;
  readonly maxDelayMs: number | null;
  readonly callbackHeaders: Readonly<Record<string, string>> | null;
  readonly callbackSecret: string | null;
  readonly statusUrl: string | null;
}

/**
 * The request that a body of `POST /api/ingest` makes, whatever sent it.
 * @param body what JSON.parse gave.
 * @throws REQUEST_INVALID naming every field that cannot be accepted; FILE_TYPE_UNSUPPORTED where all is well but the type.
 */
export function parseIngestRequest(body: unknown): IngestRequest {
  const parsed = ingestRequestSchema.safeParse(body, { error: () => 'must be a JSON object' });
  if (!parsed.success) {
    throw new ServiceError('REQUEST_INVALID', {
      fields: fieldErrorsOf(parsed.error.issues, 'is not a field of this request'),
    });
  }
  const request = parsed.data;
  const filePath = normalizeFilePath(request.file_path);
  return {
    filePath,
    fileType: fileTypeOf(request.file_type ?? undefined, filePath),
    callbackUrl: new URL(request.callback_url).href,
    chunkSizeByRecords: request.chunk_size_by_records ?? null,
    chunkSizeByMemory: request.chunk_size_by_memory ?? null,
    reIngestion: request.re_ingestion ?? false,
    recordPath: request.record_path ?? null,
    numberForm: request.number_form ?? null,
    retryWindowMs: durationMsOf(request.retry?.window),
    maxDelayMs: durationMsOf(request.retry?.max_delay),
    callbackHeaders: request.callback_headers ?? null,
    callbackSecret: request.callback_secret ?? null,
    statusUrl: request.status_url == null ? null : new URL(request.status_url).href,
  };
}

/** The milliseconds of a duration that the schema let pass. */
function durationMsOf(text: string | null | undefined): number | null {
  return text == null ? null : (parseDurationMs(text) ?? null);
}

/** The type as asked for, else by the file's name, else JSON. */
function fileTypeOf(askedFor: string | undefined, filePath: string): FileType {
  const name = (askedFor ?? extname(filePath).slice(1)).toLowerCase();
  const type = FILE_TYPES_BY_NAME.get(name) ?? 'json';
  const supported = FILE_TYPES.find((candidate) => candidate === type);
  if (supported !== undefined) return supported;
  const message = `${type} cannot be read yet; supported are ${FILE_TYPES.join(' and ')}`;
  throw new ServiceError('FILE_TYPE_UNSUPPORTED', { detail: `${message}.`, fields: [{ field: 'file_type', message }] });
}
