/** Rows that rot while the service runs, and what it says of a damaged state. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { serve } from '../../src/serve.ts';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { startService, testConfig } from '../harness/service.ts';
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
