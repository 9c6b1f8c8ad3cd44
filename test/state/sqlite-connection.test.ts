import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Of SQLite, unless told otherwise: the first page is the schema's, the second the first table's. */
const PAGE_BYTES = 4_096;

describe('SqliteConnection', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  let connections: SqliteConnection[];
  beforeEach(() => {
    place = temporaryFolder();
    path = join(place.path, 'inner', 'folder', 'file.sqlite');
    connections = [];
  });
  afterEach(() => {
    for (const connection of connections) connection.close();
    place.remove();
  });

  function open(at = path): SqliteConnection {
    const connection = new SqliteConnection(at, { busyTimeoutMs: 0 });
    connections.push(connection);
    return connection;
  }

  /** A connection to a file with the table `numbers`, which holds 1. */
  function openWithTable(): SqliteConnection {
    const connection = open();
    connection.execute('CREATE TABLE numbers (value INTEGER) STRICT; INSERT INTO numbers VALUES (1)');
    return connection;
  }

  const valuesIn = (connection: SqliteConnection) =>
    connection
      .prepare<[], { value: number }>('SELECT value FROM numbers')
      .all()
      .map(({ value }) => value);

  const insert = (connection: SqliteConnection, value: unknown) =>
    connection.prepare<unknown[]>('INSERT INTO numbers VALUES (?)').run(value);

  it('lets only its owner read the file, its side files and the folder, also where the file was there before', () => {
    open().execute('PRAGMA journal_mode = WAL; CREATE TABLE numbers (value INTEGER)');
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    expect(statSync(join(place.path, 'inner', 'folder')).mode & 0o777).toBe(0o700);

    const wide = join(place.path, 'wide.sqlite');
    writeFileSync(wide, '', { mode: 0o644 });
    open(wide);
    expect(statSync(wide).mode & 0o777).toBe(0o600);
  });

  it('says of every call that the service is shutting down, once it was closed, and opens nothing anew', () => {
    const connection = openWithTable();
    connection.close();
    const select = 'SELECT value FROM numbers';
    for (const call of [
      () => connection.read(() => valuesIn(connection)),
      () => connection.transaction(() => insert(connection, 2)),
      () => connection.execute(select),
      () => connection.tryExecute(select),
      () => connection.readPragma('user_version'),
      () => connection.prepare(select),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
    }
    const again = open();
    expect(again.read(() => valuesIn(again))).toEqual([1]);
  });

  it.each<[string, (aside: string) => void]>([
    ['moved', (aside) => renameSync(path, aside)],
    [
      'replaced',
      (aside) => {
        renameSync(path, aside);
        writeFileSync(path, '');
      },
    ],
  ])('writes nothing to a file that was %s while it was in use, and goes on once it is back', (_what, take) => {
    const connection = openWithTable();
    const aside = join(place.path, 'aside.sqlite');
    take(aside);
    const write = () => connection.transaction(() => insert(connection, 2));
    const refusal = { code: 'STATE_UNAVAILABLE', detail: expect.stringContaining('while it was in use') };
    expect(write).toThrow(expect.objectContaining(refusal));
    expect(() => connection.execute('DELETE FROM numbers')).toThrow(expect.objectContaining(refusal));
    renameSync(aside, path);
    expect(valuesIn(connection)).toEqual([1]);
    write();
    expect(valuesIn(connection)).toEqual([1, 2]);
  });

  it('takes no name for a database in memory', () => {
    expect(open(join(place.path, ':memory:')).path).toBe(join(place.path, ':memory:'));
    expect(statSync(join(place.path, ':memory:')).isFile()).toBe(true);
  });

  it('writes nothing of a transaction that throws, and throws the same error', () => {
    const connection = openWithTable();
    const error = new ServiceError('QUEUE_FULL');
    const failing = () =>
      connection.transaction(() => {
        insert(connection, 2);
        throw error;
      });
    expect(failing).toThrow(error);
    expect(valuesIn(connection)).toEqual([1]);
  });

  it('is a writer from the first statement of a transaction on', () => {
    const [connection, other] = [openWithTable(), open()];
    connection.transaction(() => {
      expect(() => other.transaction(() => insert(other, 2))).toThrow(ServiceError);
    });
    other.transaction(() => insert(other, 2));
    expect(valuesIn(connection)).toEqual([1, 2]);
  });

  it('lets an error of ours through as it is', () => {
    const connection = openWithTable();
    expect(() => connection.transaction(() => insert(connection, 'text'))).toThrow(
      expect.objectContaining({ code: 'SQLITE_CONSTRAINT_DATATYPE' }),
    );
  });

  describe('says STATE_UNAVAILABLE, with what failed and its cause,', () => {
    const unavailable = (sqliteCode: string) =>
      expect.objectContaining({
        code: 'STATE_UNAVAILABLE',
        detail: expect.stringContaining(`(${sqliteCode})`),
        cause: expect.objectContaining({ code: sqliteCode }),
      });

    it('where the disk is full, and keeps what was committed', () => {
      const connection = openWithTable();
      const blob = Buffer.alloc(200_000);
      connection.execute('CREATE TABLE blobs (value BLOB); PRAGMA max_page_count = 20');
      const fill = () =>
        connection.transaction(() => {
          insert(connection, 2);
          connection.prepare<[Buffer]>('INSERT INTO blobs VALUES (?)').run(blob);
        });
      expect(fill).toThrow(unavailable('SQLITE_FULL'));
      expect(valuesIn(connection)).toEqual([1]);
      connection.transaction(() => insert(connection, 3));
      expect(valuesIn(connection)).toEqual([1, 3]);
    });

    it('where another process holds the file', () => {
      const [connection, other] = [openWithTable(), open()];
      other.execute('BEGIN IMMEDIATE');
      expect(() => connection.transaction(() => insert(connection, 2))).toThrow(unavailable('SQLITE_BUSY'));
    });

    it('where the file may not be written', () => {
      const connection = openWithTable();
      connection.execute('PRAGMA query_only = ON');
      expect(() => connection.transaction(() => insert(connection, 2))).toThrow(unavailable('SQLITE_READONLY'));
    });

    it('where there can be no file', () => {
      writeFileSync(join(place.path, 'inner'), '');
      expect(() => open()).toThrow(
        expect.objectContaining({
          code: 'STATE_UNAVAILABLE',
          detail: expect.stringContaining(path),
          cause: expect.objectContaining({ code: 'ENOTDIR' }),
        }),
      );
    });
  });

  describe('says STATE_DAMAGED, with what was found,', () => {
    it('where the file is no database', () => {
      const other = join(place.path, 'notes.txt');
      writeFileSync(other, 'not a database, but longer than the header of one would be: '.repeat(20));
      expect(() => open(other).readPragma('user_version')).toThrow(
        expect.objectContaining({ code: 'STATE_DAMAGED', detail: expect.stringContaining('(SQLITE_NOTADB)') }),
      );
    });

    it('where the file is damaged, and from then on whatever is called: nothing more is written to it', () => {
      openWithTable().close();
      connections.pop();
      const bytes = readFileSync(path).fill(0xff, PAGE_BYTES);
      writeFileSync(path, bytes);
      const connection = open();
      const damaged = expect.objectContaining({ code: 'STATE_DAMAGED', detail: expect.stringContaining('damaged') });
      expect(() => connection.read(() => valuesIn(connection))).toThrow(damaged);
      expect(() => connection.execute('CREATE TABLE other (value INTEGER)')).toThrow(damaged);
      expect(readFileSync(path)).toEqual(bytes);
    });
  });

  describe('where the disk failed', () => {
    const failing = () => {
      throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
    };

    it('opens the file anew for the next call, with all that was set, and goes on from what is in it', () => {
      let openCount = 0;
      const connection = new SqliteConnection(path, {
        busyTimeoutMs: 0,
        onOpen: (opened) => {
          openCount += 1;
          opened.execute('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
        },
      });
      connections.push(connection);
      connection.execute('CREATE TABLE numbers (value INTEGER) STRICT; INSERT INTO numbers VALUES (1)');
      const work = () => {
        insert(connection, 2);
        failing();
      };
      expect(() => connection.transaction(work)).toThrow(
        expect.objectContaining({ code: 'STATE_UNAVAILABLE', detail: expect.stringContaining('(SQLITE_IOERR_FSYNC)') }),
      );
      expect(connection.read(() => valuesIn(connection))).toEqual([1]);
      expect(openCount).toBe(2);
      expect(connection.readPragma('synchronous')).toBe('2');
      connection.transaction(() => insert(connection, 3));
      expect(connection.read(() => valuesIn(connection))).toEqual([1, 3]);
    });

    it('stays unavailable as long as what it holds cannot be brought to the disk', () => {
      const connection = new SqliteConnection(path, {
        busyTimeoutMs: 0,
        onOpen: (opened) => opened.execute('PRAGMA journal_mode = WAL'),
      });
      connections.push(connection);
      connection.execute('CREATE TABLE numbers (value INTEGER) STRICT; INSERT INTO numbers VALUES (1)');
      const reader = open();
      reader.execute('BEGIN');
      reader.read(() => valuesIn(reader));
      connection.execute('INSERT INTO numbers VALUES (2)');
      const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
      expect(() => connection.read(failing)).toThrow(unavailable);
      expect(() => connection.read(() => valuesIn(connection))).toThrow(unavailable);
      reader.execute('COMMIT');
      expect(connection.read(() => valuesIn(connection))).toEqual([1, 2]);
    });
  });
});
