import assert from 'node:assert/strict';
import { ServiceError } from '../errors.ts';
import { checksummedColumns, rowChecksum } from './row-checksum.ts';
import type { ColumnValue, SqliteConnection } from './sqlite-connection.ts';

/** The columns that name a row of each table. */
const KEYS = {
  ingestions: ['ingestion_id'],
  chunks: ['ingestion_id', 'chunk_number'],
  attempts: ['ingestion_id', 'target', 'attempt'],
  rejects: ['ingestion_id', 'file_index', 'byte_offset'],
  answers: ['idempotency_key'],
  received_answers: ['ingestion_id'],
  events: ['event_id'],
} as const satisfies Record<string, readonly string[]>;

/** A table whose rows carry a checksum. */
export type ChecksummedTableName = keyof typeof KEYS;

/** All of them. */
export const CHECKSUMMED_TABLES = Object.keys(KEYS) as readonly ChecksummedTableName[];

/** A row as it is stored. */
export type Stored<Row> = Row & { readonly row_checksum: number };

/**
 * A table whose every row carries a checksum over its values, written by the statement that writes them, and verified whenever the row is
 * read: numbers that the disk has changed are never gone on from.
 */
export class ChecksummedTable<Row extends object> {
  readonly #connection: SqliteConnection;
  readonly #name: ChecksummedTableName;
  readonly #columns: readonly string[];
  readonly #insertSql: string;
  readonly #conditions: string;

  constructor(connection: SqliteConnection, name: ChecksummedTableName) {
    this.#connection = connection;
    this.#name = name;
    this.#columns = connection.read(() => checksummedColumns(connection, name));
    const columns = [...this.#columns, 'row_checksum'];
    const places = columns.map(() => '?');
    this.#insertSql = `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places.join(', ')})`;
    this.#conditions = KEYS[name].map((column) => `${column} = ?`).join(' AND ');
  }

  /** The row as it was read. Throws STATE_DAMAGED, naming table and key, and in its `data` the ingestion, where it is not what was written. */
  verified(row: Stored<Row>): Stored<Row> {
    if (row.row_checksum === rowChecksum(this.#valuesOf(row))) return row;
    const key = KEYS[this.#name].map((column) => `${column} ${String(valueIn(row, column))}`).join(', ');
    const ingestionId = valueIn(row, 'ingestion_id');
    throw new ServiceError('STATE_DAMAGED', {
      detail: `${this.#connection.path}: the row of ${this.#name} with ${key} is not what was written.`,
      ...(ingestionId === null ? {} : { data: { ingestion_id: ingestionId } }),
    });
  }

  /**
   * Writes a new row; how many were written.
   * @param onConflict what follows in the statement: none, or an `ON CONFLICT` clause
   */
  insert(row: Row, onConflict?: string): number {
    const sql = onConflict === undefined ? this.#insertSql : `${this.#insertSql} ${onConflict}`;
    const values = this.#valuesOf(row);
    return this.#connection.prepare<ColumnValue[]>(sql).run(...values, rowChecksum(values)).changes;
  }

  /** Writes what differs from the row as it was read: an acknowledgement must not cost the rewriting of every index. */
  update(stored: Stored<Row>, changes: Partial<Row>): void {
    const values: ColumnValue[] = [];
    const bound: ColumnValue[] = [];
    let settings = '';
    for (const column of this.#columns) {
      const before = valueIn(stored, column);
      const value = column in changes ? valueIn(changes, column) : before;
      values.push(value);
      if (value === before) continue;
      settings += `${column} = ?, `;
      bound.push(value);
    }
    if (settings === '') return;
    const sql = `UPDATE ${this.#name} SET ${settings}row_checksum = ? WHERE ${this.#conditions}`;
    const key = KEYS[this.#name].map((column) => valueIn(stored, column));
    const { changes: count } = this.#connection.prepare<ColumnValue[]>(sql).run(...bound, rowChecksum(values), ...key);
    assert.equal(count, 1, `a row of ${this.#name} that was read must be there`);
  }

  #valuesOf(row: Row): readonly ColumnValue[] {
    return this.#columns.map((column) => valueIn(row, column));
  }
}

function valueIn(row: object, column: string): ColumnValue {
  return (row as Readonly<Record<string, ColumnValue>>)[column] ?? null;
}
