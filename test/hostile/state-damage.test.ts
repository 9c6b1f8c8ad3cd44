/** Rows that rot while the service runs, and what it says of a damaged state. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { serve } from '../../src/serve.ts';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { startService, testConfig } from '../harness/service.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

/** Changes a state past everything that would refuse it, as a disk does. */
function changeState(folder: string, sql: string): void {
  const database = new Database(join(folder, 'data', 'ackstream.db'));
  database.exec(sql);
  database.close();
}

it('fails the run whose plan is not what was written, answers 500 for it, and delivers the others', async () => {
  const scene = await setScene({ recordCount: 45 });
  scene.receiver.setFaults({ fault: 'status', chunk: 2, status: 503, retry_after: '3600' });
  const { ingestion_id: ingestionId } = (await scene.ingest()).body;
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.totals.chunks === 2 && shown.status === 'QUEUED',
  );
  await scene.service.stop();
  changeState(scene.folder, 'UPDATE chunks SET byte_count = byte_count + 1 WHERE chunk_number = 2');
  scene.receiver.setFaults();

  const service = await startService(scene.folder);
  await service.api.act(ingestionId, 'pause');
  await service.api.act(ingestionId, 'resume');
  const failed = await service.api.untilStatus(ingestionId, 'FAILED');
  expect(failed.last_error).toMatchObject({
    code: 'STATE_DAMAGED',
    message: expect.stringContaining(`the row of chunks with ingestion_id ${ingestionId}, chunk_number 2 `),
    what_to_do: expect.stringContaining('restore a backup'),
  });
  expect(await scene.receiver.records(ingestionId)).toEqual(scene.expected.slice(0, 20));
  const ledger = await service.api.call('GET', `/api/ingestions/${ingestionId}/chunks`);
  expect(ledger).toMatchObject({ status: 500, body: { code: 'STATE_DAMAGED' } });

  const again = await service.api.ingest({
    file_path: scene.filePath,
    callback_url: scene.receiver.callbackUrl,
    re_ingestion: true,
  });
  await service.api.untilStatus(again.body.ingestion_id, 'COMPLETED');
  await scene.expectDelivered(again.body.ingestion_id);
});

it('ends the run whose own row is not what was written, and gives its slot to others', async () => {
  const scene = await setScene({ recordCount: 45, env: { ACKSTREAM_MAX_RUNNING: '1' } });
  scene.receiver.setFaults({ fault: 'status', chunk: 2, status: 503, retry_after: '1' });
  const { ingestion_id: ingestionId } = (await scene.ingest()).body;
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.totals.chunks === 2,
  );
  changeState(scene.folder, 'UPDATE ingestions SET record_count = record_count - 1');
  await until(
    () => scene.service.logged,
    (lines) => lines.some(({ fields }) => fields.code === 'STATE_DAMAGED'),
  );
  expect((await scene.service.api.call('GET', `/api/ingestions/${ingestionId}`)).status).toBe(500);
  expect(await scene.receiver.records(ingestionId)).toEqual(scene.expected.slice(0, 20));

  const filePath = join(scene.folder, 'others.json');
  const others = writeFeed(filePath, 15);
  scene.receiver.setFaults();
  const other = await scene.service.api.ingest({ file_path: filePath, callback_url: scene.receiver.callbackUrl });
  await scene.service.api.untilStatus(other.body.ingestion_id, 'COMPLETED');
  await scene.expectDelivered(other.body.ingestion_id, others);
});

it('passes over a queued ingestion whose row is not what was written, says so, and delivers the others', async () => {
  const clock = new TestClock();
  const scene = await setScene({ recordCount: 45, env: { ACKSTREAM_MAX_RUNNING: '1' }, clock });
  scene.receiver.setFaults({ fault: 'status', chunk: 2, status: 503, retry_after: '3600' });
  const { ingestion_id: ingestionId } = (await scene.ingest()).body;
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.totals.chunks === 2 && shown.status === 'QUEUED',
  );
  changeState(scene.folder, 'UPDATE ingestions SET record_count = record_count - 1');
  scene.receiver.setFaults();
  clock.advance(3_600_000);

  const filePath = join(scene.folder, 'others.json');
  const others = writeFeed(filePath, 15);
  const other = await scene.service.api.ingest({ file_path: filePath, callback_url: scene.receiver.callbackUrl });
  await scene.service.api.untilStatus(other.body.ingestion_id, 'COMPLETED');
  await scene.expectDelivered(other.body.ingestion_id, others);
  const said = scene.service.logged.filter(({ event }) => event === 'state.damaged');
  expect(said.map(({ fields }) => fields.ingestion_id)).toEqual([ingestionId]);
  expect((await scene.service.api.call('GET', '/health/ready')).status).toBe(200);
  expect(await scene.receiver.records(ingestionId)).toEqual(scene.expected.slice(0, 20));
});

it('is not ready while it cannot claim what is queued, and goes on by itself once it can', async () => {
  const clock = new TestClock();
  const scene = await setScene({ recordCount: 45, clock });
  scene.receiver.setFaults({ fault: 'status', chunk: 2, status: 503, retry_after: '3600' });
  const { ingestion_id: ingestionId } = (await scene.ingest()).body;
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.totals.chunks === 2 && shown.status === 'QUEUED',
  );
  scene.receiver.setFaults();
  changeState(scene.folder, 'ALTER TABLE attempts RENAME TO lost');
  clock.advance(3_600_000);
  const unready = await until(
    () => scene.service.api.call('GET', '/health/ready'),
    ({ status }) => status === 503,
  );
  expect(unready.body).toMatchObject({ checks: { queue: false, state: true } });

  changeState(scene.folder, 'ALTER TABLE lost RENAME TO attempts');
  clock.advance(5_000);
  await scene.service.api.untilStatus(ingestionId, 'COMPLETED');
  await scene.expectDelivered(ingestionId);
  expect((await scene.service.api.call('GET', '/health/ready')).status).toBe(200);
});

it('does not start on a damaged state, and says which file, what was found and what to do', async () => {
  const scene = await setScene({ recordCount: 5 });
  await scene.deliver();
  await scene.service.stop();
  changeState(scene.folder, 'DROP TRIGGER acked_chunks_are_not_removed');
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const refused = serve(testConfig(scene.folder), { logger });
  await expect(refused).rejects.toMatchObject({
    code: 'STATE_DAMAGED',
    detail: expect.stringContaining(join(scene.folder, 'data', 'ackstream.db')),
    remedy: expect.stringContaining('keep the files'),
  });
});
