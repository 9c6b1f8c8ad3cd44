import assert from 'node:assert/strict';
import type { PlannedChunk } from '../model/chunk.ts';
import type { LedgerEntry } from '../model/ingestion.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import { type ChunkRow, planOfRow, rowOfPlan } from './chunk-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Where a chunk is in the ledger. */
export interface ChunkKey {
  readonly ingestionId: string;
  readonly chunkNumber: number;
}

/** The table `chunks`. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteChunkTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<ChunkRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'chunks');
  }

  get(key: ChunkKey): PlannedChunk | null {
    const row = this.#find(key);
    return row === null ? null : planOfRow(row);
  }

  insert(ingestionId: string, planned: PlannedChunk, plannedAt: number): void {
    this.#rows.insert(rowOfPlan(ingestionId, planned, plannedAt));
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

  /** Notes when it was acknowledged, for the first time only; its plan. */
  acknowledge(key: ChunkKey, ackedAt: number): PlannedChunk {
    const row = this.#find(key);
    assert.ok(row !== null, `chunk ${key.chunkNumber} of ${key.ingestionId} must be planned`);
    if (row.acked_at === null) this.#rows.update(row, { acked_at: ackedAt });
    return planOfRow(row);
  }

  /** At most `limit` entries behind chunk `after` (-1: from the first), by number, without their attempts. */
  listAfter(ingestionId: string, after: number, limit: number): Omit<LedgerEntry, 'attempts' | 'attemptCount'>[] {
    const sql = 'SELECT * FROM chunks WHERE ingestion_id = ? AND chunk_number > ? ORDER BY chunk_number LIMIT ?';
    const rows = this.#connection.prepare<[string, number, number], Stored<ChunkRow>>(sql);
    return rows.all(ingestionId, after, limit).map((stored) => {
      const row = this.#rows.verified(stored);
      return { ...planOfRow(row), plannedAt: row.planned_at, ackedAt: row.acked_at };
    });
  }

  #find({ ingestionId, chunkNumber }: ChunkKey): Stored<ChunkRow> | null {
    const sql = 'SELECT * FROM chunks WHERE ingestion_id = ? AND chunk_number = ?';
    const row = this.#connection.prepare<[string, number], Stored<ChunkRow>>(sql).get(ingestionId, chunkNumber);
    return row === undefined ? null : this.#rows.verified(row);
  }
}
