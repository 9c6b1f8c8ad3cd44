/** What ingestions to one origin learn from each other, and those to another do not. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShownIngestion } from '../harness/api-client.ts';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { startService, type TestService } from '../harness/service.ts';
import { type ReceivedSse, SseConnection } from '../harness/sse-connection.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { sampleValue } from '../metrics/parse-metrics.ts';
import { scrape } from '../metrics/scrape.ts';

const SECOND_MS = 1_000;

/** A scene with two feeds for an origin that is down, and a third for one that is not. */
async function setOutage() {
  const clock = new TestClock();
  const scene = await setScene({ recordCount: 25, clock, env: { ACKSTREAM_MAX_RUNNING: '3' } });
  const outage = { isOn: true };
  const tap = await startWireTap(scene.receiver.callbackUrl, () => (outage.isOn ? { status: 503 } : undefined));
  const { api } = scene.service;
  const ask = async (name: string, callbackUrl: string) => {
    const filePath = join(scene.folder, name);
    const expected = writeFeed(filePath, 25, name);
    const fields = { file_path: filePath, callback_url: callbackUrl, chunk_size_by_records: 10, retry: null };
    return { id: (await api.ingest(fields)).body.ingestion_id, expected };
  };
  const toOutage = [await ask('first.json', tap.url), await ask('second.json', tap.url)];
  const toElsewhere = await ask('third.json', scene.receiver.callbackUrl);
  const waiting = async () => {
    const shown = await Promise.all(toOutage.map(({ id }) => api.get(id)));
    return shown.every(({ circuit, next_attempt_at: next }) => circuit !== null && next !== null) ? shown : undefined;
  };
  return { scene, clock, api, outage, tap, toOutage, toElsewhere, waiting };
}

/** Waits until both wait for a probe that lies in the future. */
async function untilPutOff({ waiting, clock }: Awaited<ReturnType<typeof setOutage>>): Promise<ShownIngestion[]> {
  const shown = await until(waiting, (both) => {
    return both?.every(({ next_attempt_at: next }) => Date.parse(String(next)) > clock.now() + SECOND_MS) === true;
  });
  return shown ?? [];
}

/** What a service tells of circuits, from the first event on record up to one that is closed. */
async function circuitEventsUpToClosed({ url }: TestService): Promise<ReceivedSse['data'][]> {
  const stream = await SseConnection.open(`${url}/api/events?since=0`);
  const told = () => stream.events.filter(({ name }) => name === 'circuit').map(({ data }) => data);
  const all = await until(told, (events) => events.some(({ state }) => state === 'closed'));
  return all.slice(0, all.findIndex(({ state }) => state === 'closed') + 1);
}

describe('an origin that is down', () => {
  it('is left alone by all its ingestions but for probes, and all of them arrive once it is back', async () => {
    const stage = await setOutage();
    const { scene, clock, api, outage, tap, toOutage, toElsewhere } = stage;
    await api.untilStatus(toElsewhere.id, 'COMPLETED');
    expect((await api.get(toElsewhere.id)).circuit).toBeNull();
    const [shown] = await untilPutOff(stage);
    const { origin } = new URL(tap.url);
    expect(shown?.circuit).toMatchObject({
      origin,
      state: 'open',
      consecutive_failures: 5,
      last_failure: expect.any(String),
    });
    expect(shown?.last_error?.message).toContain(`the circuit to ${origin} is open`);
    const { body } = await api.call<{ items: unknown[] }>('GET', '/api/circuits');
    expect(body.items).toEqual([expect.objectContaining({ origin, state: 'open' })]);
    // Five open it; what was under way at that moment is one more at most.
    expect(tap.messages.length).toBeLessThanOrEqual(6);

    const before = tap.messages.length;
    for (const probe of [1, 2, 3]) {
      clock.advance(60 * SECOND_MS);
      await until(
        () => tap.messages.length,
        (count) => count === before + probe,
      );
      await untilPutOff(stage);
    }
    expect(tap.messages.length).toBe(before + 3);

    outage.isOn = false;
    for (const { id, expected } of toOutage) {
      await until(
        () => {
          clock.advance(10 * SECOND_MS);
          return api.get(id);
        },
        ({ status }) => status === 'COMPLETED',
      );
      await scene.expectDelivered(id, expected);
    }
    await scene.expectDelivered(toElsewhere.id, toElsewhere.expected);
    expect((await api.call('GET', '/api/circuits')).body).toEqual({ items: [] });
    const events = scene.service.logged.map(({ event }) => event).filter((event) => event.startsWith('circuit.'));
    expect(events).toEqual([
      'circuit.opened',
      ...[1, 2, 3].flatMap(() => ['circuit.probed', 'circuit.opened']),
      'circuit.probed',
      'circuit.closed',
    ]);
  });

  it('is told of no more once nothing waits for it', async () => {
    const stage = await setOutage();
    const { api, toOutage, tap } = stage;
    await untilPutOff(stage);
    const open = async () => (await api.call<{ items: unknown[] }>('GET', '/api/circuits')).body.items;
    const [first = '', second = ''] = toOutage.map(({ id }) => id);
    await api.act(first, 'pause');
    expect(await open()).toHaveLength(1);
    await api.act(second, 'cancel');
    expect(await open()).toEqual([]);
    expect(sampleValue(await scrape(api), 'ackstream_circuits', { state: 'open' })).toBe(0);
    expect((await circuitEventsUpToClosed(stage.scene.service)).at(-1)?.origin).toBe(new URL(tap.url).origin);
    await api.act(first, 'resume');
    const { length } = tap.messages;
    await until(
      () => tap.messages.length,
      (count) => count > length,
    );
  });

  it('is told of no more once all that waited for it are sent elsewhere', async () => {
    const stage = await setOutage();
    const { api, scene, toOutage } = stage;
    await untilPutOff(stage);
    for (const name of ['first.json', 'second.json']) {
      const moved = { file_path: join(scene.folder, name), callback_url: scene.receiver.callbackUrl };
      expect((await api.ingest(moved)).body).toMatchObject({ changed: expect.arrayContaining(['callback_url']) });
    }
    expect((await api.call<{ items: unknown[] }>('GET', '/api/circuits')).body.items).toEqual([]);
    for (const { id } of toOutage) await api.untilStatus(id, 'COMPLETED');
  });

  it('counts as closed for a service that was started again, until it fails again', async () => {
    const stage = await setOutage();
    const { scene, tap } = stage;
    await untilPutOff(stage);
    await scene.service.stop();
    const again = await startService(scene.folder, { clock: stage.clock });
    const { origin } = new URL(tap.url);
    expect(await circuitEventsUpToClosed(again)).toMatchObject([
      { origin, state: 'open' },
      { origin, state: 'closed', since: null, next_probe_at: null },
    ]);
  });

  it('slows no ingestion that wants to try again sooner', async () => {
    const scene = await setScene({ recordCount: 25 });
    let failuresLeft = 30;
    const tap = await startWireTap(scene.receiver.callbackUrl, () => {
      failuresLeft -= 1;
      return failuresLeft >= 0 ? { status: 503 } : undefined;
    });
    const { ingestion_id: id, status } = await scene.deliver({ callback_url: tap.url, retry: { max_delay: '5ms' } });
    expect(status).toBe('COMPLETED');
    await scene.expectDelivered(id);
  });
});
