import { z } from '@hono/zod-openapi';
import { ERRORS } from '../errors.ts';
import type { RejectEntry } from '../model/ingestion.ts';
import { placeSchema, presentPlace } from './present-place.ts';
import { isoTime } from './present-time.ts';
import { rawTextOf } from './raw-text.ts';
import { count, nextCursor, time } from './schema-parts.ts';

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

/** A page of bad records, in the order of the source. */
export const rejectPageSchema = z
  .object({ items: z.array(rejectSchema), next_cursor: nextCursor })
  .openapi('RejectPage');

/** A bad record that was set aside as the API shows it. */
export function presentReject(entry: RejectEntry): z.infer<typeof rejectSchema> {
  const { error, raw } = entry;
  const isTruncated = raw.length < entry.byteLength;
  return {
    file_index: entry.fileIndex,
    byte_offset: entry.byteOffset,
    byte_length: entry.byteLength,
    line: entry.line,
    column: entry.column,
    code: error.code,
    message: error.message,
    what_to_do: ERRORS[error.code].remedy,
    ...(error.place === undefined ? {} : { place: presentPlace(error.place) }),
    chunk_number: entry.chunkNumber,
    recorded_at: isoTime(entry.recordedAt),
    raw: Buffer.from(raw).toString('base64'),
    raw_text: rawTextOf(raw, isTruncated),
    is_truncated: isTruncated,
  };
}
