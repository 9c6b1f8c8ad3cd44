import type { ErrorRecord } from '../errors.ts';
import type { RejectEntry } from '../model/ingestion.ts';
import type { BadRecord, Position } from '../model/record.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import { ROWS_IN_A_PIECE } from './in-pieces.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Page, StateReads } from './state-store.ts';

interface RejectRow {
  readonly ingestion_id: string;
  readonly file_index: number;
  readonly byte_offset: number;
  readonly line_number: number;
  readonly column_number: number;
  readonly byte_length: number;
  readonly error: string;
  readonly raw: Uint8Array;
  readonly chunk_number: number | null;
  readonly recorded_at: number;
}

/** Only what is on record already is passed over; `OR IGNORE` would also hide a row that breaks a rule. */
const UNLESS_ON_RECORD = 'ON CONFLICT (ingestion_id, file_index, byte_offset) DO NOTHING';

const LIST_AFTER = `
SELECT * FROM rejects
WHERE ingestion_id = ? AND (file_index, byte_offset) > (?, ?)
ORDER BY file_index, byte_offset LIMIT ?`;

const REMOVE_SOME = `
DELETE FROM rejects WHERE rowid IN (
  SELECT rowid FROM rejects WHERE ingestion_id = ? AND (file_index, byte_offset) >= (?, ?)
  ORDER BY file_index, byte_offset LIMIT ${ROWS_IN_A_PIECE}
)`;

/** The table `rejects`: bad records that were set aside. Its methods are called inside of a transaction or a read of the connection. */
export class SqliteRejectTable {
  readonly #connection: SqliteConnection;
  readonly #rows: ChecksummedTable<RejectRow>;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new ChecksummedTable(connection, 'rejects');
  }

  /** Puts on record those that are not yet, with the chunk before which they were found; how many these were. */
  insert(
    ingestionId: string,
    rejects: readonly BadRecord[],
    { chunkNumber, now }: { readonly chunkNumber: number | null; readonly now: number },
  ): number {
    let insertedCount = 0;
    for (const { position, byteLength, error, raw } of rejects) {
      const row = {
        ingestion_id: ingestionId,
        file_index: position.fileIndex,
        byte_offset: position.byteOffset,
        line_number: position.line,
        column_number: position.column,
        byte_length: byteLength,
        error: JSON.stringify(error),
        raw,
        chunk_number: chunkNumber,
        recorded_at: now,
      };
      insertedCount += this.#rows.insert(row, UNLESS_ON_RECORD);
    }
    return insertedCount;
  }

  /** Removes some of those that begin at a position or behind it, null being the start of the source: {@link ROWS_IN_A_PIECE}, or all; how many these were. */
  removeSomeFrom(ingestionId: string, from: Pick<Position, 'fileIndex' | 'byteOffset'> | null): number {
    const { fileIndex, byteOffset } = from ?? { fileIndex: 0, byteOffset: 0 };
    return this.#connection.prepare<[string, number, number]>(REMOVE_SOME).run(ingestionId, fileIndex, byteOffset)
      .changes;
  }

  /** In the order of the source. */
  list(ingestionId: string, { cursor, limit }: Parameters<StateReads['listRejects']>[1]): Page<RejectEntry> {
    const [fileIndex, byteOffset] = decodeCursor('rejects', cursor, [-1, -1]);
    // One more than asked for tells whether there is a next page.
    const rows = this.#connection
      .prepare<[string, number, number, number], Stored<RejectRow>>(LIST_AFTER)
      .all(ingestionId, fileIndex, byteOffset, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit).map((row) => entryOfRow(this.#rows.verified(row))),
      nextCursor: last === undefined ? null : encodeCursor('rejects', [last.file_index, last.byte_offset]),
    };
  }
}

function entryOfRow(row: RejectRow): RejectEntry {
  return {
    fileIndex: row.file_index,
    byteOffset: row.byte_offset,
    line: row.line_number,
    column: row.column_number,
    byteLength: row.byte_length,
    error: parseError(row.error),
    raw: row.raw,
    chunkNumber: row.chunk_number,
    recordedAt: row.recorded_at,
  };
}

function parseError(json: string): ErrorRecord {
  return JSON.parse(json);
}
