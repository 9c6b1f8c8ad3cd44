import { z } from 'zod';
import { MAX_CHUNK_BYTES } from '../model/chunk.ts';
import { DURATION_FORM, parseDurationMs } from '../model/duration.ts';
import { MAX_BAD_RECORDS_FORM, parseMaxBadRecords } from '../model/max-bad-records.ts';
import { isWebhookSecret, WEBHOOK_SECRET_FORM } from '../model/webhook-secret.ts';
import { callbackHeaderProblems } from './callback-headers.ts';
import { fileTypeNamed } from './file-types.ts';

/** Most records of a chunk that may be asked for. */
const MAX_CHUNK_RECORDS = 100_000;
/** PATH_MAX of Linux: no longer path can be opened. */
const MAX_PATH_BYTES = 4096;
const MAX_URL_LENGTH = 8192;
const MAX_RECORD_PATH_LENGTH = 1024;
/** A year: what waits longer has been forgotten. */
const MAX_RETRY_WINDOW_MS = 8760 * 3_600_000;
const MAX_RETRY_DELAY_MS = 24 * 3_600_000;

const boundedInteger = (max: number) => {
  const error = `must be an integer from 0 to ${max}`;
  return z.int({ error }).min(0, { error }).max(max, { error });
};

const duration = (minMs: number, maxMs: number, range: string) => {
  const error = `must be ${DURATION_FORM}, ${range}`;
  return z.string({ error }).refine(
    (text) => {
      const durationMs = parseDurationMs(text);
      return durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs;
    },
    { error },
  );
};

const filePath = z.string({ error: 'must be the path of a file' }).check((context) => {
  const problem = filePathProblem(context.value);
  if (problem !== undefined) context.issues.push({ code: 'custom', message: problem, input: context.value });
});

function filePathProblem(path: string): string | undefined {
  if (path === '') return 'must be the path of a file';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    return 'must be a path on the machine of the service: http(s)://, s3:// and other URLs are not supported yet';
  }
  // Half a surrogate pair has no UTF-8 form, so that two such paths would share one identity.
  if (path.includes('\0') || !path.isWellFormed()) return 'must be valid Unicode text without NUL';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `must be at most ${MAX_PATH_BYTES} bytes`;
  return undefined;
}

const URL_FORM = 'must be an absolute http or https URL without user, password and fragment';
const callbackUrl = z
  .string({ error: URL_FORM })
  .max(MAX_URL_LENGTH, { error: `must be at most ${MAX_URL_LENGTH} characters` })
  .refine(isCallbackUrl, { error: URL_FORM });

/** Stricter than `new URL`, which takes `http:host`, drops line breaks and trims. */
function isCallbackUrl(text: string): boolean {
  if (!/^https?:\/\/(?!\/)[^\s\p{Cc}#\\]+$/iu.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

const callbackHeaders = z.custom<Readonly<Record<string, string>>>().check((context) => {
  for (const [name, message] of callbackHeaderProblems(context.value)) {
    context.issues.push({ code: 'custom', message, path: name === '' ? [] : [name], input: undefined });
  }
});

const RECORD_PATH_FORM = 'must be text that is not empty';

/**
 * The body of `POST /api/ingest`, docs/protocol.md "Asking for an ingestion". Only validates: {@link parseIngestRequest} fills in and
 * normalises. Strict, so that a typo never means the default.
 */
export const ingestRequestSchema = z.strictObject({
  file_path: filePath.meta({
    description: 'The file to deliver, on the machine of the service, below one of its source roots.',
    example: '/srv/feeds/products.json',
  }),
  file_type: z
    .string({ error: 'must be a string' })
    .refine((name) => fileTypeNamed(name) !== undefined, {
      error: 'must be json, ndjson (or jsonl), csv, tsv, excel (or xlsx) or xml',
    })
    .nullish()
    .meta({
      description:
        '`json`, `ndjson` (alias `jsonl`), `csv` (`tsv` for one with tabs), `excel` (alias `xlsx`) or `xml`, in any case. By default by the name, in which `.gz`, `.zst`, `.bz2` and `.zip` are looked behind, else `json`.',
      example: 'json',
    }),
  callback_url: callbackUrl.meta({
    description: 'Where the chunks are posted to.',
    example: 'https://receiver.example/callback',
  }),
  chunk_size_by_records: boundedInteger(MAX_CHUNK_RECORDS).nullish().meta({
    description: 'Most records of a chunk; 0: no bound by count. With both sizes 0: 1 000 records and 4 MiB.',
    example: 500,
  }),
  // A larger bound would promise what never happens.
  chunk_size_by_memory: boundedInteger(MAX_CHUNK_BYTES).nullish().meta({
    description: 'Most bytes of the canonical records of a chunk; 0: no bound but the 64 MiB of the service.',
    example: 1_048_576,
  }),
  re_ingestion: z.boolean({ error: 'must be true or false' }).nullish().meta({
    description: 'Deliver the file again, from its start, whatever was delivered of it before. Default false.',
  }),
  record_path: z
    .string({ error: RECORD_PATH_FORM })
    .max(MAX_RECORD_PATH_LENGTH, { error: `must be at most ${MAX_RECORD_PATH_LENGTH} characters` })
    .refine((path) => path.isWellFormed() && path !== '', { error: RECORD_PATH_FORM })
    .nullish()
    .meta({
      description:
        'Where the records are: in JSON the dotted path of their array (left out: also for a top-level array), in XML the name of their element or its path such as `catalog/products/product`. By default it is found. Other formats have none.',
      example: 'products.items',
    }),
  // Judged by `formatSchema`, when the type is known.
  format: z.unknown().optional(),
  on_bad_record: z.enum(['fail', 'quarantine'], { error: 'must be fail or quarantine' }).nullish().meta({
    description:
      'What becomes of a record that cannot be delivered: `fail` (default) ends the ingestion there, `quarantine` sets it aside. An ingestion that failed so goes on with `quarantine`.',
  }),
  max_bad_records: z
    .custom<number | string>((value) => parseMaxBadRecords(value) !== undefined, { error: MAX_BAD_RECORDS_FORM })
    .nullish()
    .meta({
      type: ['integer', 'string', 'null'],
      description:
        'With `quarantine`: how many bad records are set aside before the ingestion fails, or their share such as `"1%"`, which is judged from 1,000 records on and at the end. By default any number.',
      example: '1%',
    }),
  number_form: z.enum(['exact', 'jcs'], { error: 'must be exact or jcs' }).nullish().meta({
    description: '`exact` (default) keeps every digit of a number, `jcs` writes numbers as RFC 8785 does.',
  }),
  retry: z
    .strictObject(
      {
        window: duration(0, MAX_RETRY_WINDOW_MS, 'at most 8760h').nullish().meta({
          description: 'How long a chunk that cannot be delivered is tried again before the ingestion pauses.',
          example: '72h',
        }),
        max_delay: duration(1, MAX_RETRY_DELAY_MS, 'from 1ms to 24h').nullish().meta({
          description: 'Longest wait between two attempts.',
          example: '60s',
        }),
      },
      { error: 'must be an object with window and max_delay' },
    )
    .nullish(),
  callback_headers: callbackHeaders.nullish().meta({
    type: ['object', 'null'],
    additionalProperties: { type: 'string' },
    description: 'Headers sent along with every delivery. Never returned or logged.',
    example: { Authorization: 'Bearer …' },
  }),
  callback_secret: z
    .string({ error: `must be ${WEBHOOK_SECRET_FORM}` })
    .refine(isWebhookSecret, { error: `must be ${WEBHOOK_SECRET_FORM}` })
    .nullish()
    .meta({ description: 'Secret to sign deliveries with (Standard Webhooks). Never returned or logged.' }),
  status_url: callbackUrl
    .nullish()
    .meta({ description: 'Where STARTED, PAUSED, FAILED, CANCELLED and COMPLETED are posted to.' }),
});
