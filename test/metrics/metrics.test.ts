import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { RunMeasures } from '../../src/metrics/run-measures.ts';
import { ServiceGauges } from '../../src/metrics/service-gauges.ts';
import { VERSION } from '../../src/version.ts';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { readProjectFile } from '../repo/project-files.ts';
import { parseMetrics, sampleValue, seriesOf } from './parse-metrics.ts';
import { scrape } from './scrape.ts';

const TOKEN = 'a-token-of-the-tests';
const asBearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('GET /metrics', () => {
  it('counts what was acknowledged, to the byte, and each attempt by its outcome', async () => {
    const { service, receiver, ingest } = await setScene({ recordCount: 95 });
    receiver.setFaults(
      { fault: 'status', status: 503, chunk: 2, times: 2 },
      { fault: 'nack', error: 'BUSY', chunk: 4, times: 1 },
    );
    const tap = await startWireTap(receiver.callbackUrl);
    const { body } = await ingest({ callback_url: tap.url });
    await service.api.untilStatus(body.ingestion_id, 'COMPLETED');

    const samples = await scrape(service.api);
    const lengths = new Map(tap.messages.map(({ subject, bytes }) => [subject, bytes.length]));
    lengths.delete('COMPLETED');
    expect(lengths.size).toBe(10);
    expect(sampleValue(samples, 'ackstream_delivered_chunks_total')).toBe(10);
    expect(sampleValue(samples, 'ackstream_delivered_records_total')).toBe(95);
    expect(sampleValue(samples, 'ackstream_delivered_bytes_total')).toBe(lengths.values().reduce((a, b) => a + b));
    const attempts = samples.filter(({ name, value }) => name === 'ackstream_attempts_total' && value > 0);
    expect(attempts.map(({ labels, value }) => [labels.target, labels.outcome, value])).toEqual([
      ['chunk', 'acknowledged', 10],
      ['chunk', 'rejected', 1],
      ['chunk', 'unavailable', 2],
      ['completion', 'acknowledged', 1],
    ]);
    expect(sampleValue(samples, 'ackstream_ack_latency_seconds_count')).toBe(10);
    expect(sampleValue(samples, 'ackstream_queue_wait_seconds_count')).toBe(1);
    expect(sampleValue(samples, 'ackstream_status_changes_total', { status: 'STARTED' })).toBe(1);
    expect(sampleValue(samples, 'ackstream_status_changes_total', { status: 'COMPLETED' })).toBe(1);
    expect(sampleValue(samples, 'ackstream_ready', { check: 'state' })).toBe(1);
    expect(sampleValue(samples, 'ackstream_build_info', { version: VERSION, node: process.versions.node })).toBe(1);
  });

  it('has the same series whatever was delivered, and no id, path or address in them', async () => {
    const { service, receiver, deliver } = await setScene({ recordCount: 20 });
    const before = (await scrape(service.api)).map(seriesOf);
    const { ingestion_id } = await deliver();
    await deliver({ re_ingestion: true });
    const { body } = await service.api.callForText('GET', '/metrics');
    const ours = (series: readonly string[]) => series.filter((name) => name.startsWith('ackstream_'));
    expect(ours(parseMetrics(body).map(seriesOf))).toEqual(ours(before));
    expect(ours(before).length).toBeLessThan(120);
    for (const secret of [ingestion_id, receiver.origin, 'products.json']) expect(body).not.toContain(secret);
  });

  it('counts anew after a restart, and shows what is on record', async () => {
    const scene = await setScene({ recordCount: 20 });
    await scene.deliver();
    await scene.service.stop();
    const samples = await scrape((await startService(scene.folder)).api);
    expect(sampleValue(samples, 'ackstream_delivered_chunks_total')).toBe(0);
    expect(sampleValue(samples, 'ackstream_attempts_total', { target: 'chunk', outcome: 'acknowledged' })).toBe(0);
    expect(sampleValue(samples, 'ackstream_ingestions', { status: 'COMPLETED' })).toBe(1);
    expect(sampleValue(samples, 'ackstream_ingestions', { status: 'FAILED' })).toBe(0);
  });

  it('tells what a resume costs: the bytes that are read a second time', async () => {
    const scene = await setScene({ recordCount: 200, note: 'x'.repeat(1000) });
    const read = (samples: Awaited<ReturnType<typeof scrape>>, purpose: string) =>
      sampleValue(samples, 'ackstream_source_read_bytes_total', { purpose }) ?? Number.NaN;
    scene.receiver.setFaults({ fault: 'status', status: 410, chunk: 10, times: 1 });
    expect(await scene.deliver()).toMatchObject({ status: 'FAILED' });
    const fresh = await scrape(scene.service.api);
    expect(read(fresh, 'resume')).toBe(0);
    expect(read(fresh, 'deliver')).toBeGreaterThan(100_000);
    const { body } = await scene.ingest();
    await scene.service.api.act(body.ingestion_id, 'resume');
    await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED');
    const resumed = await scrape(scene.service.api);
    // The last acknowledged chunk, and the one that was planned: some 10 kB each, read in blocks.
    expect(read(resumed, 'resume')).toBeGreaterThan(20_000);
    await scene.expectDelivered(body.ingestion_id);
  });

  it('counts apart what was read to rebuild a chunk and to verify all of them', async () => {
    const scene = await setScene({ recordCount: 200, note: 'x'.repeat(1000) });
    const { ingestion_id: id } = await scene.deliver();
    const { api } = scene.service;
    const read = async (purpose: string) =>
      sampleValue(await scrape(api), 'ackstream_source_read_bytes_total', { purpose }) ?? Number.NaN;
    const delivered = await read('deliver');
    expect(await read('read-back')).toBe(0);
    expect((await api.callForText('GET', `/api/ingestions/${id}/chunks/3`)).status).toBe(200);
    const rebuilt = await read('read-back');
    expect(rebuilt).toBeGreaterThan(10_000);
    await api.call('POST', `/api/ingestions/${id}/verify`);
    await until(
      () => read('read-back'),
      (bytes) => bytes > rebuilt + 200_000,
    );
    expect([await read('deliver'), await read('resume')]).toEqual([delivered, 0]);
  });

  it('counts the bad records that were set aside', async () => {
    const scene = await setScene({ recordCount: 0 });
    const filePath = join(scene.folder, 'feed.ndjson');
    writeFileSync(filePath, '{"id":1}\nbad\n{"id":2}\nworse\n');
    await scene.deliver({ file_path: filePath, on_bad_record: 'quarantine' });
    expect(sampleValue(await scrape(scene.service.api), 'ackstream_rejected_records_total')).toBe(2);
  });

  it('shows the threads that read and what they hold, while there are any', async () => {
    const scene = await setScene({ recordCount: 20, env: { ACKSTREAM_WORKER_MEMORY: '134217728' } });
    const gate = Promise.withResolvers<undefined>();
    const tap = await startWireTap(scene.receiver.callbackUrl, () => gate.promise);
    const { body } = await scene.ingest({ callback_url: tap.url });
    await until(
      () => tap.messages.length,
      (count) => count > 0,
    );
    const running = await scrape(scene.service.api);
    const purpose = 'deliver';
    expect(sampleValue(running, 'ackstream_reading_threads', { purpose })).toBe(1);
    const heapBytes = sampleValue(running, 'ackstream_reading_threads_heap_bytes', { purpose });
    expect(heapBytes).toBeGreaterThan(1_000_000);
    expect(sampleValue(running, 'ackstream_reading_thread_largest_heap_bytes', { purpose })).toBe(heapBytes);
    expect(sampleValue(running, 'ackstream_reading_thread_heap_limit_bytes')).toBe(134_217_728);
    expect(sampleValue(running, 'ackstream_ingestions', { status: 'RUNNING' })).toBe(1);
    gate.resolve(undefined);
    await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED');
  });

  it('asks for a token that may read, where there are tokens', async () => {
    const { service } = await setScene({ recordCount: 0, env: { ACKSTREAM_API_TOKEN: TOKEN } });
    expect((await service.api.callForText('GET', '/metrics')).status).toBe(401);
    const samples = await scrape(service.api, asBearer(TOKEN));
    expect(sampleValue(samples, 'ackstream_reading_threads', { purpose: 'deliver' })).toBe(0);
  });
});

describe('RunMeasures', () => {
  it('takes the wait of each first run, whatever its epoch, and of no other', async () => {
    const registry = new Registry();
    const runs = new RunMeasures(registry, { now: () => 90_000, sleep: async () => {} });
    for (const isFirstRun of [true, false]) runs.began({ isFirstRun, createdAt: 60_000 });
    const samples = parseMetrics(await registry.metrics());
    expect(sampleValue(samples, 'ackstream_queue_wait_seconds_count')).toBe(1);
    expect(sampleValue(samples, 'ackstream_queue_wait_seconds_sum')).toBe(30);
  });
});

describe('ServiceGauges', () => {
  const clock = { now: () => 0, sleep: async () => {} };
  const facts = { version: '1.2.3', maxRunning: 4, maxQueued: 1000 };
  const none = { QUEUED: 0, RUNNING: 0, PAUSED: 0, COMPLETED: 0, FAILED: 0, CANCELLED: 0 };
  const circuit = {
    origin: 'https://a.example',
    since: 0,
    nextProbeAt: null,
    consecutiveFailures: 5,
    lastFailure: null,
  };

  it('tells what waits for a slot from what waits for its time, and counts circuits', async () => {
    const registry = new Registry();
    await new ServiceGauges(registry, clock, facts).refresh({
      store: { countByStatus: async () => ({ ...none, QUEUED: 7 }), countWaiting: async () => 5 },
      circuits: () => [
        { ...circuit, state: 'open' },
        { ...circuit, state: 'open' },
        { ...circuit, state: 'half-open' },
      ],
      readiness: async () => ({ checks: { queue: true, state: true } }),
    });
    const samples = parseMetrics(await registry.metrics());
    expect(sampleValue(samples, 'ackstream_queue_length', { state: 'ready' })).toBe(2);
    expect(sampleValue(samples, 'ackstream_queue_length', { state: 'waiting' })).toBe(5);
    expect(sampleValue(samples, 'ackstream_circuits', { state: 'open' })).toBe(2);
    expect(sampleValue(samples, 'ackstream_circuits', { state: 'half-open' })).toBe(1);
    expect(sampleValue(samples, 'ackstream_run_slots')).toBe(4);
    expect(sampleValue(samples, 'ackstream_queue_capacity')).toBe(1000);
  });

  it('leaves the counts to one scrape while another is still counting', async () => {
    const registry = new Registry();
    const gauges = new ServiceGauges(registry, clock, facts);
    const view = { circuits: () => [], readiness: async () => ({ checks: { queue: true, state: true } }) };
    await gauges.refresh({ ...view, store: { countByStatus: async () => none, countWaiting: async () => 0 } });
    const slow = Promise.withResolvers<typeof none>();
    const second = gauges.refresh({
      ...view,
      store: { countByStatus: () => slow.promise, countWaiting: async () => 0 },
    });
    await view.readiness();
    expect(sampleValue(parseMetrics(await registry.metrics()), 'ackstream_ingestions', { status: 'RUNNING' })).toBe(0);
    slow.resolve({ ...none, RUNNING: 1 });
    await second;
    expect(sampleValue(parseMetrics(await registry.metrics()), 'ackstream_ingestions', { status: 'RUNNING' })).toBe(1);
  });

  it('shows no counts, rather than old ones, while the state cannot be read', async () => {
    const registry = new Registry();
    const gauges = new ServiceGauges(registry, clock, facts);
    const view = { circuits: () => [], readiness: async () => ({ checks: { queue: true, state: false } }) };
    await gauges.refresh({ ...view, store: { countByStatus: async () => none, countWaiting: async () => 0 } });
    const fail = () => Promise.reject(new Error('disk I/O error'));
    await gauges.refresh({ ...view, store: { countByStatus: fail, countWaiting: fail } });
    const samples = parseMetrics(await registry.metrics());
    expect(samples.filter(({ name }) => ['ackstream_ingestions', 'ackstream_queue_length'].includes(name))).toEqual([]);
    expect(sampleValue(samples, 'ackstream_ready', { check: 'state' })).toBe(0);
  });
});

describe('docs/metrics.md', () => {
  it('describes each metric of the service, and none that does not exist', async () => {
    const { service } = await setScene({ recordCount: 0 });
    const { body } = await service.api.callForText('GET', '/metrics');
    const exposed = Array.from(body.matchAll(/^# TYPE (ackstream_\w+)/gm), ([, name]) => name);
    const rows = Array.from(readProjectFile('docs/metrics.md').matchAll(/^\| `(ackstream_\w+)/gm), ([, name]) => name);
    expect(exposed.length).toBeGreaterThan(15);
    expect(new Set(rows)).toEqual(new Set(exposed));
  });
});
