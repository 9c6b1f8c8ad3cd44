import { z } from 'zod';
import type { NumberForm } from '../model/record.ts';
import { type FeedFields, parseFeedRequest } from './feed-fields.ts';
import { ingestRequestSchema } from './ingest-request-schema.ts';

/** Most records that are shown. */
const MAX_SHOWN_RECORDS = 100;
const DEFAULT_SHOWN_RECORDS = 10;
const RECORDS_FORM = `must be an integer from 0 to ${MAX_SHOWN_RECORDS}`;

/** The body of `POST /api/preview`: the fields of a request for an ingestion that concern reading and chunks, and how much is to be looked at. Strict as well. */
export const previewRequestSchema = ingestRequestSchema
  .pick({
    file_path: true,
    file_type: true,
    record_path: true,
    format: true,
    number_form: true,
    chunk_size_by_records: true,
    chunk_size_by_memory: true,
  })
  .extend({
    records: z
      .int({ error: RECORDS_FORM })
      .min(0, { error: RECORDS_FORM })
      .max(MAX_SHOWN_RECORDS, { error: RECORDS_FORM })
      .nullish()
      .meta({ description: `How many records to show. Default ${DEFAULT_SHOWN_RECORDS}.` }),
    full: z.boolean({ error: 'must be true or false' }).nullish().meta({
      description: 'Whether to read to the end, and count records, bytes, chunks and bad records. Default false.',
    }),
  });

/** What is to be looked at, checked and normalised. */
export interface PreviewRequest extends FeedFields {
  readonly numberForm: NumberForm;
  /** 0: no bound, as a request for an ingestion has it. */
  readonly chunkSizeByRecords: number;
  readonly chunkSizeByMemory: number;
  readonly maxShownRecords: number;
  readonly isFull: boolean;
}

/**
 * The request that a body of `POST /api/preview` makes, whatever sent it.
 * @param body what JSON.parse gave.
 * @throws REQUEST_INVALID naming every field that cannot be accepted.
 */
export function parsePreviewRequest(body: unknown): PreviewRequest {
  const { feed, request } = parseFeedRequest(previewRequestSchema, body);
  return {
    ...feed,
    numberForm: request.number_form ?? 'exact',
    chunkSizeByRecords: request.chunk_size_by_records ?? 0,
    chunkSizeByMemory: request.chunk_size_by_memory ?? 0,
    maxShownRecords: request.records ?? DEFAULT_SHOWN_RECORDS,
    isFull: request.full ?? false,
  };
}
