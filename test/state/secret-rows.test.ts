/** A state whose secrets lie open, as versions left it that did not seal: once this version was started, they are nowhere in its files. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { firstSchema } from '../../src/state/migrations/0001-first-schema.ts';
import { badRecords } from '../../src/state/migrations/0002-bad-records.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { backUpState } from '../../src/state/state-backup.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { NOW, stored } from './sample-state.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`;
const HEADERS = { authorization: 'Bearer open-secret-of-a-header' };
const TRACES = [SECRET.slice(6, 30), 'open-secret-of'];
const FINGERPRINT = { size: 900, mtimeNs: '1', ctimeNs: '2', inode: '64:1', headDigest: 'a', tailDigest: 'b' };

const ingestion = (number: number, headers: string, secret: string) => `
INSERT INTO ingestions VALUES (${number}, 'id-${number}', 'file-${number}', 'resume', '/feeds/a.json', 'json', NULL, 0, 'exact', 256, 67108864,
  'http://receiver.example/', 500, 0, 259200000, 60000, ${headers}, ${secret}, NULL, '${number === 3 ? 'QUEUED' : 'PAUSED'}', ${number}, 3, '${JSON.stringify(FINGERPRINT)}',
  0, 0, 0, '${CHAIN_START}', 0, -1, -1, NULL, 0, NULL, 0, 0, NULL, NULL, 0, ${NOW}, ${NOW}, ${NOW}, 0, NULL);`;

const OPEN_HEADERS = `'${JSON.stringify(HEADERS)}'`;
const OPEN_SECRET = `'${SECRET}'`;

/** A file of the first version; more is written over it, so that copies remain in what it gave free. */
function openState(more = ''): string {
  const path = join(tempFolder(), 'state.sqlite');
  const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
  connection.execute(`PRAGMA journal_mode = WAL; ${firstSchema}`);
  const rows = [
    ingestion(1, OPEN_HEADERS, OPEN_SECRET),
    ingestion(2, 'NULL', OPEN_SECRET),
    ingestion(3, OPEN_HEADERS, 'NULL'),
    ingestion(4, 'NULL', 'NULL'),
    ...Array.from({ length: 60 }, (_, index) => ingestion(5 + index, OPEN_HEADERS, OPEN_SECRET)),
  ];
  connection.execute(`BEGIN; ${rows.join('')} PRAGMA application_id = 0x41636b53; PRAGMA user_version = 1; COMMIT;`);
  connection.execute('UPDATE ingestions SET callback_headers = NULL, callback_secret = NULL WHERE creation_order > 30');
  connection.execute('DELETE FROM ingestions WHERE creation_order > 40');
  connection.execute(more);
  connection.close();
  return path;
}

/** Makes a state larger than what is in it; its size in bytes. */
function growFreePages(path: string): number {
  const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
  connection.execute('CREATE TABLE large AS SELECT randomblob(400000) AS bytes; DROP TABLE large');
  connection.close();
  return statSync(path).size;
}

function filesWithTraces(path: string): string[] {
  const folder = join(path, '..');
  return readdirSync(folder).filter((name) => TRACES.some((trace) => readFileSync(join(folder, name)).includes(trace)));
}

describe('a state of a version that did not seal', () => {
  it.each([
    ['the first one', ''],
    ['the second one', `${badRecords} PRAGMA user_version = 2;`],
  ])('has its secrets nowhere in its files once it was opened, nor in a backup: %s', async (_which, more) => {
    const path = openState(more);
    expect(filesWithTraces(path)).toEqual(['state.sqlite']);
    const store = openSqliteStateStore({ path });
    const backup = join(tempFolder(), 'backup.sqlite');
    backUpState(path, backup, { isForced: false });
    expect([...filesWithTraces(path), ...filesWithTraces(backup)]).toEqual([]);
    const shown = await Promise.all(['id-1', 'id-2', 'id-3', 'id-4'].map((id) => stored(store, id)));
    expect(shown.map(({ delivery }) => [delivery.callbackHeaders, delivery.callbackSecret])).toEqual([
      [HEADERS, SECRET],
      [null, SECRET],
      [HEADERS, null],
      [null, null],
    ]);
    await store.close();
    expect(filesWithTraces(path)).toEqual([]);
  });

  it('is sealed by the next start where a crash came in between', async () => {
    const path = openState();
    const crashed = new SqliteConnection(path, { busyTimeoutMs: 0 });
    crashed.execute('PRAGMA secure_delete = ON; VACUUM');
    crashed.close();
    await openSqliteStateStore({ path }).close();
    expect(filesWithTraces(path)).toEqual([]);
  });
});

describe('a sealed secret', () => {
  function sealedState() {
    const path = openState();
    return openSqliteStateStore({ path })
      .close()
      .then(() => path);
  }

  it('has another text in each row, though it is the same', async () => {
    const path = await sealedState();
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    const sql = 'SELECT callback_secret AS sealed FROM ingestions WHERE callback_secret IS NOT NULL';
    const rows = connection.read(() => connection.prepare<[], { sealed: string }>(sql).all());
    connection.close();
    expect(rows.every(({ sealed }) => /^sealed:1:[0-9a-f]{16}:[\w-]+$/.test(sealed))).toBe(true);
    expect(new Set(rows.map(({ sealed }) => sealed)).size).toBe(rows.length);
  });

  it('does not keep a state from being opened with the key that is now first in the file, the old one behind it', async () => {
    const path = await sealedState();
    const keyFile = join(path, '..', 'state.key');
    const old = readFileSync(keyFile, 'utf8');
    writeFileSync(keyFile, `${'ab'.repeat(32)}\n${old}`);
    const size = growFreePages(path);
    await openSqliteStateStore({ path }).close();
    // Rewriting all of it would take as much space again, of a disk that may not have it.
    expect(statSync(path).size).toBe(size);
    writeFileSync(keyFile, 'ab'.repeat(32));
    const store = openSqliteStateStore({ path });
    expect((await stored(store, 'id-1')).delivery).toMatchObject({ callbackHeaders: HEADERS, callbackSecret: SECRET });
    await store.close();
    writeFileSync(keyFile, old);
    expect(() => openSqliteStateStore({ path })).toThrow(expect.objectContaining({ code: 'STATE_KEY_MISMATCH' }));
  });

  it('that is lost with its key pauses what would be sent without it, and keeps the rest of the state', async () => {
    const path = await sealedState();
    const keyFile = join(path, '..', 'state.key');
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    const sql = "SELECT substr(callback_secret, 10, 16) AS id FROM ingestions WHERE ingestion_id = 'id-1'";
    const lost = connection.read(() => connection.prepare<[], { id: string }>(sql).get()?.id);
    connection.close();
    writeFileSync(keyFile, `${'cd'.repeat(32)}\nlost ${lost}\n`);
    const store = openSqliteStateStore({ path });
    const shown = await Promise.all(['id-1', 'id-3', 'id-4'].map((id) => stored(store, id)));
    await store.close();
    expect(
      shown.map(({ status, delivery, lastError }) => [
        status,
        delivery.callbackSecret,
        delivery.callbackHeaders,
        lastError?.code,
      ]),
    ).toEqual([
      ['PAUSED', null, null, 'STATE_KEY_MISMATCH'],
      ['PAUSED', null, null, 'STATE_KEY_MISMATCH'],
      ['PAUSED', null, null, undefined],
    ]);
    writeFileSync(keyFile, 'cd'.repeat(32));
    await openSqliteStateStore({ path }).close();
  });
});
