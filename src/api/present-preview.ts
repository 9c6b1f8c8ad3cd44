import { z } from '@hono/zod-openapi';
import { ERRORS } from '../errors.ts';
import type { PreviewedFeed } from '../ingestion/preview-service.ts';
import { cutText } from '../model/cut-text.ts';
import { COMPRESSIONS } from '../model/file-names.ts';
import { FILE_TYPES } from '../model/ingestion.ts';
import type { BadRecord } from '../model/record.ts';
import { presentFormat } from '../protocol/format-options.ts';
import type { PreviewRequest } from '../protocol/preview-request.ts';
import { placeSchema, presentPlace } from './present-place.ts';
import { rawTextOf } from './raw-text.ts';
import { count } from './schema-parts.ts';

/** Files that are named; there may be thousands. */
const MAX_NAMED_FILES = 100;
const MAX_RAW_CHARACTERS = 200;

/** What a file looks like to a delivery. */
export const previewSchema = z
  .object({
    file_type: z.enum(FILE_TYPES),
    file_count: count('Files it is made of.', 1),
    files: z.array(z.object({ path: z.string(), size: z.int() })).openapi({ description: 'The first 100 of them.' }),
    source_size: count('Bytes of all files.', 1_048_576),
    compression: z.enum(COMPRESSIONS).nullable().openapi({ description: 'Of the first file.' }),
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

/** A preview but for its records, which are {@link renderPreview}'s. */
export type PreviewView = Omit<z.infer<typeof previewSchema>, 'records'>;

/** A preview as the API shows it, but for its records. */
export function presentPreview(request: PreviewRequest, { sources, preview }: PreviewedFeed): PreviewView {
  return {
    file_type: request.fileType,
    file_count: sources.files.length,
    files: sources.files.slice(0, MAX_NAMED_FILES).map(({ path, stat }) => ({ path, size: stat.size })),
    source_size: sources.fingerprint.size,
    compression: preview.coding.compression,
    encoding: preview.coding.encoding,
    record_path: preview.recordPath,
    format: presentFormat(request.format ?? request.defaultFormat),
    sampled: { records: preview.recordCount, bad_records: preview.rejectCount },
    fields: preview.fields.map((field) => ({
      path: field.path,
      types: [...field.types],
      count: field.count,
      examples: [...field.examples],
    })),
    bad_records: preview.rejects.map(presentBadRecord),
    full:
      preview.full === null
        ? null
        : {
            records: preview.full.recordCount,
            bad_records: preview.full.rejectCount,
            chunks: preview.full.chunkCount,
            bytes: preview.full.byteCount,
            largest_chunk_bytes: preview.full.largestChunkBytes,
          },
  };
}

/** A preview as JSON text. The records stand in it as they would be delivered: as objects of JavaScript they would lose digits. */
export function renderPreview(view: PreviewView, records: readonly string[]): string {
  return `${JSON.stringify(view).slice(0, -1)},"records":[${records.join(',')}]}`;
}

function presentBadRecord({ position, byteLength, error, raw }: BadRecord): PreviewView['bad_records'][number] {
  const text = rawTextOf(raw, raw.length < byteLength);
  return {
    file_index: position.fileIndex,
    byte_offset: position.byteOffset,
    byte_length: byteLength,
    line: position.line,
    code: error.code,
    message: error.message,
    what_to_do: ERRORS[error.code].remedy,
    ...(error.place === undefined ? {} : { place: presentPlace(error.place) }),
    raw_text: text === null ? null : cutText(text, MAX_RAW_CHARACTERS),
  };
}
