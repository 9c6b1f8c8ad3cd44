import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { feedRecords, feedText } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { setScene } from '../harness/scene.ts';
import { until } from '../harness/until.ts';

const chunkNumbers = (attempts: readonly { chunkNumber: number | null }[]) =>
  attempts.map((attempt) => attempt.chunkNumber);

describe('a delivery', () => {
  it.each([
    [25, { chunk_size_by_records: 10 }, 3],
    [20, { chunk_size_by_records: 10 }, 2],
    [25, { chunk_size_by_records: 0, chunk_size_by_memory: 1000 }, undefined],
    [25, { chunk_size_by_records: 4, chunk_size_by_memory: 1000 }, undefined],
    [1200, { chunk_size_by_records: null }, 2],
    [0, {}, 0],
  ])('brings all of %i records under %j to the receiver, in order, once', async (recordCount, sizes, chunks) => {
    const scene = await setScene({ recordCount });
    const shown = await scene.deliver(sizes);
    expect(shown).toMatchObject({ status: 'COMPLETED', percent: 100, totals: { records: recordCount } });
    await scene.expectDelivered(shown.ingestion_id);
    if (chunks !== undefined) expect(shown.totals.chunks).toBe(chunks);
    expect(scene.receiver.attempts.length).toBe(shown.totals.chunks + 1);
  });

  it('says is_last on the last chunk alone and its number in COMPLETED, also where the count divides evenly', async () => {
    const scene = await setScene({ recordCount: 20 });
    const { ingestion_id: ingestionId } = await scene.deliver();
    const { body } = await scene.service.api.call<{ items: { is_last: boolean }[] }>(
      'GET',
      `/api/ingestions/${ingestionId}/chunks`,
    );
    expect(body.items.map((chunk) => chunk.is_last)).toEqual([false, true]);
    expect(await scene.receiver.report(ingestionId)).toMatchObject({ claimed: { last_chunk_number: 1 } });
  });

  it('delivers NDJSON, an array at a record_path, and an array that it had to find', async () => {
    const scene = await setScene({ recordCount: 1 });
    const records = feedRecords(30);
    const ndjson = join(scene.folder, 'lines.ndjson');
    writeFileSync(ndjson, `\uFEFF${records.join('\r\n')}\n\n`);
    const nested = join(scene.folder, 'nested.json');
    writeFileSync(nested, `{"meta":{"n":1,"tags":["x"]},"shop":{"items":${feedText(30)}},"end":true}`);
    for (const fields of [
      { file_path: ndjson },
      { file_path: nested },
      { file_path: nested, record_path: 'shop.items' },
    ]) {
      const shown = await scene.deliver({ ...fields, re_ingestion: true });
      expect(shown.status).toBe('COMPLETED');
      await scene.expectDelivered(shown.ingestion_id, records);
      if (fields.file_path === nested) expect(shown.record_path).toBe('shop.items');
    }
  });

  it('says COMPLETED again and again until the receiver acknowledges that too', async () => {
    const scene = await setScene({
      recordCount: 5,
      receiver: { faults: [{ fault: 'status', chunk: 'completed', status: 500, body: '{"ack":true}', times: 3 }] },
    });
    const shown = await scene.deliver();
    expect(shown.status).toBe('COMPLETED');
    await scene.expectDelivered(shown.ingestion_id);
    expect(scene.receiver.attempts.length).toBe(1 + 4);
  });

  it('waits for a receiver that is not there yet', async () => {
    const scene = await setScene({ recordCount: 25 });
    const { port } = new URL(scene.receiver.origin);
    await scene.receiver.stop();
    const { body } = await scene.ingest();
    await until(
      () => scene.service.logged.filter((line) => line.event === 'attempt.ended').length,
      (attempts) => attempts >= 3,
    );
    const late = await startReceiver({ port: Number(port) });
    expect(await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED')).toMatchObject({
      status: 'COMPLETED',
    });
    expect(await late.records(body.ingestion_id)).toEqual(scene.expected);
  });

  it('sends a chunk whose answer was lost again with the same bytes, whatever sizes are asked for meanwhile', async () => {
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ fault: 'reset', after_storing: true, chunk: 1 }] },
    });
    const paused = await scene.deliver({ chunk_size_by_records: 5, retry: { window: '10ms', max_delay: '5ms' } });
    expect(paused).toMatchObject({ status: 'PAUSED', last_error: { code: 'DELIVERY_WINDOW_OVER' } });
    scene.receiver.setFaults();
    const { body } = await scene.ingest({ chunk_size_by_records: 10 });
    expect(body).toMatchObject({ status: 'RESUMED', changed: ['chunk_size_by_records', 'retry.max_delay'] });
    const shown = await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: 25, chunks: 4 } });
    await scene.expectDelivered(body.ingestion_id);
    expect(await scene.receiver.report(body.ingestion_id)).toMatchObject({ mismatches: 0 });
  });

  it('fails with the words of a receiver that refuses three times, and resumes behind what it had accepted', async () => {
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ fault: 'nack', chunk: 2, error: 'no room in the inn' }] },
    });
    const failed = await scene.deliver();
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'DELIVERY_REJECTED' } });
    expect(failed.last_error?.message).toContain('no room in the inn');
    expect(failed.last_error?.what_to_do).not.toBe('');
    scene.receiver.setFaults();
    const before = scene.receiver.attempts.length;
    const { body } = await scene.ingest();
    expect(body.status).toBe('RESUMED');
    expect(await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED')).toMatchObject({
      totals: { records: 25 },
    });
    await scene.expectDelivered(body.ingestion_id);
    expect(chunkNumbers(scene.receiver.attempts.slice(before))).toEqual([2, 2]);
  });

  it('goes back to the chunk that a receiver which lost state asks for, and sends the same bytes under the same ids', async () => {
    const scene = await setScene({
      recordCount: 95,
      receiver: { faults: [{ fault: 'forget', chunk: 6, keep_chunks: 2, times: 1 }] },
    });
    const shown = await scene.deliver();
    expect(shown.status).toBe('COMPLETED');
    expect(await scene.receiver.records(shown.ingestion_id)).toEqual(scene.expected);
    expect(await scene.receiver.report(shown.ingestion_id)).toMatchObject({ verdict_ok: true, out_of_order: 1 });
    expect(chunkNumbers(scene.receiver.attempts)).toEqual([0, 1, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
  });

  it('makes a receiver whole that was restored from an older backup after COMPLETED', async () => {
    const scene = await setScene({ recordCount: 45 });
    const { ingestion_id: ingestionId } = await scene.deliver();
    scene.receiver.setFaults({ fault: 'forget', chunk: 'completed', keep_chunks: 1, times: 1 });
    expect((await scene.service.api.act(ingestionId, 'resume')).status).toBe(200);
    await scene.service.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED');
    expect(await scene.receiver.records(ingestionId)).toEqual(scene.expected);
    expect(await scene.receiver.report(ingestionId)).toMatchObject({ verdict_ok: true });
  });

  it('gives up on a receiver that forgets again and again', async () => {
    const scene = await setScene({
      recordCount: 45,
      receiver: { faults: [{ fault: 'forget', chunk: 3, keep_chunks: 0 }] },
    });
    expect(await scene.deliver()).toMatchObject({ status: 'FAILED', last_error: { code: 'RECEIVER_FORGETS' } });
  });

  it('cuts chunks in half until a receiver takes them, and keeps to that size', async () => {
    const scene = await setScene({
      recordCount: 64,
      receiver: { faults: [{ fault: 'too-large', max_bytes: 1500 }] },
    });
    const shown = await scene.deliver({ chunk_size_by_records: 32 });
    expect(shown.status).toBe('COMPLETED');
    await scene.expectDelivered(shown.ingestion_id);
    const refused = scene.receiver.attempts.filter((attempt) => attempt.bodyByteCount > 1500);
    expect(new Set(chunkNumbers(refused))).toEqual(new Set([0]));
  });

  it('does not cut a chunk that the receiver may have', async () => {
    const scene = await setScene({
      recordCount: 20,
      receiver: {
        faults: [
          { fault: 'reset', after_storing: true, chunk: 1, times: 1 },
          { fault: 'too-large', chunk: 1, max_bytes: 10 },
        ],
      },
    });
    expect(await scene.deliver()).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'CHUNK_TOO_LARGE_FOR_RECEIVER' },
    });
    scene.receiver.setFaults();
    const { body } = await scene.ingest();
    await scene.service.api.untilStatus(body.ingestion_id, 'COMPLETED');
    await scene.expectDelivered(body.ingestion_id);
  });

  it('takes the epoch above the one that a receiver has seen, and goes on', async () => {
    const stale = { ack: false, error: 'STALE_EPOCH', epoch: 41 };
    const scene = await setScene({
      recordCount: 25,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 409, body: stale, times: 1 }] },
    });
    const shown = await scene.deliver();
    expect(shown).toMatchObject({ status: 'COMPLETED', epoch: 42 });
    await scene.expectDelivered(shown.ingestion_id);
  });

  it('survives every kind of broken answer with a receiver that stores first', async () => {
    const scene = await setScene({
      recordCount: 95,
      receiver: {
        faults: [
          { fault: 'truncated-ack', chunk: 0, times: 1 },
          { fault: 'non-json-ack', chunk: 1, times: 1 },
          { fault: 'wrong-echo', chunk: 2, member: 'ingestion_id', times: 1 },
          { fault: 'wrong-echo', chunk: 3, member: 'chunk_number', times: 1 },
          { fault: 'huge-ack', chunk: 4, times: 1 },
          { fault: 'reset', chunk: 5, times: 1 },
          { fault: 'status', chunk: 6, status: 503, after_storing: true, times: 1 },
          { fault: 'redirect', chunk: 7, location: '/elsewhere', times: 1 },
          { fault: 'status', chunk: 8, status: 429, retry_after: '0', times: 1 },
        ],
      },
    });
    const shown = await scene.deliver();
    expect(shown.status).toBe('COMPLETED');
    await scene.expectDelivered(shown.ingestion_id);
    expect(scene.receiver.attempts.filter((attempt) => attempt.chunkNumber === 4).length).toBe(2);
  });

  it('works with a receiver of the original kind, unchanged', async () => {
    const scene = await setScene({ recordCount: 45, receiver: { isLegacy: true } });
    const shown = await scene.deliver();
    expect(shown.status).toBe('COMPLETED');
    expect(scene.receiver.attempts.length).toBe(6);
  });

  it('never logs what a record holds, nor a secret', async () => {
    const scene = await setScene({ recordCount: 25 });
    const secret = `whsec_${Buffer.from('0123456789abcdefghijklmnop').toString('base64')}`;
    const headers = { 'x-api-key': 'very-secret-value' };
    await scene.deliver({ callback_secret: secret, callback_headers: headers });
    const log = JSON.stringify(scene.service.logged);
    expect(log).toContain('attempt.ended');
    for (const word of ['Käse', 'café', '900719925474099', secret, 'very-secret-value'])
      expect(log).not.toContain(word);
  });
});
