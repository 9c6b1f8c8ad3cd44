import type { z } from '@hono/zod-openapi';
import { ERRORS } from '../errors.ts';
import type { RejectEntry } from '../model/ingestion.ts';
import type { rejectSchema } from './contracts.ts';
import { isoTime, presentPlace } from './present-ingestion.ts';

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

/** The text that bytes are in UTF-8, null where they are none. What was cut off may end in the middle of a character, which is left out. */
export function rawTextOf(raw: Uint8Array, isTruncated: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw, { stream: isTruncated });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
