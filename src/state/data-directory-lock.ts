/**
 * One process works on a data directory. The lock is an SQLite file in an exclusive transaction that is never committed: the kernel drops
 * it with its holder, however that ends, so none is ever left behind and none is taken over by a guess from a process id. Who holds it
 * is told by a text file beside it, which means nothing while the lock is free.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../errors.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** Who works on a data directory. */
export interface LockHolder {
  readonly pid: number;
  /** What it is, such as the command it was started by. */
  readonly what: string;
  /** Where its API answers; absent until it listens, or where it never does. */
  readonly url?: string;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
}

/** A held lock. */
export interface DataDirectoryLock {
  /** Tells others where the holder's API answers. Throws STATE_UNAVAILABLE. */
  setUrl(url: string): void;
  release(): void;
}

const LOCK_FILE = 'lock.sqlite';
const HOLDER_FILE = 'lock.json';

/** Two that start at the same moment get in each other's way for an instant; and {@link readLockHolder} touches the lock. */
const BUSY_TIMEOUT_MS = 250;

/** What holds the locks of this process. The garbage collector closes a connection that nothing refers to, and that would drop its lock. */
const heldConnections = new Set<SqliteConnection>();

/**
 * Takes the lock of a data directory, created where there is none. Throws DATA_DIR_LOCKED, whose `data` is the {@link LockHolder}, where another
 * process or another part of this one holds it, and STATE_UNAVAILABLE.
 * @param now wall clock, ms
 */
export function lockDataDirectory(
  directory: string,
  holder: Omit<LockHolder, 'since'>,
  now: number = Date.now(),
): DataDirectoryLock {
  const connection = new SqliteConnection(join(directory, LOCK_FILE), { busyTimeoutMs: BUSY_TIMEOUT_MS });
  if (!isTaken(connection)) {
    connection.close();
    throw lockedError(directory);
  }
  heldConnections.add(connection);
  const record: LockHolder = { ...holder, since: new Date(now).toISOString() };
  const release = () => {
    removeHolderFile(directory);
    connection.close();
    heldConnections.delete(connection);
  };
  try {
    writeHolderFile(directory, record);
  } catch (error) {
    release();
    throw error;
  }
  return { setUrl: (url) => writeHolderFile(directory, { ...record, url }), release };
}

/** Who holds the lock of a data directory; null where it is free, or was taken this very moment. Throws STATE_UNAVAILABLE. */
export function readLockHolder(directory: string): LockHolder | null {
  const lockPath = join(directory, LOCK_FILE);
  if (!existsSync(lockPath)) return null;
  const connection = new SqliteConnection(lockPath, { busyTimeoutMs: 0 });
  try {
    // Any read is refused while the exclusive transaction lasts.
    const isFree = connection.tryExecute('SELECT 1 FROM sqlite_schema');
    return isFree ? null : readHolderFile(directory);
  } finally {
    connection.close();
  }
}

function isTaken(connection: SqliteConnection): boolean {
  try {
    return connection.tryExecute('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (!(error instanceof ServiceError) || error.code !== 'STATE_DAMAGED') throw error;
    const detail = `${connection.path} is damaged; it holds nothing: remove it while no service works on the folder.`;
    throw new ServiceError('STATE_UNAVAILABLE', { detail, cause: error });
  }
}

function lockedError(directory: string): ServiceError {
  const holder = readHolderFile(directory);
  if (holder === null) return new ServiceError('DATA_DIR_LOCKED', { data: { directory } });
  const { pid, what, since, url } = holder;
  const address = url === undefined ? '' : ` and answers at ${url}`;
  return new ServiceError('DATA_DIR_LOCKED', {
    detail: `${directory} is in use by ${what} (process ${pid}), which began at ${since}${address}.`,
    data: { directory, ...holder },
  });
}

/** Written under another name and renamed, so that nobody reads half of it. */
function writeHolderFile(directory: string, holder: LockHolder): void {
  const path = join(directory, HOLDER_FILE);
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError('STATE_UNAVAILABLE', { detail: `${path} cannot be written: ${reason}.`, cause: error });
  }
}

function removeHolderFile(directory: string): void {
  try {
    rmSync(join(directory, HOLDER_FILE), { force: true });
  } catch {
    // A disk that takes nothing any more keeps nobody from ending: the file means nothing once the lock is free.
  }
}

/** The holder as it told of itself; null where it has not come to that yet. */
function readHolderFile(directory: string): LockHolder | null {
  const path = join(directory, HOLDER_FILE);
  return existsSync(path) ? parseHolder(readFileSync(path, 'utf8')) : null;
}

function parseHolder(json: string): LockHolder | null {
  try {
    return JSON.parse(json);
  } catch {
    // A power cut may leave an empty file, which the present holder is about to replace.
    return null;
  }
}
