import type { z } from '@hono/zod-openapi';
import { ERRORS } from '../errors.ts';
import type { PreviewedFeed } from '../ingestion/preview-service.ts';
import { cutText } from '../model/cut-text.ts';
import type { BadRecord } from '../model/record.ts';
import { presentFormat } from '../protocol/format-options.ts';
import type { PreviewRequest } from '../protocol/preview-request.ts';
import type { previewSchema } from './contracts.ts';
import { presentPlace } from './present-ingestion.ts';
import { rawTextOf } from './present-reject.ts';

/** Files that are named; there may be thousands. */
const MAX_NAMED_FILES = 100;
const MAX_RAW_CHARACTERS = 200;

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
    fields: preview.fields.map(({ path, types, count, examples }) => ({
      path,
      types: [...types],
      count,
      examples: [...examples],
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
