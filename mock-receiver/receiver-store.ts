/**
 * What the receiver knows, in SQLite, so that it survives the end of its process. Each chunk's row carries the totals and the chain up
 * to and with it: the newest row is the ingestion's state, and a receiver that loses state merely loses rows.
 */
import Database from 'better-sqlite3';
import { CHAIN_START } from '../src/model/chunk.ts';
import { nextChainChecksum } from '../src/protocol/checksum.ts';
import type { AnswerKind } from './answer.ts';
import type { ChunkMessage, CompletionClaim, CompletionMessage } from './message.ts';
import { RECEIVER_SCHEMA } from './receiver-schema.ts';
import { type IngestionRow, prepareStatements, type ReceiverStatements } from './receiver-statements.ts';

/** What is stored of an ingestion. An unknown one is one without chunks. */
export interface IngestionState {
  readonly chunkCount: number;
  readonly recordCount: number;
  readonly chainChecksum: string;
  /** The highest epoch seen; 0 where none was. */
  readonly highestEpoch: number;
  /** Whether COMPLETED was acknowledged and nothing was stored or forgotten since. */
  readonly isCompleted: boolean;
  /** What the newest COMPLETED claimed; null where none arrived. */
  readonly claim: CompletionClaim | null;
}

/** One request as it arrived, and what it was answered. */
export interface Attempt {
  readonly ingestionId: string | null;
  readonly subject: 'chunk' | 'completed' | 'unreadable';
  readonly chunkNumber: number | null;
  readonly checksum: string | null;
  readonly epoch: number | null;
  readonly attempt: number | null;
  readonly idempotencyKey: string | null;
  /** Null: a fault stood in the way of a decision. */
  readonly answer: AnswerKind | null;
  readonly httpStatus: number | null;
  readonly error: string | null;
  /** The fault that was inflicted; null: none. */
  readonly fault: string | null;
}

/** Enough to look into a failed test, and bounded whatever arrives; older attempts are dropped. */
const MAX_ATTEMPTS = 10_000;

/** The receiver's state. All methods are synchronous; {@link transaction} makes several of them one. */
export class ReceiverStore {
  readonly #db: Database.Database;
  readonly #statements: ReceiverStatements;

  /** Opens or makes the state; without a path it lives in memory. Throws where the file is no receiver's state. */
  constructor(path: string | null) {
    this.#db = new Database(path ?? ':memory:');
    this.#db.pragma('journal_mode = WAL');
    // A reopened WAL database starts out with synchronous=NORMAL, under which an acknowledged chunk can be lost with the power.
    this.#db.pragma('synchronous = FULL');
    this.#db.exec(RECEIVER_SCHEMA);
    this.#statements = prepareStatements(this.#db);
  }

  /** Runs the work as one transaction that no other process can come between, and gives back what it gives back. */
  transaction<Result>(work: () => Result): Result {
    return this.#db.transaction(work).immediate();
  }

  state(ingestionId: string): IngestionState {
    const newest = this.#statements.newestChunk.get(ingestionId);
    const ingestion = this.#statements.ingestion.get(ingestionId);
    return {
      chunkCount: newest === undefined ? 0 : newest.chunk_number + 1,
      recordCount: newest?.records_after ?? 0,
      chainChecksum: newest?.chain_checksum ?? CHAIN_START,
      highestEpoch: ingestion?.highest_epoch ?? 0,
      isCompleted: ingestion?.is_completed === 1,
      claim: ingestion === undefined ? null : claimOf(ingestion),
    };
  }

  /** The checksum a chunk was stored with; undefined: it is not stored. */
  checksumOf(chunkId: string): string | undefined {
    return this.#statements.chunkChecksum.get(chunkId)?.checksum;
  }

  raiseEpoch(ingestionId: string, epoch: number): void {
    this.#statements.raiseEpoch.run({ ingestionId, epoch });
  }

  /** Stores the next chunk of its ingestion. */
  addChunk(chunk: ChunkMessage): void {
    const { recordCount, chainChecksum, highestEpoch } = this.state(chunk.ingestionId);
    this.#statements.addChunk.run({
      ...chunk,
      chainChecksum: nextChainChecksum(chainChecksum, chunk.checksum),
      recordsAfter: recordCount + chunk.recordCount,
      isLast: chunk.isLast ? 1 : 0,
      epoch: highestEpoch,
    });
    this.#statements.reopen.run(chunk.ingestionId);
  }

  /** Keeps what a COMPLETED claims, and whether it was acknowledged. */
  recordCompletion({ ingestionId, claim }: CompletionMessage, isAcknowledged: boolean): void {
    this.#statements.recordCompletion.run({ ingestionId, isCompleted: isAcknowledged ? 1 : 0, ...claim });
  }

  /** Goes back to the state before a chunk was stored, as a restored backup would; from chunk 0, all is forgotten. */
  forget(ingestionId: string, fromChunkNumber: number): void {
    this.transaction(() => {
      this.#statements.forgetChunks.run(ingestionId, fromChunkNumber);
      this.#statements.forgetIngestion.run({ ingestionId });
    });
  }

  /** Adds to the bounded log of attempts, and counts the answer. */
  recordAttempt(attempt: Attempt): void {
    const { lastInsertRowid } = this.#statements.addAttempt.run(attempt);
    this.#statements.dropAttempts.run(Number(lastInsertRowid) - MAX_ATTEMPTS);
    if (attempt.ingestionId !== null && attempt.answer !== null) {
      this.#statements.countAnswer.run(attempt.ingestionId, attempt.answer);
    }
  }

  /** The ids of all ingestions of which anything is known, sorted. */
  ingestionIds(): readonly string[] {
    return this.#statements.ingestionIds.all().map((row) => row.ingestion_id);
  }

  /** How often an ingestion's messages were given each answer, forgotten chunks included. */
  answerCounts(ingestionId: string): Partial<Record<AnswerKind, number>> {
    const rows = this.#statements.answerCounts.all(ingestionId);
    return Object.fromEntries(rows.map((row) => [row.answer, row.count]));
  }

  /** How many stored chunks claim another offset than they have, and how many are marked as last and are not or the other way round. */
  wrongClaims(ingestionId: string): { readonly offsets: number; readonly lasts: number } {
    return this.#statements.wrongClaims.get(ingestionId) ?? { offsets: 0, lasts: 0 };
  }

  /** The records of a stored chunk in canonical form, each followed by a line feed; undefined: it is not stored. */
  recordLines(ingestionId: string, chunkNumber: number): Uint8Array | undefined {
    return this.#statements.recordLines.get(ingestionId, chunkNumber)?.record_lines;
  }

  /** The attempts of an ingestion that are still on record, oldest first. */
  attempts(ingestionId: string): readonly Attempt[] {
    return this.#statements.attempts.all(ingestionId);
  }

  /** Forgets everything. */
  clear(): void {
    this.#db.exec('DELETE FROM chunks; DELETE FROM ingestions; DELETE FROM answer_counts; DELETE FROM attempts;');
  }

  close(): void {
    this.#db.close();
  }
}

function claimOf(row: IngestionRow): CompletionClaim | null {
  if (row.claimed_last_chunk_number === null || row.claimed_total_records === null) return null;
  return {
    lastChunkNumber: row.claimed_last_chunk_number,
    totalRecords: row.claimed_total_records,
    totalChunks: row.claimed_total_chunks,
    rejectedRecords: row.claimed_rejected_records,
    chainChecksum: row.claimed_chain_checksum,
  };
}
