/** State files as earlier versions left them, with chunks in each state, are opened by this version, read back and carried on with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkStateFile, THOROUGH } from '../../src/state/check-state-file.ts';
import { firstSchema } from '../../src/state/migrations/0001-first-schema.ts';
import { checksummedColumns, rowChecksum } from '../../src/state/row-checksum.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { recordSchemaChecksum, SCHEMA_VERSION } from '../../src/state/sqlite-migrations.ts';
import { openStateFile } from '../../src/state/sqlite-state-file.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { ANSWERED, writeRealisticState } from './realistic-state.ts';
import {
  acknowledge,
  answerOf,
  badRecordAt,
  claimed,
  failOnce,
  keyOf,
  ledgerOf,
  NOW,
  rejectsOf,
  sampleIngestion,
  snapshotOf,
  stored,
} from './sample-state.ts';
import { temporaryFolder } from './temporary-folder.ts';

const CHECKSUM = 'c'.repeat(64);
const FINGERPRINT = { size: 900, mtimeNs: '1', ctimeNs: '2', inode: '64:1', headDigest: 'a', tailDigest: 'b' };

const positionAt = (byteOffset: number) => ({ fileIndex: 0, byteOffset, line: 4, column: 2, state: { comma: true } });

const chunkRow = (chunkNumber: number, ackedAt: number | null) =>
  `INSERT INTO chunks VALUES ('id-1', ${chunkNumber}, ${chunkNumber * 10}, 10, '${JSON.stringify(positionAt(chunkNumber * 300))}',
    ${chunkNumber === 2 ? 'NULL' : `'${JSON.stringify(positionAt((chunkNumber + 1) * 300))}'`},
    500, 4194304, NULL, ${Number(chunkNumber === 2)}, '${CHECKSUM}', 250, '${CHECKSUM}', ${NOW}, ${ackedAt});`;

const LEFT_BY_THE_FIRST_VERSION = `
${firstSchema}
INSERT INTO ingestions VALUES (1, 'id-1', 'file-1', 'resume', '/feeds/a.json', 'json', 'products', 1, 'exact', 256, 67108864,
  'http://receiver.example/', 500, 0, 259200000, 60000, NULL, NULL, NULL, 'QUEUED', 1, 3, '${JSON.stringify(FINGERPRINT)}',
  2, 20, 600, '${CHECKSUM}', 0, 1, 2, NULL, 0, NULL, 0, 0, NULL, NULL, 0, ${NOW}, ${NOW}, ${NOW}, 0, NULL);
${chunkRow(0, NOW)}
${chunkRow(1, NOW)}
${chunkRow(2, null)}
INSERT INTO attempts (ingestion_id, target, attempt, epoch, begun_at, ended_at, outcome) VALUES ('id-1', 1, 1, 3, ${NOW}, ${NOW}, 'acknowledged');
PRAGMA application_id = 0x41636b53;
PRAGMA user_version = 1;`;

describe('the state file of version 0.1', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(() => {
    place = temporaryFolder();
    path = join(place.path, 'state.sqlite');
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    connection.execute(LEFT_BY_THE_FIRST_VERSION);
    connection.close();
  });
  afterEach(() => place.remove());

  it('has its ingestions read as they were begun', async () => {
    const store = openSqliteStateStore({ path });
    expect(await stored(store, 'id-1')).toMatchObject({
      filePath: '/feeds/a.json',
      read: { recordPath: 'products', isRecordPathFound: true, format: { encoding: null }, onBadRecord: 'fail' },
      delivery: { chunkSizeByRecords: 500, maxBadRecords: null },
      fingerprint: FINGERPRINT,
      checkpoint: { nextChunkNumber: 2, recordCount: 20, sourceBytes: 600 },
      rejectedRecords: 0,
    });
    await store.close();
  });

  it('has its plans at the same places, acknowledged ones among them', async () => {
    const store = openSqliteStateStore({ path });
    const at = (byteOffset: number) => ({ ...positionAt(byteOffset), sourceBytes: byteOffset, seek: null });
    const ledger = await ledgerOf(store, 'id-1');
    expect(ledger.map(({ plan }) => [plan.firstPosition, plan.positionAfter])).toEqual([
      [at(0), at(300)],
      [at(300), at(600)],
      [at(600), null],
    ]);
    expect(ledger.map(({ ackedAt, attempts }) => [ackedAt, attempts.length])).toEqual([
      [NOW, 0],
      [NOW, 1],
      [null, 0],
    ]);
    await store.close();
  });

  it('goes on where it was, and may set bad records aside', async () => {
    const store = openSqliteStateStore({ path });
    const run = await claimed(store);
    expect(await acknowledge(store, run, 2)).toMatchObject({ checkpoint: { sourceBytes: 900, isAtEnd: true } });
    await store.recordRejects(run, [badRecordAt(1)], NOW);
    expect(await rejectsOf(store, 'id-1')).toHaveLength(1);
    await store.close();
  });

  it('still refuses to rewrite what was acknowledged', () => {
    const connection = openStateFile(path);
    expect(connection.readPragma('user_version')).toBe(String(SCHEMA_VERSION));
    expect(() => connection.execute("UPDATE chunks SET first_position = '{}' WHERE chunk_number = 0")).toThrow(
      'an acknowledged chunk is never rewritten',
    );
    connection.close();
  });
});

/** Written by the code that knew two schemas: a completed, a failed and a running ingestion, with what they were read back as. */
const LEFT_WITH_SCHEMA_2 = new URL('../../fixtures/state/schema-2.db.gz', import.meta.url);
const READ_BACK: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../fixtures/state/schema-2.expected.json', import.meta.url), 'utf8'),
);

describe('the state file with the schema before checksums', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(() => {
    place = temporaryFolder();
    path = join(place.path, 'state.sqlite');
    writeFileSync(path, gunzipSync(readFileSync(LEFT_WITH_SCHEMA_2)));
  });
  afterEach(() => place.remove());

  it('is read back whole, now and when it is opened again', async () => {
    for (let opening = 0; opening < 2; opening += 1) {
      const store = openSqliteStateStore({ path });
      for (const [name, expected] of Object.entries(READ_BACK)) {
        const snapshot = await snapshotOf(store, sampleIngestion(name).ingestionId);
        expect(asJson(snapshot), name).toEqual(expected);
      }
      await store.close();
    }
  });

  it('has its attempts ended, its answers remembered, and goes on', async () => {
    const sample = sampleIngestion('under-way');
    const store = openSqliteStateStore({ path });
    await store.recoverAtStart(NOW);
    const run = await claimed(store);
    expect(await acknowledge(store, run, 2)).toMatchObject({ checkpoint: { nextChunkNumber: 3, recordCount: 30 } });
    const idempotency = { key: 'a-key', bodyDigest: 'a-digest' };
    const decideAnew = () => {
      throw new Error('the answer is forgotten');
    };
    expect(await store.submit(keyOf(sample, { idempotency }), decideAnew)).toEqual(answerOf(sample));
    await store.close();
  });

  it('has every row guarded from then on', async () => {
    await openSqliteStateStore({ path }).close();
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    connection.execute('UPDATE attempts SET epoch = 7 WHERE target = 1');
    connection.close();
    const store = openSqliteStateStore({ path });
    await expect(ledgerOf(store, sampleIngestion('finished').ingestionId)).rejects.toThrow('the row of attempts');
    await store.close();
  });
});

describe('a state file of the version before received answers', () => {
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(async () => {
    place = temporaryFolder();
    path = join(place.path, 'state.sqlite');
    const store = openSqliteStateStore({ path });
    await writeRealisticState(store);
    await store.close();
    setBackTo(5, path, `${BEFORE_NARROW_INDEXES} DROP TABLE received_answers; DROP INDEX attempts_failed;`);
  });
  afterEach(() => place.remove());

  it('is checked, and tells the attempts that failed before without their answers', async () => {
    checkStateFile(path, THOROUGH);
    const store = openSqliteStateStore({ path });
    const { ingestionId } = sampleIngestion('failed');
    expect(await store.getLastFailedAttempt(ingestionId)).toMatchObject({
      chunkNumber: 2,
      record: { attempt: 1, outcome: 'unavailable', httpStatus: 502, reason: 'HTTP 502' },
      answer: null,
    });
    expect(await store.getLastFailedAttempt(sampleIngestion('finished').ingestionId)).toBeNull();
    await store.close();
    checkStateFile(path, THOROUGH);
  });

  it('has answers of what fails from then on', async () => {
    const store = openSqliteStateStore({ path });
    await store.recoverAtStart(NOW);
    const run = await claimed(store, NOW + 3_600_000);
    const { nextChunkNumber } = (await stored(store, run.ingestionId)).checkpoint;
    await failOnce(store, run, nextChunkNumber, { outcome: ANSWERED });
    expect(await store.getLastFailedAttempt(run.ingestionId)).toMatchObject({ answer: { httpStatus: 502 } });
    await store.close();
    checkStateFile(path, THOROUGH);
  });
});

describe('a state file of the version before a deletion was marked until it is purged', () => {
  const [waiting, half, whole] = ['paused', 'failed', 'cancelled'].map((name) => sampleIngestion(name).ingestionId);
  let place: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(async () => {
    place = temporaryFolder();
    path = join(place.path, 'state.sqlite');
    const store = openSqliteStateStore({ path });
    await writeRealisticState(store);
    for (const ingestionId of [half, whole] as string[]) await store.deleteIngestion(ingestionId, NOW);
    while (!(await store.purgeDeleted(whole as string)));
    await store.close();
    setBackTo(6, path, BEFORE_NARROW_INDEXES);
  });
  afterEach(() => place.remove());

  it('has every row as it was written, and goes on to remove what is left of deleted ones, and nothing else', async () => {
    checkStateFile(path, THOROUGH);
    const store = openSqliteStateStore({ path });
    checkStateFile(path, THOROUGH);
    expect(await store.listUnpurged()).toEqual([half]);
    while (!(await store.purgeDeleted(half as string)));
    expect(await store.listUnpurged()).toEqual([]);
    expect(await ledgerOf(store, half as string)).toEqual([]);
    expect(await ledgerOf(store, waiting as string)).toHaveLength(1);
    await store.close();
    checkStateFile(path, THOROUGH);
  });
});

/** What the newest step of the schema did, undone. */
const BEFORE_NARROW_INDEXES = `
DROP INDEX ingestions_active; DROP INDEX ingestions_by_version; DROP INDEX ingestions_kept; DROP INDEX ingestions_unpurged;
CREATE INDEX ingestions_by_file ON ingestions (file_id, callback_url);
ALTER TABLE ingestions DROP COLUMN is_unpurged;`;

/** Makes of a state what an earlier version would have left of it, every row with the checksum of its columns then. */
function setBackTo(version: number, path: string, undo: string): void {
  const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
  connection.defineFunction('row_checksum_of', (...values) => rowChecksum(values));
  connection.transaction(() => {
    connection.execute(undo);
    const columns = checksummedColumns(connection, 'ingestions').join(', ');
    connection.execute(`UPDATE ingestions SET row_checksum = row_checksum_of(${columns})`);
    connection.execute(`PRAGMA user_version = ${version}`);
    recordSchemaChecksum(connection);
  });
  connection.close();
}

/** Through JSON, bytes as hex, as the expectation was written. */
function asJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => {
      const isBuffer = typeof member === 'object' && member !== null && 'type' in member && member.type === 'Buffer';
      return isBuffer && 'data' in member ? { hex: Buffer.from(member.data as number[]).toString('hex') } : member;
    }),
  );
}
