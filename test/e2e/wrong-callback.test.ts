/** What errors say to do about a callback that is wrong: to ask again with the right one, since to resume asks the same place again. */
import { expect, it } from 'vitest';
import { findFreePort } from '../harness/free-port.ts';
import { setScene } from '../harness/scene.ts';
import { until } from '../harness/until.ts';

it('that refuses everything is left for the right one by asking again, and by resuming it is not', async () => {
  const scene = await setScene({ recordCount: 25 });
  const refused = await scene.deliver({ callback_url: `${scene.receiver.origin}/wrong` });
  const failed = { status: 'FAILED', last_error: { code: 'DELIVERY_REJECTED' } };
  expect(refused).toMatchObject(failed);
  const { ingestion_id: id } = refused;
  await scene.service.api.act(id, 'resume');
  expect(await scene.service.api.untilStatus(id, 'COMPLETED', 'FAILED')).toMatchObject(failed);

  expect(await scene.deliver()).toMatchObject({ ingestion_id: id, status: 'COMPLETED', last_error: null });
  await scene.expectDelivered(id);
});

it('at which nobody listens is left for the right one while it is tried again', async () => {
  const scene = await setScene({ recordCount: 25 });
  const wrongUrl = `http://127.0.0.1:${await findFreePort()}/callback`;
  const { ingestion_id: id } = (await scene.ingest({ callback_url: wrongUrl })).body;
  await until(
    async () => (await scene.service.api.get(id)).last_error?.code,
    (code) => code === 'ATTEMPT_FAILED',
  );
  expect(await scene.deliver()).toMatchObject({ ingestion_id: id, status: 'COMPLETED' });
  await scene.expectDelivered(id);
});
