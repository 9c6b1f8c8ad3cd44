import type Database from 'better-sqlite3';
import type { AnswerKind } from './answer.ts';
import type { ChunkMessage, CompletionClaim } from './message.ts';
import type { Attempt } from './receiver-store.ts';

/** A row of `ingestions`. */
export interface IngestionRow {
  readonly highest_epoch: number;
  readonly is_completed: number;
  readonly claimed_last_chunk_number: number | null;
  readonly claimed_total_records: number | null;
  readonly claimed_total_chunks: number | null;
  readonly claimed_rejected_records: number | null;
  readonly claimed_chain_checksum: string | null;
}

interface ChunkRow {
  readonly chunk_number: number;
  readonly checksum: string;
  readonly chain_checksum: string;
  readonly records_after: number;
  readonly record_lines: Uint8Array;
}

type ChunkParameters = Omit<ChunkMessage, 'isLast'> & {
  readonly chainChecksum: string;
  readonly recordsAfter: number;
  readonly isLast: number;
  readonly epoch: number;
};

/** Every statement on the receiver's tables, prepared once. */
export type ReceiverStatements = ReturnType<typeof prepareStatements>;

/** Prepares the statements; the tables must be there. */
export function prepareStatements(db: Database.Database) {
  return { ...prepareReads(db), ...prepareWrites(db) };
}

function prepareReads(db: Database.Database) {
  return {
    newestChunk: db.prepare<[string], Pick<ChunkRow, 'chunk_number' | 'records_after' | 'chain_checksum'>>(
      `SELECT chunk_number, records_after, chain_checksum FROM chunks WHERE ingestion_id = ?
       ORDER BY chunk_number DESC LIMIT 1`,
    ),
    ingestion: db.prepare<[string], IngestionRow>('SELECT * FROM ingestions WHERE ingestion_id = ?'),
    chunkChecksum: db.prepare<[string], Pick<ChunkRow, 'checksum'>>('SELECT checksum FROM chunks WHERE chunk_id = ?'),
    recordLines: db.prepare<[string, number], Pick<ChunkRow, 'record_lines'>>(
      'SELECT record_lines FROM chunks WHERE ingestion_id = ? AND chunk_number = ?',
    ),
    wrongClaims: db.prepare<[string], { offsets: number; lasts: number }>(
      `SELECT count(*) FILTER (WHERE claimed_offset <> records_after - record_count) AS offsets,
         count(*) FILTER (WHERE is_last <> (chunk_number = newest)) AS lasts
       FROM (SELECT claimed_offset, records_after, record_count, is_last, chunk_number, max(chunk_number) OVER () AS newest
             FROM chunks WHERE ingestion_id = ?)`,
    ),
    ingestionIds: db.prepare<[], { ingestion_id: string }>(
      `SELECT ingestion_id FROM ingestions UNION SELECT ingestion_id FROM chunks
       UNION SELECT ingestion_id FROM answer_counts ORDER BY ingestion_id`,
    ),
    answerCounts: db.prepare<[string], { answer: AnswerKind; count: number }>(
      'SELECT answer, count FROM answer_counts WHERE ingestion_id = ? ORDER BY answer',
    ),
    attempts: db.prepare<[string], Attempt>(
      `SELECT ingestion_id AS ingestionId, subject, chunk_number AS chunkNumber, checksum, epoch, attempt,
         idempotency_key AS idempotencyKey, answer, http_status AS httpStatus, error, fault
       FROM attempts WHERE ingestion_id = ? ORDER BY attempt_number`,
    ),
  };
}

function prepareWrites(db: Database.Database) {
  return {
    raiseEpoch: db.prepare<{ ingestionId: string; epoch: number }>(
      `INSERT INTO ingestions (ingestion_id, highest_epoch) VALUES (:ingestionId, :epoch)
       ON CONFLICT DO UPDATE SET highest_epoch = max(highest_epoch, excluded.highest_epoch)`,
    ),
    addChunk: db.prepare<ChunkParameters>(
      `INSERT INTO chunks (ingestion_id, chunk_number, chunk_id, checksum, chain_checksum, record_count, records_after,
         claimed_offset, is_last, epoch, record_lines)
       VALUES (:ingestionId, :chunkNumber, :chunkId, :checksum, :chainChecksum, :recordCount, :recordsAfter,
         :recordOffset, :isLast, :epoch, :recordLines)`,
    ),
    reopen: db.prepare<[string]>('UPDATE ingestions SET is_completed = 0 WHERE ingestion_id = ?'),
    recordCompletion: db.prepare<CompletionClaim & { ingestionId: string; isCompleted: number }>(
      `INSERT OR REPLACE INTO ingestions (ingestion_id, highest_epoch, is_completed, claimed_last_chunk_number,
         claimed_total_records, claimed_total_chunks, claimed_rejected_records, claimed_chain_checksum)
       VALUES (:ingestionId,
         coalesce((SELECT highest_epoch FROM ingestions WHERE ingestion_id = :ingestionId), 0), :isCompleted,
         :lastChunkNumber, :totalRecords, :totalChunks, :rejectedRecords, :chainChecksum)`,
    ),
    forgetChunks: db.prepare<[string, number]>('DELETE FROM chunks WHERE ingestion_id = ? AND chunk_number >= ?'),
    forgetIngestion: db.prepare<{ ingestionId: string }>(
      `INSERT OR REPLACE INTO ingestions (ingestion_id, highest_epoch)
       VALUES (:ingestionId, coalesce((SELECT max(epoch) FROM chunks WHERE ingestion_id = :ingestionId), 0))`,
    ),
    addAttempt: db.prepare<Attempt>(
      `INSERT INTO attempts (ingestion_id, subject, chunk_number, checksum, epoch, attempt, idempotency_key, answer,
         http_status, error, fault)
       VALUES (:ingestionId, :subject, :chunkNumber, :checksum, :epoch, :attempt, :idempotencyKey, :answer,
         :httpStatus, :error, :fault)`,
    ),
    dropAttempts: db.prepare<[number]>('DELETE FROM attempts WHERE attempt_number <= ?'),
    countAnswer: db.prepare<[string, AnswerKind]>(
      `INSERT INTO answer_counts (ingestion_id, answer, count) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET count = count + 1`,
    ),
  };
}
