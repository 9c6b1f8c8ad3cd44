import {
  chmodSync,
  copyFileSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChecksummedTable, type Stored } from '../../src/state/checksummed-table.ts';
import type { IngestionRow } from '../../src/state/ingestion-rows.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { writeFeed } from '../harness/feed.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { startWireTap } from '../harness/wire-tap.ts';

const DELIVERED_CHUNKS = 3;

/** Records so long that those in the middle are outside of what head and tail digest cover. */
const LONG_NOTE = ' long'.repeat(1600);

/** A feed of 95 records of which the receiver has acknowledged three chunks and then refused. */
async function deliveredInPart(note = ''): Promise<Scene & { ingestionId: string }> {
  const scene = await setScene({
    recordCount: 95,
    note,
    receiver: { faults: [{ fault: 'nack', chunk: DELIVERED_CHUNKS, error: 'not now' }] },
  });
  const failed = await scene.deliver();
  expect(failed).toMatchObject({ status: 'FAILED', totals: { chunks: DELIVERED_CHUNKS } });
  scene.receiver.setFaults();
  return { ...scene, ingestionId: failed.ingestion_id };
}

/** Changes the file without changing its size, and puts its times back. */
function forge(filePath: string, change: (bytes: Buffer) => void): void {
  const { atime, mtime } = statSync(filePath);
  const bytes = readFileSync(filePath);
  change(bytes);
  writeFileSync(filePath, bytes);
  utimesSync(filePath, atime, mtime);
}

/** Puts another digit into the `index`-th record. */
function changeRecord(bytes: Buffer, index: number): void {
  const place = bytes.indexOf(`"id": ${900_719_925_474_099_300n + BigInt(index)}`);
  bytes.write('8', place + '"id": '.length);
}

/** No program can set a ctime: what is on record is made to agree with the file instead, as on a disk with coarse times. */
function forgeRecordedChangeTime({ folder, filePath, ingestionId }: Scene & { ingestionId: string }): void {
  const connection = new SqliteConnection(join(folder, 'data', 'ackstream.db'), { busyTimeoutMs: 5_000 });
  const { ctimeNs } = statSync(filePath, { bigint: true });
  const sql = 'SELECT * FROM ingestions WHERE ingestion_id = ?';
  const row = connection.prepare<[string], Stored<IngestionRow>>(sql).get(ingestionId);
  if (row === undefined) throw new Error(`no ingestion ${ingestionId}`);
  const fingerprint = JSON.stringify({ ...JSON.parse(row.fingerprint), ctimeNs: String(ctimeNs) });
  new ChecksummedTable<IngestionRow>(connection, 'ingestions').update(row, { fingerprint });
  connection.close();
}

describe('a file that is not what was delivered in part', () => {
  it.each([
    ['has other records', (path: string) => void writeFeed(path, 95, ' changed')],
    ['has records inserted', (path: string) => void writeFeed(path, 96)],
    ['was cut off', (path: string) => truncateSync(path, 5000)],
  ])('is refused when it %s, and delivered anew on request', async (_, change) => {
    const scene = await deliveredInPart();
    change(scene.filePath);
    const refused = await scene.ingest();
    expect(refused).toMatchObject({ status: 409, body: { code: 'SOURCE_CHANGED' } });
    await scene.service.api.act(scene.ingestionId, 'resume');
    const failed = await scene.service.api.untilStatus(scene.ingestionId, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    expect(await scene.receiver.records(scene.ingestionId)).toEqual(scene.expected.slice(0, 30));

    const expected = writeFeed(scene.filePath, 12, ' again');
    const shown = await scene.deliver({ re_ingestion: true });
    expect(shown.status).toBe('COMPLETED');
    await scene.expectDelivered(shown.ingestion_id, expected);
  });

  it.each([
    ['the last acknowledged chunk', 25],
    ['the planned chunk', 35],
    ['a chunk acknowledged long ago', 15],
  ])('is found out behind an old size and mtime where the change touches %s', async (_, index) => {
    const scene = await deliveredInPart(LONG_NOTE);
    forge(scene.filePath, (bytes) => changeRecord(bytes, index));
    const { body } = await scene.ingest();
    expect(body.status).toBe('RESUMED');
    const failed = await scene.service.api.untilStatus(scene.ingestionId, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    expect(await scene.receiver.records(scene.ingestionId)).toEqual(scene.expected.slice(0, 30));
  });

  it.each([
    ['the last acknowledged chunk', 25],
    ['the planned chunk', 35],
  ])('is found out where no time and no size tells, as the change touches %s', async (_, index) => {
    const scene = await deliveredInPart(LONG_NOTE);
    forge(scene.filePath, (bytes) => changeRecord(bytes, index));
    await scene.service.stop();
    forgeRecordedChangeTime(scene);
    const restarted = await startService(scene.folder);
    await restarted.api.act(scene.ingestionId, 'resume');
    const failed = await restarted.api.untilStatus(scene.ingestionId, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    expect(await scene.receiver.records(scene.ingestionId)).toEqual(scene.expected.slice(0, 30));
    expect(restarted.logged.map((line) => line.event)).not.toContain('attempt.ended');
  });

  it('is refused at once behind an old size and mtime where the change is near its beginning or end', async () => {
    for (const index of [0, 94]) {
      const scene = await deliveredInPart(LONG_NOTE);
      forge(scene.filePath, (bytes) => changeRecord(bytes, index));
      expect(await scene.ingest()).toMatchObject({ status: 409, body: { code: 'SOURCE_CHANGED' } });
    }
  });

  it.each([
    [
      'copied back',
      (path: string) => {
        const copy = `${path}.copy`;
        const { atime, mtime } = statSync(path);
        copyFileSync(path, copy);
        renameSync(copy, path);
        utimesSync(path, atime, mtime);
      },
    ],
    ['given other permissions', (path: string) => chmodSync(path, 0o600)],
  ])('is delivered to its end where it was only %s', async (_, touch) => {
    const scene = await deliveredInPart();
    touch(scene.filePath);
    const { body } = await scene.ingest();
    expect(body.status).toBe('RESUMED');
    expect(await scene.service.api.untilStatus(scene.ingestionId, 'FAILED', 'COMPLETED')).toMatchObject({
      status: 'COMPLETED',
    });
    await scene.expectDelivered(scene.ingestionId);
    expect(scene.service.logged.map((line) => line.event)).toContain('source.verified');
  });

  it('stops a delivery under way, and nothing of the new file is sent', async () => {
    const scene = await setScene({ recordCount: 95 });
    let changedAt = 0;
    const { attempts } = scene.receiver;
    const push = attempts.push.bind(attempts);
    attempts.push = (...events) => {
      if (events[0]?.chunkNumber === 4 && changedAt === 0) {
        changedAt = attempts.length;
        writeFeed(scene.filePath, 95, ' changed');
      }
      return push(...events);
    };
    const shown = await scene.deliver();
    expect(shown).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    const records = await scene.receiver.records(shown.ingestion_id);
    expect(records).toEqual(scene.expected.slice(0, records.length));
    expect(await scene.receiver.report(shown.ingestion_id)).toMatchObject({ completed: false });
  });

  it.each([
    ['changed', 'FAILED', (path: string) => void writeFeed(path, 26)],
    ['given other permissions', 'COMPLETED', (path: string) => chmodSync(path, 0o600)],
  ])(
    'that is %s under the last chunk makes it %s: COMPLETED is said of the file as it is',
    async (_, status, change) => {
      const scene = await setScene({ recordCount: 25 });
      const tap = await startWireTap(scene.receiver.callbackUrl, ({ subject }) => {
        if (subject === 2) change(scene.filePath);
        return undefined;
      });
      const shown = await scene.deliver({ callback_url: tap.url });
      expect(shown.status).toBe(status);
      expect(tap.subjects()).toEqual([0, 1, 2, ...(status === 'COMPLETED' ? ['COMPLETED'] : [])]);
      expect(await scene.receiver.records(shown.ingestion_id)).toEqual(scene.expected);
    },
  );

  it('fails the ingestion that goes on by itself when the service starts', async () => {
    const scene = await setScene({
      recordCount: 95,
      receiver: { faults: [{ fault: 'status', chunk: 3, status: 503, retry_after: '600' }] },
    });
    const { body } = await scene.ingest();
    await scene.service.api.untilStatus(body.ingestion_id, 'QUEUED');
    await scene.service.stop();
    writeFeed(scene.filePath, 94);
    scene.receiver.setFaults();
    const restarted = await startService(scene.folder);
    await restarted.api.act(body.ingestion_id, 'pause');
    await restarted.api.act(body.ingestion_id, 'resume');
    expect(await restarted.api.untilStatus(body.ingestion_id, 'FAILED', 'COMPLETED')).toMatchObject({
      last_error: { code: 'SOURCE_CHANGED' },
    });
  });

  it('is taken as it is where no attempt was ever begun', async () => {
    const scene = await setScene({ recordCount: 5 });
    writeFileSync(scene.filePath, '{"a":[{"x":1}],"b":[{"y":2}]}');
    const failed = await scene.deliver();
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'RECORD_PATH_NEEDED' } });
    const named = await scene.deliver({ record_path: 'b' });
    expect(named.status).toBe('COMPLETED');
    await scene.expectDelivered(named.ingestion_id, ['{"y":2}']);
  });
});

describe('a file that cannot be read to its end', () => {
  it.each([
    ['is cut off', (text: string) => text.slice(0, -10), 'READER_TRUNCATED'],
    ['is broken', (text: string) => text.replace('"id": 900719925474099390', '"id": x'), 'READER_SYNTAX'],
    ['repeats a key', (text: string) => text.replace('"berlin": 6', '"wien": 6'), 'DUPLICATE_KEY'],
  ])('delivers what is sound before the place when it %s, says where, and never COMPLETED', async (_, spoil, code) => {
    const scene = await setScene({ recordCount: 95 });
    writeFileSync(scene.filePath, spoil(readFileSync(scene.filePath, 'utf8')));
    const failed = await scene.deliver({ chunk_size_by_records: 2 });
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code, place: { file: scene.filePath } } });
    const records = await scene.receiver.records(failed.ingestion_id);
    expect(records).toEqual(scene.expected.slice(0, records.length));
    expect(records.length).toBe(failed.totals.records);
    expect(await scene.receiver.report(failed.ingestion_id)).toMatchObject({ claimed: null });

    const expected = writeFeed(scene.filePath, 95);
    const whole = await scene.deliver({ re_ingestion: true });
    expect(whole.status).toBe('COMPLETED');
    await scene.expectDelivered(whole.ingestion_id, expected);
  });

  it('is missing, and the ingestion says so once it is gone under a waiting delivery', async () => {
    const scene = await deliveredInPart();
    renameSync(scene.filePath, join(scene.folder, 'gone.json'));
    expect(await scene.ingest()).toMatchObject({ status: 404, body: { code: 'SOURCE_NOT_FOUND' } });
    await scene.service.api.act(scene.ingestionId, 'resume');
    expect(await scene.service.api.untilStatus(scene.ingestionId, 'FAILED')).toMatchObject({
      last_error: { code: 'SOURCE_NOT_FOUND' },
    });
    renameSync(join(scene.folder, 'gone.json'), scene.filePath);
    expect((await scene.deliver()).status).toBe('COMPLETED');
    await scene.expectDelivered(scene.ingestionId);
  });
});
