/** A service goes on from a state older than what was delivered from it, as a restored backup is. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService, type TestService } from '../harness/service.ts';
import { until } from '../harness/until.ts';

const NOT_NOW = { fault: 'status', status: 503, retry_after: '3600' } as const;

/** A scene in which a backup was made when chunks 0 and 1 were delivered, more was delivered since, and the backup restored. */
async function restored(): Promise<{
  readonly scene: Scene;
  readonly ingestionId: string;
  readonly service: TestService;
}> {
  const scene = await setScene({ recordCount: 95 });
  scene.receiver.setFaults({ ...NOT_NOW, chunk: 2 });
  const { ingestion_id: ingestionId } = (await scene.ingest()).body;
  await until(
    () => scene.service.api.get(ingestionId),
    (shown) => shown.totals.chunks === 2 && shown.status === 'QUEUED',
  );
  await scene.service.stop();
  const [data, backup] = [join(scene.folder, 'data'), join(scene.folder, 'backup')];
  cpSync(data, backup, { recursive: true });

  const later = await startService(scene.folder);
  for (const [epoch, chunk] of [
    [2, 4],
    [3, 6],
  ] as const) {
    scene.receiver.setFaults({ ...NOT_NOW, chunk });
    await later.api.act(ingestionId, 'pause');
    await later.api.act(ingestionId, 'resume');
    await until(
      () => later.api.get(ingestionId),
      (shown) => shown.epoch === epoch && shown.totals.chunks === chunk && shown.status === 'QUEUED',
    );
  }
  await later.stop();

  rmSync(data, { recursive: true });
  cpSync(backup, data, { recursive: true });
  scene.receiver.setFaults();
  return { scene, ingestionId, service: await startService(scene.folder) };
}

it('delivers every record once and in order from a restored backup, and says that the receiver is ahead of it', async () => {
  const { scene, ingestionId, service } = await restored();
  expect((await service.api.get(ingestionId)).totals.chunks).toBe(2);
  await service.api.act(ingestionId, 'pause');
  await service.api.act(ingestionId, 'resume');
  await service.api.untilStatus(ingestionId, 'COMPLETED');
  await scene.expectDelivered(ingestionId);
  const warnings = service.logged.filter(({ event }) => event === 'state.behind_receiver');
  const fields = { ingestion_id: ingestionId, chunk_number: 2, epoch: 2, receiver_epoch: 3 };
  expect(warnings).toMatchObject([{ level: 'warn', fields }]);
});

it('stops where the receiver has other bytes than a restored backup goes on with, and says why', async () => {
  const { scene, ingestionId, service } = await restored();
  await service.api.act(ingestionId, 'pause');
  // Chunk 2 was frozen before the backup was made; from chunk 3 on the receiver has ten records in each.
  await service.api.ingest({
    file_path: scene.filePath,
    callback_url: scene.receiver.callbackUrl,
    chunk_size_by_records: 20,
  });
  await until(
    () => service.logged.filter(({ event }) => event === 'state.behind_receiver'),
    (lines) => lines.some(({ fields }) => fields.chunk_number === 3),
  );
  expect(await scene.receiver.records(ingestionId)).toEqual(scene.expected.slice(0, 60));
});
