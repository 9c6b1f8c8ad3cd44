/*
 * A copy of the state while the service works on it. The reading connection has a snapshot of its own, which in WAL mode keeps nobody from
 * writing; `VACUUM INTO` copies it in one go, where the steps of SQLite's backup interface would begin anew with each acknowledgement. The copy
 * has no page that was given free, so nothing that was deleted is in it.
 */
import { closeSync, lstatSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { ServiceError, toServiceError } from '../errors.ts';
import { checkStateFile, THOROUGH } from './check-state-file.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { refuseForeignFile } from './sqlite-migrations.ts';
import { readStateMark } from './state-marker.ts';
import { syncToDisk } from './sync-to-disk.ts';

/** A backup that was made. */
export interface StateBackup {
  readonly byteCount: number;
  readonly ingestionCount: number;
}

/** A reader waits for others only while they open or recover the file. */
const BUSY_TIMEOUT_MS = 5_000;
const FILE_MODE = 0o600;

/**
 * Copies the state at `path` to `target`, both absolute: whole, checked and on the disk when this returns; else there is nothing at `target`, or what was there before.
 * @param options `isForced`: a regular file at `target` is replaced.
 * @throws COMMAND_INVALID where nothing may be written at `target`; STATE_UNAVAILABLE where nothing can be, or there is no state; STATE_DAMAGED where the state is; STATE_SCHEMA_TOO_NEW.
 */
export function backUpState(path: string, target: string, { isForced }: { readonly isForced: boolean }): StateBackup {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) throw new ServiceError('STATE_UNAVAILABLE', { detail: `There is no state at ${path}.` });
  const partial = join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
  try {
    refuseTarget(path, target, isForced);
    createFile(partial);
  } catch (cause) {
    throw cause instanceof ServiceError ? cause : targetUnwritable(target, cause);
  }
  try {
    // Read first: the service may commit meanwhile. A state that is older than it was would pass for a sound one once it is restored without its marker.
    const mark = readStateMark(path);
    copySnapshot(path, partial);
    checkStateFile(partial, { ...THOROUGH, mark });
    const ingestionCount = countIngestions(partial);
    syncToDisk(partial);
    const byteCount = statSync(partial).size;
    renameSync(partial, target);
    syncToDisk(dirname(target));
    return { byteCount, ingestionCount };
  } catch (cause) {
    rmSync(partial, { force: true });
    const { code, message } = toServiceError(cause);
    const detail = `No backup was made at ${target}: ${message.replaceAll(partial, path)}`;
    throw new ServiceError(code === 'INTERNAL' ? 'STATE_UNAVAILABLE' : code, { detail, cause });
  }
}

function refuseTarget(path: string, target: string, isForced: boolean): void {
  // Among the state's own files any name may come to mean something; and what takes them would take the backup too.
  const dataDirectory = realpathSync(dirname(path));
  if (`${realpathSync(dirname(target))}${sep}`.startsWith(dataDirectory + sep)) {
    throw targetInvalid(`${target} is in the data directory, where a backup is none`);
  }
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw targetInvalid(`${target} is no regular file`);
  if (!isForced) throw targetInvalid(`${target} exists; --force replaces it`);
}

function createFile(partial: string): void {
  // Left by one that was killed: in a container each has the same process id.
  rmSync(partial, { force: true });
  closeSync(openSync(partial, 'wx', FILE_MODE));
}

function copySnapshot(path: string, partial: string): void {
  const connection = new SqliteConnection(path, { busyTimeoutMs: BUSY_TIMEOUT_MS, isReadOnly: true });
  try {
    refuseForeignFile(connection);
    connection.read(() => connection.prepare<[string]>('VACUUM INTO ?').run(partial));
  } finally {
    connection.close();
  }
}

function countIngestions(partial: string): number {
  const connection = new SqliteConnection(partial, { busyTimeoutMs: 0, isReadOnly: true });
  try {
    const sql = 'SELECT count(*) AS count FROM ingestions';
    return connection.read(() => connection.prepare<[], { count: number }>(sql).get()?.count ?? 0);
  } finally {
    connection.close();
  }
}

function targetInvalid(detail: string): ServiceError {
  return new ServiceError('COMMAND_INVALID', { detail: `${detail}.` });
}

/** No wrong use: the disk that backups go to may have been lost since the command was set up. */
function targetUnwritable(target: string, cause: unknown): ServiceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const detail = `No backup was made at ${target}: ${reason}. Its folder must be there, mounted, and writable.`;
  return new ServiceError('STATE_UNAVAILABLE', { detail, cause });
}
