import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../errors.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { ForeignIngestion } from './state-store.ts';

/** The Python service holds its database for milliseconds at a time. */
const BUSY_TIMEOUT_MS = 2_000;
const TABLE = 'ingestion_state';
const INGESTION_ID = /^[0-9a-f]{64}$/;

interface PythonRow {
  readonly ingestion_id: unknown;
  readonly last_chunk: unknown;
  readonly total_records: unknown;
  readonly status: unknown;
}

/** What is said of failures that are cured otherwise here than where the service's own state is concerned, by SQLite's code. */
const REASONS: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'another process works on it: stop the Python service first',
  SQLITE_NOTADB: 'it is not an SQLite database',
  SQLITE_CORRUPT: "it is damaged; look for a backup of it, or for the part that SQLite's `.recover` can read",
};

/** The service was killed in the middle of a write, of which the journal beside the database is left. */
const UNFINISHED_WRITE = 'SQLITE_READONLY_ROLLBACK';

/**
 * What the Python service has on record in its `ingestion_state.db`, which is left as it is. It gives no row to what it never had an acknowledgement of, nor
 * does it say which file a row is of. Throws COMMAND_INVALID where the file is no such database, or cannot be read.
 */
export function readPythonState(path: string): readonly ForeignIngestion[] {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) throw refused(path, `there is no ${stat === undefined ? 'such ' : ''}file`);
    const lastWrittenAt = Math.floor(stat.mtimeMs);
    return readRows(path).map((row) => foreignOf(path, row, lastWrittenAt));
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'COMMAND_INVALID') throw error;
    const reason = REASONS[codeOf(error)] ?? `it cannot be read (${codeOf(error)})`;
    throw refused(path, reason, error);
  }
}

function readRows(path: string): readonly PythonRow[] {
  try {
    return selectRows(path, { isReadOnly: true });
  } catch (error) {
    if (codeOf(error) !== UNFINISHED_WRITE) throw error;
  }
  // SQLite undoes the write before it reads anything, and may do so in a copy.
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-import-'));
  try {
    const copy = join(folder, 'ingestion_state.db');
    for (const suffix of ['', '-journal']) copyFileSync(path + suffix, copy + suffix);
    return selectRows(copy, { isReadOnly: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function selectRows(path: string, { isReadOnly }: { readonly isReadOnly: boolean }): readonly PythonRow[] {
  const connection = new SqliteConnection(path, { busyTimeoutMs: BUSY_TIMEOUT_MS, isReadOnly });
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

/** The code of a failure of SQLite's, below what it was turned into, or of the file system's. */
function codeOf(error: unknown): string {
  const failure = error instanceof ServiceError ? error.cause : error;
  if (!(failure instanceof Error && 'code' in failure)) throw error;
  return String(failure.code);
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
