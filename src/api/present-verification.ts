import { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorRecord } from '../errors.ts';
import type { Mismatch } from '../ingestion/verify-chunks.ts';
import type { Verification } from '../ingestion/verify-service.ts';
import { placeSchema, presentPlace } from './present-place.ts';
import { isoTime } from './present-time.ts';
import { count, time } from './schema-parts.ts';

const mismatchSchema = z
  .object({
    chunk_number: count('The chunk.', 7),
    record_offset: count('Records before it.', 3500),
    record_count: count('Its records.', 500),
    kind: z.enum(['source', 'chain']).openapi({
      description:
        'source: the file no longer gives its bytes. chain: the recorded chain does not follow from the recorded checksums.',
    }),
    message: z.string(),
    place: placeSchema.optional().openapi({ description: 'Where its first record began in the file.' }),
  })
  .openapi('Mismatch');

/** How far a verification is, or what came of it. */
export const verificationSchema = z
  .object({
    state: z.enum(['running', 'done', 'failed']).openapi({
      description:
        'done: all was compared, or something differs (`mismatch`). failed: it could not be compared (`error`), which says nothing of it.',
    }),
    chunks: count('How many are to be compared: all that were ever acknowledged.', 24),
    chunks_verified: count('How many are as recorded.', 24),
    records_verified: count('Records in these.', 12_000),
    // Not `nullable()`, which the document's generator forgets of a schema with a name.
    mismatch: z.union([mismatchSchema, z.null()]).openapi({ description: 'The first that differs; it ends there.' }),
    error: z
      .object({ code: z.string(), message: z.string(), what_to_do: z.string() })
      .nullable()
      .openapi({ description: 'Why it failed.' }),
    started_at: time('When it was asked for.'),
    ended_at: time('Null while it runs.').nullable(),
  })
  .openapi('Verification', {
    example: {
      state: 'done',
      chunks: 24,
      chunks_verified: 24,
      records_verified: 12_000,
      mismatch: null,
      error: null,
      started_at: '2026-03-01T12:00:00.000Z',
      ended_at: '2026-03-01T12:00:01.200Z',
    },
  });

/** A verification as the API shows it. */
export function presentVerification(verification: Verification): z.infer<typeof verificationSchema> {
  const { state } = verification;
  return {
    state,
    chunks: verification.chunkCount,
    chunks_verified: verification.verifiedChunkCount,
    records_verified: verification.verifiedRecordCount,
    mismatch: state === 'done' && verification.mismatch !== null ? presentMismatch(verification.mismatch) : null,
    error: state === 'failed' ? presentReason(verification.error) : null,
    started_at: isoTime(verification.startedAt),
    ended_at: state === 'running' ? null : isoTime(verification.endedAt),
  };
}

function presentMismatch(mismatch: Mismatch): z.infer<typeof mismatchSchema> {
  return {
    chunk_number: mismatch.chunkNumber,
    record_offset: mismatch.recordOffset,
    record_count: mismatch.recordCount,
    kind: mismatch.kind,
    message: mismatch.message,
    ...(mismatch.place === undefined ? {} : { place: presentPlace(mismatch.place) }),
  };
}

function presentReason({ code, message }: ErrorRecord) {
  return { code, message, what_to_do: ERRORS[code].remedy };
}
