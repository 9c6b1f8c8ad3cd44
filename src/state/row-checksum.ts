import { crc32 } from 'node:zlib';
import type { ColumnValue, SqliteConnection } from './sqlite-connection.ts';

/** What a row's checksum is not taken over: itself, and a number that SQLite gives out and keeps in indexes besides. */
const UNCOVERED_COLUMNS: readonly string[] = ['row_checksum', 'creation_order'];

/**
 * The checksum over a row's values, in the order of their columns: CRC-32 of their bytes, and of the JSON of all else. It finds every error of up to 32 bits in a row,
 * flipped bits and torn words, in a microsecond; it is no seal, and whoever can write the file can write it too.
 */
export function rowChecksum(values: readonly ColumnValue[]): number {
  let checksum = 0;
  const texts = values.map((value) => {
    // SQLite keeps text as UTF-8, in which half of a character is U+FFFD.
    if (typeof value === 'string') return value.toWellFormed();
    if (!(value instanceof Uint8Array)) return value;
    checksum = crc32(value, checksum);
    return value.byteLength;
  });
  return crc32(JSON.stringify(texts), checksum);
}

/** The columns of a table that the checksum of its rows is taken over, in the table's order. */
export function checksummedColumns(connection: SqliteConnection, table: string): readonly string[] {
  const columns = connection.prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)').all(table);
  return columns.map(({ name }) => name).filter((name) => !UNCOVERED_COLUMNS.includes(name));
}
