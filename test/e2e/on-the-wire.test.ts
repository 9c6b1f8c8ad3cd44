/** What arrives, byte by byte and header by header. Digests and signatures are computed here from what came, by node:crypto alone. */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { setScene } from '../harness/scene.ts';
import { startService } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWireTap, type WireMessage } from '../harness/wire-tap.ts';

const KEY = Buffer.from('a secret of some thirty bytes!');
const SECRET = `whsec_${KEY.toString('base64')}`;

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes);

/** Fails unless the message proves what it is by its own bytes. */
function expectProven({ headers, bytes }: WireMessage, messageId: string): void {
  expect(headers['content-type']).toBe('application/json');
  expect(headers['content-digest']).toBe(`sha-256=:${sha256(bytes).digest('base64')}:`);
  expect(headers['idempotency-key']).toBe(`"${messageId}"`);
  expect(headers['webhook-id']).toBe(messageId);
  const timestamp = String(headers['webhook-timestamp']);
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  const signature = createHmac('sha256', KEY).update(`${messageId}.${timestamp}.`).update(bytes).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${signature}`);
}

const numbersOf = (messages: readonly WireMessage[], header: string) =>
  messages.map((message) => Number(message.headers[header]));

describe('on the wire', () => {
  it('a chunk is the bytes that were hashed, between prefix and suffix in the order of the protocol', async () => {
    const scene = await setScene({ recordCount: 25 });
    const tap = await startWireTap(scene.receiver.callbackUrl);
    const { ingestion_id: id } = await scene.deliver({ callback_url: tap.url });
    let chain = '0'.repeat(64);
    for (const [number, bounds] of [
      [0, 10],
      [10, 20],
      [20, 25],
    ].entries()) {
      const records = `[${scene.expected.slice(...bounds).join(',')}]`;
      const checksum = sha256(records).digest('hex');
      chain = sha256(chain + checksum).digest('hex');
      expect(tap.messages[number]?.bytes.toString()).toBe(
        `{"ingestion_id":"${id}","chunk_number":${number},"chunk_id":"${id}:${number}","checksum":"${checksum}",` +
          `"records":${records},"is_last":${number === 2},"record_offset":${bounds[0]},"record_count":${number === 2 ? 5 : 10}}`,
      );
    }
    expect(tap.messages[3]?.bytes.toString()).toBe(
      `{"ingestion_id":"${id}","status":"COMPLETED","chunk_number":2,"total_records":25,"total_chunks":3,` +
        `"rejected_records":0,"chain_checksum":"${chain}"}`,
    );
    expect(tap.messages.length).toBe(4);
    await scene.expectDelivered(id);
  });

  it('a file without records is COMPLETED with nothing before it', async () => {
    const scene = await setScene({ recordCount: 0 });
    const tap = await startWireTap(scene.receiver.callbackUrl);
    const { ingestion_id: id } = await scene.deliver({ callback_url: tap.url });
    expect(tap.messages.map(({ bytes }) => bytes.toString())).toEqual([
      `{"ingestion_id":"${id}","status":"COMPLETED","chunk_number":0,"total_records":0,"total_chunks":0,` +
        `"rejected_records":0,"chain_checksum":"${'0'.repeat(64)}"}`,
    ]);
  });

  it('chunks, COMPLETED and status events are digested, keyed and signed, and a receiver with the secret takes them', async () => {
    const scene = await setScene({ recordCount: 15, receiver: { secret: SECRET } });
    const tap = await startWireTap(scene.receiver.callbackUrl);
    const events = await startWireTap(null);
    const { ingestion_id: id } = await scene.deliver({
      callback_url: tap.url,
      status_url: events.url,
      callback_secret: SECRET,
      callback_headers: { Authorization: 'Bearer of good news' },
    });
    await scene.expectDelivered(id);
    await until(
      () => events.subjects().length,
      (count) => count === 2,
    );
    const ids = [`${id}:0`, `${id}:1`, `${id}:completed`, `${id}:STARTED:1`, `${id}:COMPLETED:1`];
    const messages = [...tap.messages, ...events.messages];
    expect(messages.length).toBe(ids.length);
    for (const [index, message] of messages.entries()) expectProven(message, ids[index] ?? '');
    expect(tap.messages.map(({ headers }) => headers.authorization)).toEqual(
      tap.messages.map(() => 'Bearer of good news'),
    );
    // Meant for another host.
    expect(events.messages.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(numbersOf(messages, 'ackstream-epoch')).toEqual([1, 1, 1, 1, 1]);
  });

  it("the service's secret signs where the request brings none, and its own wins where it does", async () => {
    const own = `whsec_${Buffer.from('another secret of thirty bytes').toString('base64')}`;
    const scene = await setScene({
      recordCount: 5,
      receiver: { secret: SECRET },
      env: { ACKSTREAM_CALLBACK_SECRET: SECRET },
    });
    const shown = await scene.deliver();
    await scene.expectDelivered(shown.ingestion_id);
    const strict = await startReceiver({ secret: own });
    const other = await scene.deliver({
      re_ingestion: true,
      callback_url: strict.callbackUrl,
      callback_secret: own,
    });
    expect(other.status).toBe('COMPLETED');
  });

  it('a receiver with another secret refuses, and nothing is stored', async () => {
    const scene = await setScene({ recordCount: 5, receiver: { secret: SECRET } });
    const shown = await scene.deliver();
    expect(shown).toMatchObject({ status: 'FAILED', last_error: { code: 'DELIVERY_REJECTED' } });
    expect(await scene.receiver.records(shown.ingestion_id)).toEqual([]);
  });

  it('attempts at a chunk and at COMPLETED are counted over all runs, and the epoch grows with each run', async () => {
    const scene = await setScene({ recordCount: 15 });
    const notNow = { status: 503, headers: { 'retry-after': '3600' } };
    // Each refusal ends a run: chunk 1 twice, COMPLETED once.
    const tap = await startWireTap(scene.receiver.callbackUrl, (_message, index) =>
      [1, 2, 4].includes(index) ? notNow : undefined,
    );
    const { ingestion_id: id } = (await scene.ingest({ callback_url: tap.url })).body;
    let { service } = scene;
    for (const messageCount of [2, 3, 5]) {
      await until(
        () => service.api.get(id),
        (shown) => shown.status === 'QUEUED' && tap.messages.length === messageCount,
      );
      await service.stop();
      service = await startService(scene.folder);
      for (const action of ['pause', 'resume'] as const) await service.api.act(id, action);
    }
    await service.api.untilStatus(id, 'COMPLETED');
    await scene.expectDelivered(id);
    expect(tap.subjects()).toEqual([0, 1, 1, 1, 'COMPLETED', 'COMPLETED']);
    expect(numbersOf(tap.messages, 'ackstream-attempt')).toEqual([1, 1, 2, 3, 1, 2]);
    expect(numbersOf(tap.messages, 'ackstream-epoch')).toEqual([1, 1, 2, 3, 3, 4]);
    const [first, ...repeated] = tap.messages.slice(1, 4);
    for (const { bytes } of repeated) expect(bytes.equals(first?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  it('one chunk is in flight at a time, however many are ready', async () => {
    const scene = await setScene({ recordCount: 95 });
    let inFlight = 0;
    let most = 0;
    const tap = await startWireTap(null, async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise(setImmediate);
      inFlight -= 1;
      return undefined;
    });
    await scene.deliver({ callback_url: tap.url });
    expect(tap.subjects()).toEqual([...Array(10).keys(), 'COMPLETED']);
    expect(most).toBe(1);
  });

  it('a thousand chunks of one record arrive in order, none empty', async () => {
    const count = 1200;
    const scene = await setScene({ recordCount: count });
    const shown = await scene.deliver({ chunk_size_by_records: 1 });
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: count, chunks: count } });
    await scene.expectDelivered(shown.ingestion_id);
    const chunks = scene.receiver.attempts.slice(0, -1);
    expect(chunks.map((attempt) => attempt.chunkNumber)).toEqual([...Array(count).keys()]);
    expect(new Set(chunks.map((attempt) => attempt.recordCount))).toEqual(new Set([1]));
  });
});

describe('status events', () => {
  it.each([
    ['PAUSED', { retry: { window: '0s' } }],
    ['FAILED', { status: 410 }],
  ] as const)('tell that it is %s', async (status, how) => {
    const scene = await setScene({
      recordCount: 15,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 'status' in how ? how.status : 503 }] },
    });
    const events = await startWireTap(null);
    const shown = await scene.deliver({ status_url: events.url, ...('retry' in how ? { retry: how.retry } : {}) });
    expect(shown.status).toBe(status);
    await until(events.subjects, (subjects) => subjects.length === 2);
    expect(events.subjects()).toEqual(['STARTED', status]);
    expect(JSON.parse(events.messages[1]?.bytes.toString() ?? '')).toMatchObject({
      ingestion_id: shown.ingestion_id,
      status,
      epoch: 1,
    });
  });

  it('tell that it is CANCELLED', async () => {
    const scene = await setScene({
      recordCount: 15,
      receiver: { faults: [{ fault: 'status', chunk: 1, status: 503, retry_after: '3600' }] },
    });
    const events = await startWireTap(null);
    const { ingestion_id: id } = (await scene.ingest({ status_url: events.url })).body;
    await scene.service.api.untilStatus(id, 'QUEUED');
    await scene.service.api.act(id, 'cancel');
    await until(events.subjects, (subjects) => subjects.includes('CANCELLED'));
    expect(events.subjects()).toEqual(['STARTED', 'CANCELLED']);
  });

  it('never hold a delivery up: their receiver may be silent, refuse or be gone', async () => {
    const scene = await setScene({ recordCount: 25 });
    const silent = await startWireTap(null, () => new Promise(() => {}));
    const refusing = await startWireTap(null, () => ({ status: 500 }));
    for (const url of [silent.url, refusing.url, 'http://127.0.0.1:1/events']) {
      const shown = await scene.deliver({ re_ingestion: true, status_url: url });
      expect(shown.status).toBe('COMPLETED');
      await scene.expectDelivered(shown.ingestion_id);
    }
  });
});
