import { appendFileSync } from 'node:fs';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

/** DELETE of an ingestion: status, and the code of a problem. */
async function deleted({ service }: Scene, id: string): Promise<[number, string | null]> {
  const { statusCode, body } = await request(`${service.url}/api/ingestions/${id}`, { method: 'DELETE' });
  const text = await body.text();
  return [statusCode, text === '' ? null : (JSON.parse(text) as { code: string }).code];
}

/** A scene with a delivery that failed, refused at a chunk. */
async function failedAt(chunk: number): Promise<{ readonly scene: Scene; readonly id: string }> {
  const scene = await setScene({ recordCount: 35 });
  scene.receiver.setFaults({ fault: 'status', status: 410, chunk });
  const { ingestion_id: id, status } = await scene.deliver();
  expect(status).toBe('FAILED');
  scene.receiver.setFaults();
  return { scene, id };
}

describe('a deleted ingestion', () => {
  it('that was completed is gone, and asking for the file again still finds it delivered', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    const attempts = scene.receiver.attempts.length;
    expect(await deleted(scene, id)).toEqual([204, null]);
    expect(await deleted(scene, id)).toEqual([404, 'INGESTION_NOT_FOUND']);
    for (const path of ['', '/chunks', '/rejects', '/chunks/0', '/verification']) {
      const { status, body } = await scene.service.api.call('GET', `/api/ingestions/${id}${path}`);
      expect([status, body.code]).toEqual([404, 'INGESTION_NOT_FOUND']);
    }
    expect((await scene.ingest()).body).toMatchObject({ status: 'COMPLETED', ingestion_id: id });
    const elsewhere = await scene.ingest({ callback_url: `${scene.receiver.origin}/other` });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'DELIVERED_ELSEWHERE']);
    expect(scene.receiver.attempts).toHaveLength(attempts);
    appendFileSync(scene.filePath, ' ');
    const changed = await scene.ingest();
    expect([changed.status, changed.body.code]).toEqual([409, 'SOURCE_CHANGED']);
  });

  it('that was delivered in part is never gone on with, only anew under another id', async () => {
    const { scene, id } = await failedAt(2);
    expect(await deleted(scene, id)).toEqual([204, null]);
    const refused = await scene.ingest();
    expect([refused.status, refused.body.code]).toEqual([409, 'HISTORY_DELETED']);
    const { ingestion_id: again, status } = await scene.deliver({ re_ingestion: true });
    expect(status).toBe('COMPLETED');
    expect(again).not.toBe(id);
    await scene.expectDelivered(again);
  });

  it('is none while it goes on or waits for a person', async () => {
    const scene = await setScene({ recordCount: 35 });
    scene.receiver.setFaults({ fault: 'status', status: 503 });
    const { body } = await scene.ingest({ retry: { max_delay: '1h' } });
    expect(await deleted(scene, body.ingestion_id)).toEqual([409, 'MOVE_NOT_ALLOWED']);
    await scene.service.api.act(body.ingestion_id, 'pause');
    expect(await deleted(scene, body.ingestion_id)).toEqual([409, 'MOVE_NOT_ALLOWED']);
    await scene.service.api.act(body.ingestion_id, 'cancel');
    expect(await deleted(scene, body.ingestion_id)).toEqual([204, null]);
  });
});

describe('a retention', () => {
  it('deletes what has not changed for so long, and leaves the rest', async () => {
    const clock = new TestClock();
    const scene = await setScene({ recordCount: 5, env: { ACKSTREAM_RETENTION: '24h' }, clock });
    const { ingestion_id: id } = await scene.deliver();
    let passedHours = 0;
    await until(
      async () => {
        clock.advance(3_600_000);
        passedHours += 1;
        return (await scene.service.api.call('GET', `/api/ingestions/${id}`)).status;
      },
      (status) => status === 404,
    );
    expect(passedHours).toBeGreaterThanOrEqual(24);
    expect(scene.service.logged).toContainEqual({
      level: 'info',
      event: 'ingestion.deleted',
      fields: { ingestion_id: id, by: 'retention' },
    });
  });
});
