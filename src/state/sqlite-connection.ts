import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
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
  SQLITE_CORRUPT: 'the file is damaged; restore it from a backup, without it records may be delivered twice',
  SQLITE_NOTADB: 'the file is not an SQLite database',
};

/** In place of a path: a database of this process alone, gone with its connection. */
export const IN_MEMORY = ':memory:';

/** One open SQLite file: the only place that knows the driver. A failure of the medium is STATE_UNAVAILABLE, whatever is called. */
export class SqliteConnection {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  /**
   * Opens the file, created with mode 0600 in a folder of mode 0700 where there is none; SQLite gives its side files the same mode.
   * @param busyTimeoutMs how long a call waits for another process that holds the file
   */
  constructor(path: string, { busyTimeoutMs }: { readonly busyTimeoutMs: number }) {
    this.path = path === IN_MEMORY ? path : resolve(path);
    if (path !== IN_MEMORY) createPrivateFile(this.path);
    this.#database = this.#guard(() => new Database(this.path, { timeout: busyTimeoutMs }));
  }

  /** A statement, compiled once for each text. It is run inside of {@link read} or {@link transaction}. */
  prepare<Bound extends unknown[] | object, Row = unknown>(sql: string): SqliteStatement<Bound, Row> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#guard(() => this.#database.prepare(sql));
      this.#statements.set(sql, statement);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its text alone decides what a statement binds and yields
    return statement as SqliteStatement<Bound, Row>;
  }

  execute(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
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
    return String(this.#guard(() => this.#database.pragma(name, { simple: true })));
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
    return this.#guard(() => this.#database.transaction(work).immediate());
  }

  close(): void {
    this.#database.close();
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): unknown {
    if (!(error instanceof Database.SqliteError)) return error;
    const failure = MEDIUM_FAILURES[primaryCode(error)];
    if (failure === undefined) return error;
    return new ServiceError('STATE_UNAVAILABLE', { detail: `${this.path}: ${failure} (${error.code}).`, cause: error });
  }
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
