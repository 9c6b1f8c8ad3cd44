import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createService } from '../../src/compose.ts';
import { startEventCollector } from '../harness/event-collector.ts';
import { writeFeed } from '../harness/feed.ts';
import { setScene } from '../harness/scene.ts';
import { startService, testConfig } from '../harness/service.ts';
import { until } from '../harness/until.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe('requests for the same file', () => {
  it('start one ingestion, however many arrive at once, and each chunk is sent once', async () => {
    const scene = await setScene({ recordCount: 95 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => scene.ingest()));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 202));
    expect(answers.filter((answer) => answer.body.status === 'STARTED').length).toBe(1);
    const ids = new Set(answers.map((answer) => answer.body.ingestion_id));
    expect(ids.size).toBe(1);
    const [ingestionId = ''] = ids;
    await scene.service.api.untilStatus(ingestionId, 'COMPLETED');
    await scene.expectDelivered(ingestionId);
    expect(scene.receiver.attempts.length).toBe(11);
  });

  it('lose and repeat nothing of it, whatever sizes they bring while it is delivered', async () => {
    const scene = await setScene({
      recordCount: 95,
      receiver: { seed: 3, faults: [{ fault: 'delay', delay_ms: 5, probability: 0.5 }] },
    });
    const sizes = [3, 7, 3, 20, 7, 1, 7, 3];
    const answers = await Promise.all(sizes.map((size) => scene.ingest({ chunk_size_by_records: size })));
    const [{ body } = await scene.ingest()] = answers;
    for (const size of sizes) await scene.ingest({ chunk_size_by_records: size });
    await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
    await scene.expectDelivered(body.ingestion_id);
    expect(await scene.receiver.report(body.ingestion_id)).toMatchObject({ duplicates: 0, records: 95 });
  });

  it('send nothing once it was delivered', async () => {
    const scene = await setScene({ recordCount: 25 });
    const shown = await scene.deliver();
    const before = scene.receiver.attempts.length;
    expect((await scene.ingest()).body).toMatchObject({ status: 'COMPLETED', ingestion_id: shown.ingestion_id });
    expect(
      (await scene.ingest({ file_type: 'JSON', file_path: `${scene.folder}/./x/../products.json` })).body,
    ).toMatchObject({
      status: 'COMPLETED',
      ingestion_id: shown.ingestion_id,
    });
    expect(scene.receiver.attempts.length).toBe(before);
  });

  it('are answered the same under the same Idempotency-Key, also a re-ingestion', async () => {
    const scene = await setScene({ recordCount: 5 });
    const fields = { file_path: scene.filePath, callback_url: scene.receiver.callbackUrl, re_ingestion: true };
    const key = { 'idempotency-key': 'night-run-7' };
    const first = await scene.service.api.ingest(fields, key);
    await scene.service.api.untilStatus(first.body.ingestion_id, 'COMPLETED');
    const second = await scene.service.api.ingest(fields, key);
    expect(second.body).toEqual(first.body);
    expect(await scene.service.api.ingest({ ...fields, chunk_size_by_records: 3 }, key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('run one after the other where they go to one callback', async () => {
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ fault: 'delay', delay_ms: 20 }] },
      env: { ACKSTREAM_MAX_RUNNING: '4' },
    });
    const first = await scene.ingest();
    const second = await scene.ingest({ re_ingestion: true });
    expect(second.body.status).toBe('STARTED');
    expect((await scene.ingest({ re_ingestion: true })).body).toMatchObject({
      status: 'RUNNING',
      ingestion_id: second.body.ingestion_id,
    });
    await scene.service.api.untilStatus(second.body.ingestion_id, 'COMPLETED');
    const order = scene.receiver.attempts.map((attempt) => attempt.ingestionId);
    expect(order).toEqual([...Array(4).fill(first.body.ingestion_id), ...Array(4).fill(second.body.ingestion_id)]);
  });
});

describe('a running service', () => {
  it('runs as many at once as allowed, and the rest in order', async () => {
    const scene = await setScene({
      recordCount: 5,
      receiver: { faults: [{ fault: 'delay', delay_ms: 15 }] },
      env: { ACKSTREAM_MAX_RUNNING: '1' },
    });
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const path = join(scene.folder, `feed-${index}.json`);
      writeFeed(path, 15);
      ids.push((await scene.ingest({ file_path: path })).body.ingestion_id);
    }
    await scene.service.api.untilStatus(ids[3] ?? '', 'COMPLETED');
    const order = scene.receiver.attempts.map((attempt) => attempt.ingestionId);
    expect(order).toEqual(ids.flatMap((id) => [id, id, id]));
  });

  it('gives the slot to others while an ingestion waits for over five seconds', async () => {
    const scene = await setScene({
      recordCount: 15,
      receiver: { faults: [{ fault: 'status', status: 503, retry_after: '3600', chunk: 1, times: 1 }] },
      env: { ACKSTREAM_MAX_RUNNING: '1' },
    });
    const waiting = await scene.ingest();
    const shown = await scene.service.api.untilStatus(waiting.body.ingestion_id, 'QUEUED');
    expect(shown.next_attempt_at).not.toBeNull();
    const other = join(scene.folder, 'other.json');
    const expected = writeFeed(other, 12);
    const delivered = await scene.deliver({ file_path: other });
    expect(delivered.status).toBe('COMPLETED');
    await scene.expectDelivered(delivered.ingestion_id, expected);
  });

  it('pauses, resumes and cancels', async () => {
    const scene = await setScene({ recordCount: 300, receiver: { faults: [{ fault: 'delay', delay_ms: 10 }] } });
    const { api } = scene.service;
    const { ingestion_id: ingestionId } = (await scene.ingest()).body;
    await until(
      () => scene.receiver.attempts.length,
      (count) => count > 2,
    );
    expect((await api.act(ingestionId, 'pause')).body.status).toBe('PAUSED');
    expect(await api.act(ingestionId, 'pause')).toMatchObject({ status: 409, body: { code: 'MOVE_NOT_ALLOWED' } });
    const { totals } = await api.get(ingestionId);
    expect(totals.records).toBeLessThan(300);
    expect((await api.act(ingestionId, 'resume')).body.status).toBe('QUEUED');
    await until(
      () => api.get(ingestionId),
      (shown) => shown.totals.records > totals.records,
    );
    expect((await api.act(ingestionId, 'cancel')).body.status).toBe('CANCELLED');
    expect((await api.act(ingestionId, 'pause')).status).toBe(409);
    scene.receiver.setFaults();
    expect((await scene.deliver()).status).toBe('COMPLETED');
    await scene.expectDelivered(ingestionId);
  });

  it('goes on by itself with what another process left, and leaves alone what waits for a person', async () => {
    const scene = await setScene({ recordCount: 300, receiver: { faults: [{ fault: 'delay', delay_ms: 10 }] } });
    const pausedPath = join(scene.folder, 'paused.json');
    writeFeed(pausedPath, 300);
    const running = (await scene.ingest({ re_ingestion: true })).body.ingestion_id;
    const paused = (await scene.ingest({ file_path: pausedPath })).body.ingestion_id;
    await scene.service.api.act(paused, 'pause');
    await until(
      () => scene.receiver.attempts.length,
      (count) => count > 2,
    );
    await scene.service.stop();
    scene.receiver.setFaults();
    const restarted = await startService(scene.folder);
    await restarted.api.untilStatus(running, 'COMPLETED');
    await scene.expectDelivered(running);
    expect((await restarted.api.get(paused)).status).toBe('PAUSED');
  });

  it('is refused a data directory that another one works on, and is told which', async () => {
    const scene = await setScene({ recordCount: 1 });
    await expect(createService(testConfig(scene.folder), { logger: silent })).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      message: expect.stringContaining(String(process.pid)),
    });
    await scene.service.stop();
    const next = await createService(testConfig(scene.folder), { logger: silent });
    await next.stop();
  });

  it('takes over another callback and other sizes while a delivery is under way', async () => {
    const scene = await setScene({
      recordCount: 95,
      receiver: { faults: [{ fault: 'status', chunk: 3, status: 503 }] },
    });
    const { body } = await scene.ingest({ retry: { max_delay: '4s' } });
    await until(
      () => scene.receiver.attempts.length,
      (count) => count > 4,
    );
    const otherUrl = scene.receiver.callbackUrl.replace('127.0.0.1', 'localhost');
    const answer = await scene.ingest({ callback_url: otherUrl, chunk_size_by_records: 25 });
    expect(answer.body).toMatchObject({
      status: 'RUNNING',
      changed: ['callback_url', 'chunk_size_by_records', 'retry.max_delay'],
    });
    scene.receiver.setFaults();
    const shown = await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
    expect(shown).toMatchObject({ status: 'COMPLETED', callback_url: otherUrl });
    await scene.expectDelivered(body.ingestion_id);
    const { records } = (await scene.receiver.report(body.ingestion_id)) as { records: number };
    expect(records).toBe(95);
    // Four chunks of 10 were frozen under the old sizes (0 to 3), the remaining 55 records go by 25.
    expect(shown.totals.chunks).toBe(7);
  });

  it('leaves no file open behind', async () => {
    const scene = await setScene({ recordCount: 25, receiver: { faults: [{ fault: 'nack', chunk: 1, error: 'no' }] } });
    await scene.deliver();
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    for (let round = 0; round < 5; round += 1) {
      expect((await scene.deliver({ re_ingestion: true })).status).toBe('FAILED');
    }
    await until(openFiles, (count) => count <= before + 2);
  });

  it('tells a status_url what becomes of an ingestion', async () => {
    const scene = await setScene({ recordCount: 25 });
    const events = await startEventCollector();
    const shown = await scene.deliver({ status_url: events.url });
    await until(
      () => events.received,
      (received) => received.length === 2,
    );
    expect(events.received.map((event) => event.body.status)).toEqual(['STARTED', 'COMPLETED']);
    expect(events.received.map((event) => event.key)).toEqual([
      `"${shown.ingestion_id}:STARTED:1"`,
      `"${shown.ingestion_id}:COMPLETED:1"`,
    ]);
  });
});
