import { ServiceError } from '../errors.ts';
import { checkStateFile } from './check-state-file.ts';
import { IN_MEMORY, SqliteConnection } from './sqlite-connection.ts';
import { migrate } from './sqlite-migrations.ts';

/** The state's name in a data directory. */
export const STATE_FILE = 'ackstream.db';

/** How long a write waits for another process, such as a backup, before it is STATE_UNAVAILABLE. */
const BUSY_TIMEOUT_MS = 5_000;

/** `synchronous=FULL` as SQLite reads it back. */
const SYNCHRONOUS_FULL = '2';

/**
 * Opens the state's file, durable and with the newest schema; {@link IN_MEMORY}, which simulations work on, is as durable as the process. Throws STATE_SCHEMA_TOO_NEW, STATE_NOT_DURABLE where the medium does not take
 * the write-ahead log, and STATE_UNAVAILABLE.
 */
export function openStateFile(path: string): SqliteConnection {
  if (path !== IN_MEMORY) checkStateFile(path);
  const onOpen = path === IN_MEMORY ? () => {} : makeDurable;
  const connection = new SqliteConnection(path, { busyTimeoutMs: BUSY_TIMEOUT_MS, onOpen });
  try {
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Every commit is on the disk when it returns. None of these settings but the journal mode is kept in the file, and a reopened file in WAL mode begins
 * with `synchronous=NORMAL`, under which a power cut takes back acknowledged chunks: all are set at every open, and read back.
 */
function makeDurable(connection: SqliteConnection): void {
  connection.execute(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA secure_delete = ON;
  `);
  const journalMode = connection.readPragma('journal_mode');
  const synchronous = connection.readPragma('synchronous');
  if (journalMode === 'wal' && synchronous === SYNCHRONOUS_FULL) return;
  throw new ServiceError('STATE_NOT_DURABLE', {
    detail: `${connection.path} has journal_mode=${journalMode} and synchronous=${synchronous}.`,
  });
}
