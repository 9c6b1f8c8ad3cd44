import { z } from '@hono/zod-openapi';
import { type AttemptRecord, type LedgerEntry, LISTED_ATTEMPTS } from '../model/ingestion.ts';
import { OUTCOME_KINDS } from '../model/outcome.ts';
import { chunkIdOf } from '../protocol/identity.ts';
import { placeSchema, presentPlace } from './present-place.ts';
import { isoTime, isoTimeOrNull } from './present-time.ts';
import { count, EXAMPLE_CHECKSUM, EXAMPLE_INGESTION_ID, nextCursor, time } from './schema-parts.ts';

/** One attempt. */
export const attemptSchema = z
  .object({
    attempt: count('From 1, over all runs.', 1),
    epoch: count('Number of the run.', 1),
    begun_at: time('Before the first byte was sent.'),
    ended_at: time('Null while it is under way.').nullable(),
    duration_ms: z.number().nullable(),
    outcome: z
      .enum(OUTCOME_KINDS)
      .nullable()
      .openapi({ description: 'Null while it is under way.', example: 'unavailable' }),
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

/** A page of the ledger, by chunk number. */
export const chunkPageSchema = z.object({ items: z.array(chunkSchema), next_cursor: nextCursor }).openapi('ChunkPage');

type ChunkBody = z.infer<typeof chunkSchema>;

/** A row of the ledger of an ingestion as the API shows it. */
export function presentChunk(ingestionId: string, entry: LedgerEntry): ChunkBody {
  const { plan } = entry;
  return {
    chunk_number: plan.chunkNumber,
    chunk_id: chunkIdOf(ingestionId, plan.chunkNumber),
    checksum: plan.checksum,
    chain_checksum: entry.chainChecksum,
    record_offset: plan.recordOffset,
    record_count: plan.recordCount,
    byte_count: plan.byteCount,
    is_last: plan.isLast,
    first_position: presentPlace(plan.firstPosition),
    planned_at: isoTime(entry.plannedAt),
    acked_at: isoTimeOrNull(entry.ackedAt),
    attempt_count: entry.attemptCount,
    attempts: entry.attempts.map(presentAttempt),
  };
}

/** An attempt as the API shows it. */
export function presentAttempt(attempt: AttemptRecord): ChunkBody['attempts'][number] {
  return {
    attempt: attempt.attempt,
    epoch: attempt.epoch,
    begun_at: isoTime(attempt.begunAt),
    ended_at: isoTimeOrNull(attempt.endedAt),
    duration_ms: attempt.endedAt === null ? null : attempt.endedAt - attempt.begunAt,
    outcome: attempt.outcome,
    http_status: attempt.httpStatus,
    reason: attempt.reason,
  };
}
