import { statSync } from 'node:fs';
import { ServiceError } from '../errors.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { ForeignIngestion } from './state-store.ts';

const BUSY_TIMEOUT_MS = 5_000;
const TABLE = 'ingestion_state';
const INGESTION_ID = /^[0-9a-f]{64}$/;

interface PythonRow {
  readonly ingestion_id: unknown;
  readonly last_chunk: unknown;
  readonly total_records: unknown;
  readonly status: unknown;
}

/**
 * What the Python service has on record in its `ingestion_state.db`, which is opened for reading alone. It gives no row to what it never had an acknowledgement of, nor
 * does it say which file a row is of. Throws COMMAND_INVALID where the file is no such database, or cannot be read.
 */
export function readPythonState(path: string): readonly ForeignIngestion[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw refused(path, 'there is no such file');
  const lastWrittenAt = Math.floor(stat.mtimeMs);
  try {
    return readRows(path).map((row) => foreignOf(path, row, lastWrittenAt));
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === 'COMMAND_INVALID') throw error;
    // What to do about it is another thing than where the service's own state is at fault.
    throw refused(path, error.message.replace(`${path}: `, '').replace(/\.$/, ''), error);
  }
}

function readRows(path: string): PythonRow[] {
  const connection = new SqliteConnection(path, { busyTimeoutMs: BUSY_TIMEOUT_MS, isReadOnly: true });
  try {
    return connection.read(() => {
      const found = connection.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${TABLE}')`).all();
      const missing = ['ingestion_id', 'last_chunk', 'total_records', 'status'].filter(
        (column) => !found.some(({ name }) => name === column),
      );
      if (missing.length > 0) throw refused(path, `it has no table ${TABLE} with the column ${missing.join(', ')}`);
      const sql = `SELECT ingestion_id, last_chunk, total_records, status FROM ${TABLE}`;
      return connection.prepare<[], PythonRow>(sql).all();
    });
  } finally {
    connection.close();
  }
}

/** Only what says that it was completed is taken for that: of all else something may be with the receiver. */
function foreignOf(path: string, row: PythonRow, lastWrittenAt: number): ForeignIngestion {
  const { ingestion_id: ingestionId, last_chunk: lastChunk, total_records: recordCount, status } = row;
  if (typeof ingestionId !== 'string' || !INGESTION_ID.test(ingestionId)) {
    throw refused(path, `its row with the ingestion_id ${JSON.stringify(ingestionId)} has none of 64 hex digits`);
  }
  return {
    ingestionId,
    lastChunk: isCount(lastChunk) ? lastChunk : -1,
    recordCount: isCount(recordCount) ? recordCount : 0,
    extent: status === 'COMPLETED' ? 'all' : 'part',
    lastWrittenAt,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function refused(path: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError('COMMAND_INVALID', {
    detail: `${path} is no ingestion_state.db of the Python service that can be imported: ${why}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
