/** When the next attempt is made, and when none is: over waits, over restarts, by a clock that the test puts forward. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/model/clock.ts';
import { systemClock } from '../../src/system-clock.ts';
import { findFreePort } from '../harness/free-port.ts';
import { ManualClock } from '../harness/manual-clock.ts';
import { startReceiver } from '../harness/receiver.ts';
import { type Scene, setScene } from '../harness/scene.ts';
import { startService, type TestService } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWireTap, type WireTap } from '../harness/wire-tap.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DEFAULT_RETRY = { retry: null };

/** For a scene in which time passes only where the test lets it, so that waits are what they are to be to the millisecond. */
const standingClock = () => new ManualClock(Date.UTC(2026, 2, 1));

/** A scene with a clock, and a receiver behind a tap that gives these answers at chunk 1, one after the other. */
async function answering<OwnClock extends Clock>(
  clock: OwnClock,
  ...answers: readonly Parameters<typeof answerChunkOne>[0][]
): Promise<Scene & { readonly clock: OwnClock; readonly tap: WireTap }> {
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

/** Waits until a delivery waits for its next attempt; how long that is off, ms. */
async function waitMs(
  { service, clock }: { readonly service: TestService; readonly clock: ManualClock },
  ingestionId: string,
): Promise<number> {
  const aheadMs = async () => {
    const { next_attempt_at: next } = await service.api.get(ingestionId);
    return next === null ? 0 : Date.parse(next) - clock.now();
  };
  return until(aheadMs, (ms) => ms > 0);
}

/** Fails unless so many messages have come and the next attempt is so far off. */
async function expectWait(
  scene: Parameters<typeof waitMs>[0] & { readonly tap: WireTap },
  ingestionId: string,
  { messages, ms }: { readonly messages: number; readonly ms: number },
): Promise<void> {
  expect(await waitMs(scene, ingestionId)).toBe(ms);
  expect(scene.tap.messages.length).toBe(messages);
}

describe('Retry-After', () => {
  it('is waited for, up to an hour, and no attempt is made before', async () => {
    const scene = await answering(
      standingClock(),
      { status: 503, retryAfter: '1200' },
      { status: 429, retryAfter: '999999' },
    );
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    await expectWait(scene, id, { messages: 2, ms: 1200 * SECOND_MS });
    await scene.service.api.untilStatus(id, 'QUEUED');
    scene.clock.advance(1100 * SECOND_MS);
    // A look at the queue, which finds nothing to do.
    await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY });
    await expectWait(scene, id, { messages: 2, ms: 100 * SECOND_MS });
    scene.clock.advance(100 * SECOND_MS);
    await expectWait(scene, id, { messages: 3, ms: HOUR_MS });
    scene.clock.advance(HOUR_MS);
    await scene.service.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
    expect(scene.tap.subjects()).toEqual([0, 1, 1, 1, 2, 'COMPLETED']);
  });
});

describe('the retry window', () => {
  it('counts from the first failed attempt over restarts, and ends in PAUSED with nothing dropped', async () => {
    const notNow = { status: 503, retryAfter: '3600' };
    const scene = await answering(standingClock(), notNow, notNow, notNow, notNow);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, retry: { window: '2h' } })).body;
    await expectWait(scene, id, { messages: 2, ms: HOUR_MS });
    await scene.service.stop();
    const second = await startService(scene.folder, { clock: scene.clock });
    scene.clock.advance(HOUR_MS);
    await expectWait({ ...scene, service: second }, id, { messages: 3, ms: HOUR_MS });
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
    await expectWait({ ...scene, service: third }, id, { messages: 5, ms: HOUR_MS });
    scene.clock.advance(HOUR_MS);
    await third.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
  });
});

describe('a rejection', () => {
  const no = { status: 422, body: '{"ack":false,"error":"no such shop"}' };

  it('is tried again after 5 s and after 30 s, and the third is final', async () => {
    const scene = await answering(standingClock(), no, no, no);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    await expectWait(scene, id, { messages: 2, ms: 5 * SECOND_MS });
    scene.clock.advance(5 * SECOND_MS);
    await expectWait(scene, id, { messages: 3, ms: 30 * SECOND_MS });
    scene.clock.advance(30 * SECOND_MS);
    const failed = await scene.service.api.untilStatus(id, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'DELIVERY_REJECTED' } });
    expect(failed.last_error?.message).toContain('no such shop');
    expect(scene.tap.messages.length).toBe(4);
  });

  it('is counted anew by a service that starts', async () => {
    const scene = await answering(standingClock(), no, no, no, no);
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).body;
    await waitMs(scene, id);
    scene.clock.advance(5 * SECOND_MS);
    await expectWait(scene, id, { messages: 3, ms: 30 * SECOND_MS });
    await scene.service.stop();
    const service = await startService(scene.folder, { clock: scene.clock });
    scene.clock.advance(30 * SECOND_MS);
    await expectWait({ ...scene, service }, id, { messages: 4, ms: 5 * SECOND_MS });
    scene.clock.advance(5 * SECOND_MS);
    await expectWait({ ...scene, service }, id, { messages: 5, ms: 30 * SECOND_MS });
    scene.clock.advance(30 * SECOND_MS);
    await service.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
  });

  it('by 410 is final at once', async () => {
    const scene = await answering(standingClock(), { status: 410 });
    expect(await scene.deliver({ callback_url: scene.tap.url, ...DEFAULT_RETRY })).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'DELIVERY_REJECTED' },
    });
    expect(scene.tap.subjects()).toEqual([0, 1]);
  });

  it('by the guard, at an address that was allowed when it was asked for, is final at once', async () => {
    const scene = await answering(standingClock(), { status: 503, retryAfter: '3600' });
    const { ingestion_id: id } = (await scene.ingest({ callback_url: scene.tap.url })).body;
    await waitMs(scene, id);
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
      const scene = await answering(systemClock, { status: 200, body }, { status: 204 });
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
    const scene = await answering(
      systemClock,
      { status: 500, body: ack },
      { status: 302, body: ack },
      { status: 404, body: ack },
    );
    const shown = await scene.deliver({ callback_url: scene.tap.url });
    expect(shown.status).toBe('COMPLETED');
    expect(scene.tap.subjects()).toEqual([0, 1, 1, 1, 1, 2, 'COMPLETED']);
    await scene.expectDelivered(shown.ingestion_id);
  });
});

describe('a receiver that is restarted', () => {
  it('is waited for with growing distance, not hammered, and goes on from its own state', async () => {
    const clock = standingClock();
    const scene = await setScene({ recordCount: 25, clock, random: () => 0.999 });
    const statePath = join(scene.folder, 'receiver.db');
    const port = await findFreePort();
    const before = await startReceiver({ statePath, port, faults: [{ fault: 'status', chunk: 1, status: 503 }] });
    const callback = { callback_url: before.callbackUrl, ...DEFAULT_RETRY };
    const { ingestion_id: id } = (await scene.ingest(callback)).body;
    const waits: number[] = [];
    for (let failures = 1; failures <= 8; failures += 1) {
      if (failures === 3) await before.stop();
      const ms = await waitMs({ ...scene, clock }, id);
      waits.push(ms);
      clock.advance(ms);
    }
    // From the fifth failure on the circuit is open: its cool-downs are longer, up to the longest wait that the ingestion wants.
    const backoffsMs = [1, 2, 4, 8].map((seconds) => 999 * seconds);
    expect(waits).toEqual([...backoffsMs, ...[30, 60, 60, 60].map((seconds) => seconds * SECOND_MS)]);
    const after = await startReceiver({ statePath, port });
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
