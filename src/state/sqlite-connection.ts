import { chmodSync, closeSync, existsSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { ServiceError } from '../errors.ts';

/** A prepared statement: what it binds, by position or by name, and the row it yields. */
export type SqliteStatement<Bound extends unknown[] | object, Row = unknown> = Bound extends unknown[]
  ? Database.Statement<Bound, Row>
  : Database.Statement<[Bound], Row>;

/** Nobody but the owner of the process reads the state: it holds callback headers and secrets. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The failures of the medium, by primary result code (https://sqlite.org/rescode.html), told to a person. All others are ours. */
const MEDIUM_FAILURES: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'another process works on the file',
  SQLITE_LOCKED: 'another connection works on the file',
  SQLITE_READONLY: 'the file may not be written',
  SQLITE_PERM: 'the file may not be accessed',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_FULL: 'the disk is full',
  SQLITE_IOERR: 'the disk failed to read or write',
  SQLITE_NOMEM: 'there is not enough memory',
};

/** What only a file that is not as it was written makes SQLite say. */
const DAMAGES: Readonly<Record<string, string>> = {
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_NOTADB: 'the file is not an SQLite database',
  SQLITE_FORMAT: 'the file is not an SQLite database of this kind',
};

/** After it nobody knows what of a commit is on the disk (a failed fsync is not failed twice), so the file is opened and read anew. */
const FAILED_DISK = 'SQLITE_IOERR';

/** In place of a path: a database of this process alone, gone with its connection. */
export const IN_MEMORY = ':memory:';

/** A value of a row, as the driver gives and takes it. */
export type ColumnValue = string | number | null | Uint8Array;

/** How a file is opened. */
export interface SqliteConnectionOptions {
  /** How long a call waits for another process that holds the file. */
  readonly busyTimeoutMs: number;
  /** The file must exist, and nothing of it is changed. */
  readonly isReadOnly?: boolean;
  /** Sets what lasts only as long as the file is open; called again wherever it had to be opened anew. */
  readonly onOpen?: (connection: SqliteConnection) => void;
}

/**
 * One open SQLite file: the only place that knows the driver. A failure of the medium is STATE_UNAVAILABLE, whatever is called; once the file
 * has shown that it is damaged, every call is STATE_DAMAGED. Where the disk failed, the next call opens the file anew. Once it was closed, every call is
 * SHUTTING_DOWN.
 */
export class SqliteConnection {
  readonly path: string;
  readonly #options: SqliteConnectionOptions;
  readonly #statements = new Map<string, Database.Statement>();
  /** Null: to be opened anew. */
  #database: Database.Database | null;
  #damage: ServiceError | null = null;
  #isClosed = false;
  /** A transaction failed for the medium, and none was tried since. */
  #hasFailedToWrite = false;
  /** Of the file that was opened first; null: it is not open yet, or in memory. */
  readonly #file: Stats | null;

  /** Opens the file, created with mode 0600 in a folder of mode 0700 where there is none; SQLite gives its side files the same mode. */
  constructor(path: string, options: SqliteConnectionOptions) {
    this.path = path === IN_MEMORY ? path : resolve(path);
    this.#options = options;
    if (path !== IN_MEMORY && options.isReadOnly !== true) createPrivateFile(this.path);
    this.#database = this.#guard(() => this.#open());
    this.#file = path === IN_MEMORY ? null : fileAt(this.path);
    try {
      options.onOpen?.(this);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A statement, compiled once for each text. It is run inside of {@link read} or {@link transaction}. */
  prepare<Bound extends unknown[] | object, Row = unknown>(sql: string): SqliteStatement<Bound, Row> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#guard(() => this.#opened.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement as SqliteStatement<Bound, Row>;
  }

  execute(sql: string): void {
    this.#guard(() => this.#opened.exec(sql));
  }

  /** Runs a statement; false where another connection holds the file against it, still so after the busy timeout. */
  tryExecute(sql: string): boolean {
    try {
      this.execute(sql);
      return true;
    } catch (error) {
      if (error instanceof ServiceError && isBusy(error.cause)) return false;
      throw error;
    }
  }

  /** The value of a pragma, as text. */
  readPragma(name: string): string {
    return String(this.#guard(() => this.#opened.pragma(name, { simple: true })));
  }

  /** Runs reads. */
  read<Result>(work: () => Result): Result {
    return this.#guard(work);
  }

  /**
   * Runs `work` in a transaction that is on disk when this returns. Where `work` or the commit throws, nothing is written. It begins as a writer
   * (`IMMEDIATE`), so that what it read cannot have changed when it writes.
   */
  transaction<Result>(work: () => Result): Result {
    try {
      return this.#guard(() => this.#opened.transaction(work).immediate());
    } catch (error) {
      this.#hasFailedToWrite ||= isOfTheMedium(error);
      throw error;
    }
  }

  /** Whether it takes writes: tried out by writing what is there already, once a transaction failed for the medium, until one succeeds. */
  isWritable(): boolean {
    if (!this.#hasFailedToWrite) return true;
    try {
      this.transaction(() => this.execute(`PRAGMA user_version = ${this.readPragma('user_version')}`));
      this.#hasFailedToWrite = false;
      return true;
    } catch (error) {
      if (isOfTheMedium(error)) return false;
      throw error;
    }
  }

  /** Makes a function of its arguments alone known to SQL. */
  defineFunction(name: string, compute: (...values: ColumnValue[]) => ColumnValue): void {
    this.#opened.function(name, { varargs: true, deterministic: true }, compute);
  }

  close(): void {
    this.#isClosed = true;
    this.#database?.close();
  }

  get #opened(): Database.Database {
    this.#refuseOtherFile();
    if (this.#database !== null) return this.#database;
    const database = this.#open();
    this.#database = database;
    try {
      this.#options.onOpen?.(this);
      // What was read anew from the log may be in the memory of the operating system alone: on the disk before anything is made of it.
      const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
      if (result?.busy !== 0) throw new ServiceError('STATE_UNAVAILABLE', { detail: `${this.path} is in use.` });
      return database;
    } catch (error) {
      this.#discard();
      throw error;
    }
  }

  /** A file that was removed can still be written to, and all of it is gone with the process: SQLite does not look for that in this journal mode. */
  #refuseOtherFile(): void {
    if (this.#file === null) return;
    const found = fileAt(this.path);
    if (found?.ino === this.#file.ino && found.dev === this.#file.dev) return;
    throw new ServiceError('STATE_UNAVAILABLE', {
      detail: `${this.path} was removed, moved or replaced while it was in use: nothing is written before it is back in its place.`,
    });
  }

  #open(): Database.Database {
    const { busyTimeoutMs: timeout, isReadOnly = false } = this.#options;
    return new Database(this.path, { timeout, readonly: isReadOnly, fileMustExist: isReadOnly });
  }

  #discard(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = null;
  }

  #guard<Result>(work: () => Result): Result {
    if (this.#isClosed) throw new ServiceError('SHUTTING_DOWN');
    if (this.#damage !== null) throw this.#damage;
    try {
      return work();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): unknown {
    if (!(error instanceof Database.SqliteError)) return error;
    const primary = primaryCode(error);
    const damage = DAMAGES[primary];
    if (damage !== undefined) {
      this.#damage = new ServiceError('STATE_DAMAGED', {
        detail: `${this.path}: ${damage} (${error.code}).`,
        cause: error,
      });
      return this.#damage;
    }
    const failure = MEDIUM_FAILURES[primary];
    if (failure === undefined) return error;
    if (primary === FAILED_DISK && this.path !== IN_MEMORY) this.#discard();
    return new ServiceError('STATE_UNAVAILABLE', { detail: `${this.path}: ${failure} (${error.code}).`, cause: error });
  }
}

function isOfTheMedium(error: unknown): boolean {
  return error instanceof ServiceError && (error.code === 'STATE_UNAVAILABLE' || error.code === 'STATE_DAMAGED');
}

/** `SQLITE_IOERR` of `SQLITE_IOERR_FSYNC`. */
function primaryCode(error: { readonly code: string }): string {
  return error.code.split('_', 2).join('_');
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Database.SqliteError && primaryCode(cause) === 'SQLITE_BUSY';
}

function createPrivateFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    // Never opened where it exists: closing a second descriptor would drop the locks that this process holds on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', FILE_MODE));
    chmodSync(path, FILE_MODE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError('STATE_UNAVAILABLE', { detail: `${path} cannot be made ready: ${reason}.`, cause: error });
  }
}

/** The file at a path; null where none is found, for whatever reason. */
function fileAt(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // What keeps it from being looked at would keep it from being opened.
    return null;
  }
}
