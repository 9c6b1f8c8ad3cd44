/** When the next attempt is made, and when none is: over waits, over restarts, by a clock that the test puts forward. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShownIngestion } from '../harness/api-client.ts';
import { startReceiver } from '../harness/receiver.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService, type TestService } from '../harness/service.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';
import { startWireTap, type WireTap } from '../harness/wire-tap.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DEFAULT_RETRY = { retry: null };

/** A scene whose clock is the test's, and a receiver behind a tap that gives these answers at chunk 1, one after the other. */
async function answering(
  ...answers: readonly Parameters<typeof answerChunkOne>[0][]
): Promise<Scene & { clock: TestClock; tap: WireTap }> {
  const clock = new TestClock();
  const scene = await setScene({ recordCount: 25, clock });
  const left = [...answers];
  const tap = await startWireTap(scene.receiver.callbackUrl, ({ subject }) =>
    subject === 1 ? answerChunkOne(left.shift()) : undefined,
  );
  return { ...scene, clock, tap };
}

function answerChunkOne(answer: { status: number; retryAfter?: string; body?: string } | undefined) {
  if (answer === undefined) return undefined;
  const { status, retryAfter, body = '' } = answer;
  return { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter }, body };
}

/** Begins the delivery and waits until it waits for its next attempt; how long that is off, ms. */
async function waitingTimeMs(
  { service, clock, tap }: { service: TestService; clock: TestClock; tap: WireTap },
  ingestionId: string,
  messageCount: number,
): Promise<number> {
  const shown = await until(
    () => service.api.get(ingestionId),
    ({ next_attempt_at }) => next_attempt_at !== null && tap.messages.length === messageCount,
  );
  return Date.parse(String(shown.next_attempt_at)) - clock.now();
}

/** Within what a slow machine takes. */
function expectAbout(actualMs: number, expectedMs: number): void {
  expect(actualMs).toBeLessThanOrEqual(expectedMs);
  expect(actualMs).toBeGreaterThan(expectedMs - 4 * SECOND_MS);
}

describe('Retry-After', () => {
  it('is waited for, up to an hour, and no attempt is made before', async () => {
    const scene = await answering({ status: 503, retryAfter: '1200' }, { status: 429, retryAfter: '999999' });
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    expectAbout(await waitingTimeMs(scene, id, 2), 1200 * SECOND_MS);
    expect((await scene.service.api.get(id)).status).toBe('QUEUED');
    scene.clock.advance(1100 * SECOND_MS);
    // A look at the queue, which finds nothing to do.
    await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY });
    expectAbout(await waitingTimeMs(scene, id, 2), 100 * SECOND_MS);
    scene.clock.advance(100 * SECOND_MS);
    expectAbout(await waitingTimeMs(scene, id, 3), HOUR_MS);
    scene.clock.advance(HOUR_MS);
    await scene.service.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
    expect(scene.tap.subjects()).toEqual([0, 1, 1, 1, 2, 'COMPLETED']);
  });
});

describe('the retry window', () => {
  it('counts from the first failed attempt over restarts, and ends in PAUSED with nothing dropped', async () => {
    const notNow = { status: 503, retryAfter: '3600' };
    const scene = await answering(notNow, notNow, notNow, notNow);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, retry: { window: '2h' } })).body;
    expectAbout(await waitingTimeMs(scene, id, 2), HOUR_MS);
    await scene.service.stop();
    const second = await startService(scene.folder, { clock: scene.clock });
    scene.clock.advance(HOUR_MS);
    expectAbout(await waitingTimeMs({ ...scene, service: second }, id, 3), HOUR_MS);
    await second.stop();
    const third = await startService(scene.folder, { clock: scene.clock });
    scene.clock.advance(HOUR_MS);
    expect(await third.api.untilStatus(id, 'PAUSED', 'FAILED', 'COMPLETED')).toMatchObject({
      status: 'PAUSED',
      last_error: { code: 'DELIVERY_WINDOW_OVER' },
      totals: { chunks: 1 },
    });
    expect(scene.tap.messages.length).toBe(4);
    // A person's resume begins a new window.
    await third.api.act(id, 'resume');
    expectAbout(await waitingTimeMs({ ...scene, service: third }, id, 5), HOUR_MS);
    scene.clock.advance(HOUR_MS);
    await third.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
  });
});

describe('a rejection', () => {
  const no = { status: 422, body: '{"ack":false,"error":"no such shop"}' };

  it('is tried again after 5 s and after 30 s, and the third is final', async () => {
    const scene = await answering(no, no, no);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    expectAbout(await waitingTimeMs(scene, id, 2), 5 * SECOND_MS);
    scene.clock.advance(5 * SECOND_MS);
    expectAbout(await waitingTimeMs(scene, id, 3), 30 * SECOND_MS);
    scene.clock.advance(30 * SECOND_MS);
    const failed = await scene.service.api.untilStatus(id, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'DELIVERY_REJECTED' } });
    expect(failed.last_error?.message).toContain('no such shop');
    expect(scene.tap.messages.length).toBe(4);
  });

  it('is counted anew by a service that starts', async () => {
    const scene = await answering(no, no, no, no);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    await waitingTimeMs(scene, id, 2);
    scene.clock.advance(5 * SECOND_MS);
    expectAbout(await waitingTimeMs(scene, id, 3), 30 * SECOND_MS);
    await scene.service.stop();
    const service = await startService(scene.folder, { clock: scene.clock });
    scene.clock.advance(30 * SECOND_MS);
    expectAbout(await waitingTimeMs({ ...scene, service }, id, 4), 5 * SECOND_MS);
    scene.clock.advance(5 * SECOND_MS);
    expectAbout(await waitingTimeMs({ ...scene, service }, id, 5), 30 * SECOND_MS);
    scene.clock.advance(30 * SECOND_MS);
    await service.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
  });

  it('by 410 is final at once', async () => {
    const scene = await answering({ status: 410 });
    expect(await scene.deliver({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'DELIVERY_REJECTED' },
    });
    expect(scene.tap.subjects()).toEqual([0, 1]);
  });

  it('by the guard, at an address that was allowed when it was asked for, is final at once', async () => {
    const scene = await answering({ status: 503, retryAfter: '3600' });
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url })).body;
    await waitingTimeMs(scene, id, 2);
    await scene.service.stop();
    const env = { ACKSTREAM_CALLBACK_ALLOW: 'receiver.example' };
    const service = await startService(scene.folder, { clock: scene.clock, env });
    scene.clock.advance(HOUR_MS);
    expect(await service.api.untilStatus(id, 'FAILED', 'PAUSED')).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'CALLBACK_NOT_ALLOWED' },
    });
    expect(scene.tap.messages.length).toBe(2);
  });
});

describe('success without acceptance', () => {
  it.each(['', 'OK', '{}', '{"ack":"true"}', '{"ack":1}', 'true'])(
    'is none: 200 with the body %j is followed by the same bytes again',
    async (body) => {
      const scene = await answering({ status: 200, body }, { status: 204 });
      const shown = await scene.deliver({ callback_url: scene.tap.url });
      expect(shown.status).toBe('COMPLETED');
      expect(scene.tap.subjects()).toEqual([0, 1, 1, 1, 2, 'COMPLETED']);
      const [first, second, third] = scene.tap.messages.slice(1).map((message) => message.bytes.toString());
      expect([second, third]).toEqual([first, first]);
      await scene.expectDelivered(shown.ingestion_id);
    },
  );

  it('is none either where the status is an error and the body says ack', async () => {
    const ack = '{"ack":true}';
    const scene = await answering({ status: 500, body: ack }, { status: 302, body: ack }, { status: 404, body: ack });
    const shown = await scene.deliver({ callback_url: scene.tap.url });
    expect(shown.status).toBe('COMPLETED');
    expect(scene.tap.subjects()).toEqual([0, 1, 1, 1, 1, 2, 'COMPLETED']);
    await scene.expectDelivered(shown.ingestion_id);
  });
});

describe('a receiver that is restarted', () => {
  it('is waited for with growing distance, not hammered, and goes on from its own state', async () => {
    const clock = new TestClock();
    const scene = await setScene({ recordCount: 25, clock, random: () => 0.999 });
    const statePath = join(scene.folder, 'receiver.db');
    const before = await startReceiver({ statePath, faults: [{ fault: 'status', chunk: 1, status: 503 }] });
    const callback = { callback_url: before.callbackUrl, ...DEFAULT_RETRY };
    const { ingestion_id: id } = (await scene.ingest(callback)).body;
    const waits: number[] = [];
    let shown: ShownIngestion | undefined;
    for (let failures = 1; failures <= 8; failures += 1) {
      if (failures === 3) await before.stop();
      shown = await until(
        () => scene.service.api.get(id),
        ({ next_attempt_at: next }) => next !== null && next !== shown?.next_attempt_at,
      );
      waits.push(Math.round((Date.parse(String(shown.next_attempt_at)) - clock.now()) / SECOND_MS));
      clock.advance(Date.parse(String(shown.next_attempt_at)) - clock.now());
    }
    for (const [index, expected] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      expect(Math.abs((waits[index] ?? 0) - expected), `wait ${index} of ${waits.join(', ')} s`).toBeLessThanOrEqual(2);
    }
    const after = await startReceiver({ statePath, port: Number(new URL(before.origin).port) });
    await until(
      () => {
        clock.advance(60 * SECOND_MS);
        return scene.service.api.get(id);
      },
      ({ status }) => status === 'COMPLETED',
    );
    expect(await after.records(id)).toEqual(scene.expected);
  });
});
