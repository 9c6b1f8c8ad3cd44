import assert from 'node:assert/strict';
import type { PlannedChunk } from '../model/chunk.ts';
import type { LedgerEntry } from '../model/ingestion.ts';
import { type ChunkRow, planOfRow, rowOfPlan } from './chunk-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Where a chunk is in the ledger. */
export interface ChunkKey {
  readonly ingestionId: string;
  readonly chunkNumber: number;
}

const INSERT = `
INSERT INTO chunks VALUES (:ingestion_id, :chunk_number, :record_offset, :record_count, :first_position, :position_after,
  :max_records, :max_bytes, :close_at_bytes, :is_last, :checksum, :byte_count, :chain_checksum, :planned_at, :acked_at)`;

/** The table `chunks`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteChunkTable {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  get({ ingestionId, chunkNumber }: ChunkKey): PlannedChunk | null {
    const sql = 'SELECT * FROM chunks WHERE ingestion_id = ? AND chunk_number = ?';
    const row = this.#connection.prepare<[string, number], ChunkRow>(sql).get(ingestionId, chunkNumber);
    return row === undefined ? null : planOfRow(row);
  }

  insert(ingestionId: string, planned: PlannedChunk, plannedAt: number): void {
    this.#connection.prepare<ChunkRow>(INSERT).run(rowOfPlan(ingestionId, planned, plannedAt));
  }

  /** Removes a plan that was never acknowledged. */
  remove({ ingestionId, chunkNumber }: ChunkKey): void {
    const sql = 'DELETE FROM chunks WHERE ingestion_id = ? AND chunk_number = ?';
    const { changes } = this.#connection.prepare<[string, number]>(sql).run(ingestionId, chunkNumber);
    assert.equal(changes, 1, `chunk ${chunkNumber} of ${ingestionId} must be planned`);
  }

  removeAll(ingestionId: string): void {
    this.#connection.prepare<[string]>('DELETE FROM chunks WHERE ingestion_id = ?').run(ingestionId);
  }

  /** Notes when it was acknowledged, for the first time only. */
  acknowledge({ ingestionId, chunkNumber }: ChunkKey, ackedAt: number): void {
    const sql = 'UPDATE chunks SET acked_at = ? WHERE ingestion_id = ? AND chunk_number = ? AND acked_at IS NULL';
    this.#connection.prepare<[number, string, number]>(sql).run(ackedAt, ingestionId, chunkNumber);
  }

  /** At most `limit` entries behind chunk `after` (-1: from the first), by number, without their attempts. */
  listAfter(ingestionId: string, after: number, limit: number): Omit<LedgerEntry, 'attempts'>[] {
    const sql = 'SELECT * FROM chunks WHERE ingestion_id = ? AND chunk_number > ? ORDER BY chunk_number LIMIT ?';
    const rows = this.#connection.prepare<[string, number, number], ChunkRow>(sql).all(ingestionId, after, limit);
    return rows.map((row) => ({ ...planOfRow(row), plannedAt: row.planned_at, ackedAt: row.acked_at }));
  }
}
