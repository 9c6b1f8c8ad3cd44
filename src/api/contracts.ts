/** What the API answers with: the one description that types the presenters and makes the OpenAPI document. */
import { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorCode } from '../errors.ts';
import { FILE_TYPES, LISTED_ATTEMPTS, STATUSES } from '../model/ingestion.ts';

const EXAMPLE_FILE_ID = '92acf69559533fd7171c7f80834b38f3656bff2296e1924122526f5a901eec8d';
/** An id of an ingestion, that of docs/protocol.md. */
export const EXAMPLE_INGESTION_ID = '810ba930073cbac56a41b756b443a9cf0407396ac43bf4f59e40737b25fe8bba';
/** The checksum of the one record `1`. */
export const EXAMPLE_CHECKSUM = '080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22';

/** The member `ingestion_id` of what is told. */
export const ingestionId = z.string().openapi({ description: 'Id of the ingestion.', example: EXAMPLE_INGESTION_ID });
const fileId = z.string().openapi({ description: 'Id of the file, by its path and type.', example: EXAMPLE_FILE_ID });
const count = (description: string, example: number) => z.int().min(0).openapi({ description, example });
const time = (description: string) =>
  z.string().openapi({ description, format: 'date-time', example: '2026-03-01T12:00:00.000Z' });

/** Where in the file something is. */
export const placeSchema = z
  .object({
    file: z.string().optional(),
    byte_offset: z.int().optional(),
    line: z.int().optional(),
    column: z.int().optional().openapi({ description: 'In bytes, from 1.' }),
  })
  .openapi('Place');

/** The answer to POST /api/ingest. */
export const submissionSchema = z
  .object({
    status: z.enum(['STARTED', 'RUNNING', 'RESUMED', 'COMPLETED']).openapi({
      description:
        'STARTED: begun anew. RUNNING: it was under way, nothing starts twice. RESUMED: goes on from its checkpoint. COMPLETED: was delivered before, nothing is sent.',
    }),
    ingestion_id: ingestionId,
    file_id: fileId,
    changed: z
      .array(z.string())
      .optional()
      .openapi({
        description: 'Fields of this request that the existing ingestion took over; absent where there are none.',
        example: ['chunk_size_by_records'],
      }),
  })
  .openapi('Submission');

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

/** A circuit that is not closed. */
export const circuitSchema = z
  .object({
    origin: z.string().openapi({ example: 'https://receiver.example' }),
    state: z.enum(['open', 'half-open']).openapi({
      description: 'open: nothing is sent there before the next probe. half-open: a probe is under way.',
    }),
    since: time('When it opened.'),
    next_probe_at: time('From when on one attempt is let through; null: it is under way.').nullable(),
    consecutive_failures: count('Failed attempts in a row at this origin.', 5),
  })
  .openapi('Circuit');

/** The circuits that are not closed, by origin. */
export const circuitListSchema = z.object({ items: z.array(circuitSchema) }).openapi('CircuitList');

/** What a file looks like to a delivery. */
export const previewSchema = z
  .object({
    file_type: z.enum(FILE_TYPES),
    file_count: count('Files it is made of.', 1),
    files: z.array(z.object({ path: z.string(), size: z.int() })).openapi({ description: 'The first 100 of them.' }),
    source_size: count('Bytes of all files.', 1_048_576),
    compression: z.enum(['gzip', 'zstd', 'bzip2', 'zip']).nullable().openapi({ description: 'Of the first file.' }),
    encoding: z.string().nullable().openapi({
      description:
        'Of the first file: by its byte order mark, as asked for or declared; null: the file type is no text.',
      example: 'utf-8',
    }),
    record_path: z.string().nullable().openapi({ description: 'Where the records are; null: the file type has none.' }),
    format: z.record(z.string(), z.unknown()).openapi({ description: 'The options of the file type, complete.' }),
    sampled: z
      .object({ records: z.int(), bad_records: z.int() })
      .openapi({ description: 'From how many the fields are told.' }),
    fields: z.array(
      z.object({
        path: z.string().openapi({ description: '`[]` stands for the elements of an array.', example: 'price.amount' }),
        types: z.array(z.enum(['string', 'integer', 'number', 'boolean', 'null', 'object', 'array'])),
        count: count('How often it was met.', 1000),
        examples: z.array(z.string()).openapi({ description: 'Up to three, as JSON, cut.' }),
      }),
    ),
    bad_records: z
      .array(
        z.object({
          file_index: z.int(),
          byte_offset: z.int(),
          byte_length: z.int(),
          line: z.int(),
          code: z.string(),
          message: z.string(),
          what_to_do: z.string(),
          place: placeSchema.optional(),
          raw_text: z.string().nullable().openapi({ description: 'Its beginning; null: it is not UTF-8.' }),
        }),
      )
      .openapi({ description: 'The first 20.' }),
    full: z
      .object({
        records: z.int(),
        bad_records: z.int(),
        chunks: z.int(),
        bytes: z.int().openapi({ description: 'Of the canonical records in all chunks.' }),
        largest_chunk_bytes: z.int(),
      })
      .nullable()
      .openapi({ description: 'Null unless all of it was to be read.' }),
    records: z.array(z.unknown()).openapi({ description: 'The first records, as they would be delivered.' }),
  })
  .openapi('Preview');

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

/** One attempt. */
export const attemptSchema = z
  .object({
    attempt: count('From 1, over all runs.', 1),
    epoch: count('Number of the run.', 1),
    begun_at: time('Before the first byte was sent.'),
    ended_at: time('Null while it is under way.').nullable(),
    duration_ms: z.number().nullable(),
    outcome: z.string().nullable().openapi({ description: 'Null while it is under way.', example: 'unavailable' }),
    http_status: z.int().nullable().openapi({
      description: 'Of the answer; null where none came, and where it is an acknowledgement.',
      example: 503,
    }),
    reason: z.string().nullable().openapi({ description: 'Why it was no acknowledgement.', example: 'HTTP 503' }),
  })
  .openapi('Attempt');

/** A row of the ledger. */
export const chunkSchema = z
  .object({
    chunk_number: count('From 0, without gaps.', 0),
    chunk_id: z.string().openapi({ example: `${EXAMPLE_INGESTION_ID}:0` }),
    checksum: z.string().openapi({ description: 'SHA-256 of the canonical records array.', example: EXAMPLE_CHECKSUM }),
    chain_checksum: z.string().openapi({ example: EXAMPLE_CHECKSUM }),
    record_offset: count('Records before this chunk.', 0),
    record_count: count('Records of this chunk.', 500),
    byte_count: count('Length of the canonical records array.', 250_000),
    is_last: z.boolean(),
    first_position: placeSchema,
    planned_at: time('When it was frozen.'),
    acked_at: time('Null: not acknowledged yet.').nullable(),
    attempt_count: count('How many attempts at it were begun.', 2),
    attempts: z
      .array(attemptSchema)
      .max(LISTED_ATTEMPTS)
      .openapi({ description: `The last ${LISTED_ATTEMPTS}, oldest first.` }),
  })
  .openapi('Chunk');

/** A bad record that was set aside. */
export const rejectSchema = z
  .object({
    file_index: count('Which file of the ingestion, from 0.', 0),
    byte_offset: count('Where it begins in the text of that file, expanded and in UTF-8.', 52_000),
    byte_length: count('How long it is there.', 120),
    line: count('Line at which it begins, from 1.', 401),
    column: count('Column at which it begins, in bytes, from 1.', 1),
    code: z.string().openapi({ description: 'One of the codes of the errors.', example: 'ROW_WIDTH' }),
    message: z.string().openapi({ description: 'What is wrong.' }),
    what_to_do: z.string(),
    place: placeSchema.optional().openapi({ description: 'Where exactly it is wrong.' }),
    chunk_number: z.int().nullable().openapi({
      description: 'The chunk with whose plan it was put on record; null: with none.',
      example: 0,
    }),
    recorded_at: time('When it was put on record.'),
    raw: z.string().openapi({ description: 'Its first 64 KiB in base64.', example: 'MTc7Y2hhaXI=' }),
    raw_text: z
      .string()
      .nullable()
      .openapi({ description: 'The same as text; null: it is not UTF-8.', example: '17;chair' }),
    is_truncated: z.boolean().openapi({ description: 'Whether it is longer than what is kept of it.' }),
  })
  .openapi('Reject');

const nextCursor = z
  .string()
  .nullable()
  .openapi({ description: 'The `cursor` of the next page; null on the last one.' });
/** A page of ingestions, newest first. */
export const ingestionPageSchema = z
  .object({ items: z.array(ingestionSchema), next_cursor: nextCursor })
  .openapi('IngestionPage');
/** A page of the ledger, by chunk number. */
export const chunkPageSchema = z.object({ items: z.array(chunkSchema), next_cursor: nextCursor }).openapi('ChunkPage');

/** A page of bad records, in the order of the source. */
export const rejectPageSchema = z
  .object({ items: z.array(rejectSchema), next_cursor: nextCursor })
  .openapi('RejectPage');

/** The service can be reached. The body is that of the original Python service, whose monitors may know it. */
export const healthSchema = z
  .object({ status: z.literal(200), message: z.literal('success check ok!') })
  .openapi('Health');
/** The process runs. */
export const livenessSchema = z.object({ live: z.literal(true) }).openapi('Liveness');
/** Whether the service can do its work. */
export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.boolean()).openapi({ example: { state: true } }),
  })
  .openapi('Readiness');

/** What every refusal and failure is told by. Members beside these are particulars of the code, such as `candidates`. */
export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ description: 'Where the code is described.', example: '/docs#REQUEST_INVALID' }),
    title: z.string().openapi({ description: 'What happened, the same for each error of the code.' }),
    status: z.int().openapi({ description: 'The HTTP status.', example: 422 }),
    code: z.string().openapi({
      description: 'What to match on. Later versions may add codes, and never change the meaning of one.',
      example: 'REQUEST_INVALID',
    }),
    detail: z.string().optional().openapi({ description: 'What happened this time.' }),
    instance: z.string().optional().openapi({
      description: 'The path that was asked for; absent where the request could not be read.',
      example: '/api/ingest',
    }),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'Every offending field; an empty `field` is the body as a whole.' }),
    what_to_do: z.string(),
  })
  .openapi('Problem', { description: 'A problem document, RFC 9457.' });

/** The media type of {@link problemSchema}. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** What an operation that asks for no token may be refused with before it begins. */
export const PUBLIC_CODES = ['HOST_NOT_ALLOWED', 'RATE_LIMITED'] as const satisfies readonly ErrorCode[];

/** What any other operation may be refused with before it begins. */
export const GATE_CODES = [
  'UNAUTHORIZED',
  'FORBIDDEN',
  ...PUBLIC_CODES,
  'TOKENS_UNUSABLE',
] as const satisfies readonly ErrorCode[];

/** What an operation that reads or writes the state may fail with. */
export const STATE_CODES = ['INTERNAL', 'STATE_DAMAGED', 'STATE_UNAVAILABLE'] as const satisfies readonly ErrorCode[];

/** What goes with a problem, by its status. */
const PROBLEM_HEADERS: Readonly<Record<string, z.ZodObject>> = {
  401: z.object({ 'WWW-Authenticate': z.string().openapi({ description: 'RFC 6750.', example: 'Bearer' }) }),
  429: z.object({ 'Retry-After': z.string().openapi({ description: 'Seconds.', example: '30' }) }),
  503: z.object({ 'Retry-After': z.string().openapi({ description: 'Seconds.', example: '30' }) }),
};

/** The OpenAPI responses of the codes that a route may answer with, by their status. */
export function problemResponses(...codes: readonly ErrorCode[]): object {
  const codesByStatus = Object.groupBy(codes, (code) => ERRORS[code].httpStatus);
  return Object.fromEntries(
    Object.entries(codesByStatus).map(([status, sameStatus = []]) => {
      const headers = PROBLEM_HEADERS[status];
      return [
        status,
        {
          description: sameStatus.join(', '),
          content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
          ...(headers === undefined ? {} : { headers }),
        },
      ];
    }),
  );
}

/** The response header that says where to go on, for the document. */
export function locationHeader(description: string) {
  return z.object({
    Location: z.string().openapi({ description, example: `/api/ingestions/${EXAMPLE_INGESTION_ID}` }),
  });
}

/** The OpenAPI response of a JSON body. */
export function jsonResponse<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
