import type { z } from '@hono/zod-openapi';
import type { AttemptRecord, LedgerEntry } from '../model/ingestion.ts';
import { chunkIdOf } from '../protocol/identity.ts';
import type { chunkSchema } from './contracts.ts';
import { isoTime, isoTimeOrNull, presentPlace } from './present-ingestion.ts';

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
