import type { PlannedChunk } from '../model/chunk.ts';
import type { Position } from '../model/record.ts';

/** A row of the table `chunks`; the types are those of the driver. */
export interface ChunkRow {
  readonly ingestion_id: string;
  readonly chunk_number: number;
  readonly record_offset: number;
  readonly record_count: number;
  readonly first_position: string;
  readonly position_after: string | null;
  readonly max_records: number | null;
  readonly max_bytes: number;
  readonly close_at_bytes: number | null;
  readonly is_last: number;
  readonly checksum: string;
  readonly byte_count: number;
  readonly chain_checksum: string;
  readonly planned_at: number;
  readonly acked_at: number | null;
}

/** The row that holds a plan without an acknowledgement. */
export function rowOfPlan(ingestionId: string, { plan, chainChecksum }: PlannedChunk, plannedAt: number): ChunkRow {
  return {
    ingestion_id: ingestionId,
    chunk_number: plan.chunkNumber,
    record_offset: plan.recordOffset,
    record_count: plan.recordCount,
    first_position: JSON.stringify(plan.firstPosition),
    position_after: plan.positionAfter === null ? null : JSON.stringify(plan.positionAfter),
    max_records: plan.bounds.maxRecords,
    max_bytes: plan.bounds.maxBytes,
    close_at_bytes: plan.bounds.closeAtBytes,
    is_last: Number(plan.isLast),
    checksum: plan.checksum,
    byte_count: plan.byteCount,
    chain_checksum: chainChecksum,
    planned_at: plannedAt,
    acked_at: null,
  };
}

/** The plan that a row holds. */
export function planOfRow(row: ChunkRow): PlannedChunk {
  return {
    plan: {
      chunkNumber: row.chunk_number,
      recordOffset: row.record_offset,
      recordCount: row.record_count,
      firstPosition: parsePosition(row.first_position),
      positionAfter: row.position_after === null ? null : parsePosition(row.position_after),
      bounds: { maxRecords: row.max_records, maxBytes: row.max_bytes, closeAtBytes: row.close_at_bytes },
      isLast: row.is_last === 1,
      checksum: row.checksum,
      byteCount: row.byte_count,
    },
    chainChecksum: row.chain_checksum,
  };
}

function parsePosition(json: string): Position {
  return JSON.parse(json);
}
