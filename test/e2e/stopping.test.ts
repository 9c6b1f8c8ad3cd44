import { describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';

/** What a receiver does that takes a message and never answers. */
const never = () => new Promise<undefined>(() => {});

describe('a service that is stopped', () => {
  it('gives up an attempt and a status event that nobody answers, and the next one delivers all', async () => {
    const clock = new TestClock();
    const scene = await setScene({ recordCount: 35, clock });
    const callback = await startWireTap(scene.receiver.callbackUrl, (message) =>
      message.subject === 2 && Number(message.headers['ackstream-epoch']) === 1 ? never() : undefined,
    );
    let isStopped = false;
    const events = await startWireTap(null, () => (isStopped ? undefined : never()));
    const { body } = await scene.ingest({ callback_url: callback.url, status_url: events.url });
    await until(
      () => callback.subjects(),
      (subjects) => subjects.includes(2) && events.messages.length > 0,
    );
    void scene.service.stop().then(() => {
      isStopped = true;
    });
    // First the grace of the attempt counts, then that of the event.
    await until(
      () => {
        clock.advance(1_000);
        return isStopped;
      },
      (seen) => seen,
    );
    expect(scene.service.logged.filter((line) => line.level === 'error')).toEqual([]);

    const next = await startService(scene.folder, { clock });
    await next.api.untilStatus(body.ingestion_id, 'COMPLETED');
    await scene.expectDelivered(body.ingestion_id);
    expect(callback.subjects()).toEqual([0, 1, 2, 2, 3, 'COMPLETED']);
  });
});
