import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { recordSchemaChecksum, SCHEMA_VERSION } from '../../src/state/sqlite-migrations.ts';
import { openStateFile } from '../../src/state/sqlite-state-file.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import {
  acknowledge,
  deliver,
  NOW,
  planAfter,
  running,
  sampleChain,
  sampleIngestion,
  withoutRejects,
} from './sample-state.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('the state file', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(() => {
    place = temporaryFolder();
    path = join(place.path, 'state.sqlite');
  });
  afterEach(() => place.remove());

  /** Runs SQL on the file past everything that opening it does. */
  function executeRaw(sql: string): void {
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    connection.execute(sql);
    connection.close();
  }

  function pragmasOf(names: readonly string[]): Record<string, string> {
    const connection = openStateFile(path);
    const values = names.map((name) => [name, connection.readPragma(name)] as const);
    connection.close();
    return Object.fromEntries(values);
  }

  it('is durable and checked, also when it is opened again', () => {
    const expected = {
      journal_mode: 'wal',
      synchronous: '2',
      fullfsync: '1',
      checkpoint_fullfsync: '1',
      foreign_keys: '1',
      cell_size_check: '1',
      trusted_schema: '0',
      busy_timeout: '5000',
    };
    expect(pragmasOf(Object.keys(expected))).toEqual(expected);
    expect(pragmasOf(Object.keys(expected))).toEqual(expected);
  });

  it('is marked as ours, with the version of its schema', () => {
    const marks = { application_id: String(0x41636b53), user_version: String(SCHEMA_VERSION) };
    expect(pragmasOf(Object.keys(marks))).toEqual(marks);
    expect(pragmasOf(Object.keys(marks))).toEqual(marks);
  });

  it('of a newer version is refused and not touched', () => {
    openStateFile(path).close();
    executeRaw(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const before = readFileSync(path);
    expect(() => openStateFile(path)).toThrow(
      expect.objectContaining({
        code: 'STATE_SCHEMA_TOO_NEW',
        data: { found: SCHEMA_VERSION + 1, supported: SCHEMA_VERSION },
      }),
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it.each([
    ['tables', 'CREATE TABLE notes (text TEXT)'],
    ['a schema version', 'PRAGMA user_version = 1'],
    ['a mark', 'PRAGMA application_id = 1196444487'],
  ])('of somebody else, who left %s in it, is refused and not touched', (_what, sql) => {
    executeRaw(sql);
    const before = readFileSync(path);
    expect(() => openStateFile(path)).toThrow(
      expect.objectContaining({ code: 'STATE_UNAVAILABLE', detail: expect.stringContaining('something else') }),
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it('is refused where it is no database', () => {
    writeFileSync(path, 'product_id;price\n'.repeat(100));
    expect(() => openSqliteStateStore({ path })).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
    expect(readFileSync(path, 'utf8')).toContain('product_id');
  });

  it('holds no table whose types are not strict', () => {
    const connection = openStateFile(path);
    const tables = connection.prepare<[], { name: string; strict: number }>('PRAGMA table_list').all();
    connection.close();
    const loose = tables.filter((table) => table.strict === 0 && !table.name.startsWith('sqlite_'));
    expect(tables.length).toBeGreaterThan(4);
    expect(loose).toEqual([]);
  });

  it.each([
    ['UPDATE chunks SET checksum = upper(checksum) WHERE chunk_number = 0', 'never rewritten'],
    ['DELETE FROM chunks WHERE chunk_number = 0', 'never removed'],
    ['UPDATE ingestions SET next_chunk_number = 3', 'CHECK constraint'],
    ['UPDATE ingestions SET highest_planned_chunk = 0', 'CHECK constraint'],
    ["UPDATE ingestions SET status = 'DONE'", 'CHECK constraint'],
    ['DELETE FROM ingestions', 'never removed'],
    ["UPDATE ingestions SET deleted_at = 0, deleted_extent = 'none'; DELETE FROM ingestions", 'FOREIGN KEY constraint'],
  ])('refuses by itself what would lose an acknowledged record: %s', async (sql, message) => {
    const store = openSqliteStateStore({ path });
    const run = await running(store, sampleIngestion('feed'));
    await deliver(store, run, sampleChain(2));
    await store.close();
    const connection = openStateFile(path);
    expect(() => connection.execute(sql)).toThrow(message);
    connection.close();
  });

  it('is told to take no writes, from the first that failed until it would take one', async () => {
    const store = openSqliteStateStore({ path });
    const run = await running(store, sampleIngestion('feed'));
    renameSync(path, `${path}.aside`);
    expect(await store.isWritable()).toBe(true);
    await expect(store.releaseRun(run, null, NOW)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect(await store.isWritable()).toBe(false);
    renameSync(`${path}.aside`, path);
    expect(await store.isWritable()).toBe(true);
    await store.releaseRun(run, null, NOW);
    await store.close();
  });

  it('writes an acknowledgement without rewriting an index of the ingestions', async () => {
    const store = openSqliteStateStore({ path });
    const run = await running(store, sampleIngestion('feed'));
    await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
    await store.close();
    const connection = openStateFile(path);
    connection.execute(`CREATE TRIGGER watch BEFORE UPDATE OF status, queue_sequence, file_id, callback_url, version, deleted_at, is_unpurged ON ingestions
      BEGIN SELECT raise(ABORT, 'an indexed column was written'); END`);
    recordSchemaChecksum(connection);
    connection.close();
    const reopened = openSqliteStateStore({ path });
    await acknowledge(reopened, run, 0);
    await expect(reopened.releaseRun(run, null, NOW)).rejects.toThrow('indexed column');
    await reopened.close();
  });
});
