import { parseDurationMs } from '../model/duration.ts';
import { type MaxBadRecords, parseMaxBadRecords } from '../model/max-bad-records.ts';
import type { NumberForm, OnBadRecord } from '../model/record.ts';
import { type FeedFields, parseFeedRequest } from './feed-fields.ts';
import { ingestRequestSchema } from './ingest-request-schema.ts';

/** A request for an ingestion, checked and normalised. Null: left out, so that what is on record stays, else the default. */
export interface IngestRequest extends FeedFields {
  readonly callbackUrl: string;
  readonly chunkSizeByRecords: number | null;
  readonly chunkSizeByMemory: number | null;
  readonly reIngestion: boolean;
  readonly numberForm: NumberForm | null;
  readonly onBadRecord: OnBadRecord | null;
  readonly maxBadRecords: MaxBadRecords | null;
  readonly retryWindowMs: number | null;
  readonly maxDelayMs: number | null;
  readonly callbackHeaders: Readonly<Record<string, string>> | null;
  readonly callbackSecret: string | null;
  readonly statusUrl: string | null;
}

/**
 * The request that a body of `POST /api/ingest` makes, whatever sent it.
 * @param body what JSON.parse gave.
 * @throws REQUEST_INVALID naming every field that cannot be accepted.
 */
export function parseIngestRequest(body: unknown): IngestRequest {
  const { feed, request } = parseFeedRequest(ingestRequestSchema, body);
  return {
    ...feed,
    callbackUrl: new URL(request.callback_url).href,
    chunkSizeByRecords: request.chunk_size_by_records ?? null,
    chunkSizeByMemory: request.chunk_size_by_memory ?? null,
    reIngestion: request.re_ingestion ?? false,
    numberForm: request.number_form ?? null,
    onBadRecord: request.on_bad_record ?? null,
    maxBadRecords: parseMaxBadRecords(request.max_bad_records) ?? null,
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
