import Database from 'better-sqlite3';

/** A row as the Python service writes it. */
export interface PythonStateRow {
  readonly id: string;
  readonly lastChunk: number;
  readonly records: number;
  readonly status: 'IN_PROGRESS' | 'COMPLETED';
}

/** Makes the `ingestion_state.db` of a Python service; gives its path back. */
export function writePythonState(path: string, rows: readonly PythonStateRow[]): string {
  const database = new Database(path);
  try {
    database.exec(
      'CREATE TABLE ingestion_state (ingestion_id TEXT PRIMARY KEY, last_chunk INTEGER, total_records INTEGER, status TEXT)',
    );
    const insert = database.prepare('INSERT INTO ingestion_state VALUES (?, ?, ?, ?)');
    database.transaction(() => {
      for (const { id, lastChunk, records, status } of rows) insert.run(id, lastChunk, records, status);
    })();
  } finally {
    database.close();
  }
  return path;
}
