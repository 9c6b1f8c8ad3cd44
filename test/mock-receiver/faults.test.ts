import { expect, it } from 'vitest';
import { FaultPlan, type FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { until } from '../harness/until.ts';
import { acknowledgement, chunkBody, INGESTION_ID, postChunk, postCompletion, refusal } from './send.ts';

async function startWith(...faults: FaultRuleInput[]): Promise<TestReceiver> {
  return startReceiver({ faults });
}

const storedChunks = async (receiver: TestReceiver) => (await receiver.report(INGESTION_ID)).chunks;

it.each([200, 204, 302, 400, 410, 429, 503, 599, 999])('answers with status %i and stores nothing', async (status) => {
  const receiver = await startWith({ fault: 'status', status });
  const answer = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(answer).toMatchObject({ status, text: '' });
  expect(await storedChunks(receiver)).toBe(0);
});

it('answers with a status, a Retry-After and a body, text or JSON, before or after storing', async () => {
  const { callbackUrl, report } = await startWith(
    { fault: 'status', chunk: 0, status: 503, retry_after: 7, body: '<html>', times: 1 },
    { fault: 'status', chunk: 0, status: 500, body: { ack: true }, after_storing: true },
  );
  const first = await postChunk(callbackUrl, { chunkNumber: 0 });
  expect(first).toMatchObject({ status: 503, text: '<html>', headers: { 'retry-after': '7' } });
  expect(await report(INGESTION_ID)).toMatchObject({ chunks: 0 });
  expect(await postChunk(callbackUrl, { chunkNumber: 0 })).toMatchObject({ status: 500, json: { ack: true } });
  expect(await report(INGESTION_ID)).toMatchObject({ chunks: 1 });
});

it('delays a message, then deals with it as ever, other faults included', async () => {
  const receiver = await startWith(
    { fault: 'delay', delay_ms: 40, chunk: 0 },
    { fault: 'nack', error: 'not now', chunk: 0, times: 1 },
  );
  const begunAt = performance.now();
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).json).toEqual(refusal(0, 'not now'));
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
  // A timer may fire up to a millisecond before its time.
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(2 * 39);
});

it.each([
  ['before', false, 0],
  ['after', true, 1],
])('never answers, hanging up %s storing only when it is stopped', async (_when, after_storing, chunks) => {
  const receiver = await startWith({ fault: 'hang', after_storing });
  const answer = postChunk(receiver.callbackUrl, { chunkNumber: 0 }).catch((error: Error) => error);
  await until(
    () => receiver.attempts.length,
    (count) => count === 1,
  );
  expect(await storedChunks(receiver)).toBe(chunks);
  await receiver.stop();
  expect(await answer).toBeInstanceOf(Error);
});

it('stops at once also while it delays a message', async () => {
  const receiver = await startWith({ fault: 'delay', delay_ms: 600_000 });
  const answer = postChunk(receiver.callbackUrl, { chunkNumber: 0 }).catch((error: Error) => error);
  await until(
    () => receiver.receiver.faults.list()[0]?.applied,
    (count) => count === 1,
  );
  await receiver.stop();
  expect(await answer).toBeInstanceOf(Error);
});

it.each([
  ['before', false, 0],
  ['after', true, 1],
])('resets the connection %s storing', async (_when, after_storing, chunks) => {
  const receiver = await startWith({ fault: 'reset', after_storing, times: 1 });
  await expect(postChunk(receiver.callbackUrl, { chunkNumber: 0 })).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await storedChunks(receiver)).toBe(chunks);
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
  expect(await receiver.report(INGESTION_ID)).toMatchObject({ chunks: 1, duplicates: chunks });
});

it('refuses with a given error, with and without a chunk that it expects', async () => {
  const receiver = await startWith(
    { fault: 'nack', error: 'Checksum mismatch', times: 1 },
    { fault: 'nack', error: 'OUT_OF_ORDER_CHUNK', expected_chunk: 0 },
  );
  const first = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(first).toMatchObject({ status: 200, json: refusal(0, 'Checksum mismatch') });
  expect(first.json).not.toHaveProperty('expected_chunk');
  const second = await postCompletion(receiver.callbackUrl, 2);
  expect(second.json).toEqual(refusal(1, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 0 }));
  expect(await storedChunks(receiver)).toBe(0);
});

it('answers 413 above a number of bytes, and takes what has just as many', async () => {
  const maxBytes = Buffer.byteLength(chunkBody({ chunkNumber: 0 }));
  const receiver = await startWith({ fault: 'too-large', max_bytes: maxBytes });
  const larger = {
    chunkNumber: 0,
    records: '[1,2,"and much more than the receiver wants to take, for it has its own bounds"]',
  };
  const refused = await postChunk(receiver.callbackUrl, larger);
  expect(refused).toMatchObject({ status: 413, json: refusal(0, 'BODY_TOO_LARGE') });
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
});

it('redirects, storing nothing', async () => {
  const receiver = await startWith({ fault: 'redirect', location: 'http://127.0.0.1:1/elsewhere', status: 308 });
  const answer = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(answer).toMatchObject({ status: 308, headers: { location: 'http://127.0.0.1:1/elsewhere' } });
  expect(await storedChunks(receiver)).toBe(0);
});

it('stores a chunk and cuts its answer off in the middle', async () => {
  const receiver = await startWith({ fault: 'truncated-ack' });
  await expect(postChunk(receiver.callbackUrl, { chunkNumber: 0 })).rejects.toThrow('other side closed');
  expect(await storedChunks(receiver)).toBe(1);
});

it('stores a chunk and answers with what is no JSON', async () => {
  const receiver = await startWith({ fault: 'non-json-ack' });
  const answer = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(answer).toMatchObject({ status: 200, text: '<html><body>OK</body></html>' });
  expect(await storedChunks(receiver)).toBe(1);
});

it.each([
  ['ingestion_id', 'f'.repeat(64)],
  ['chunk_number', 1],
] as const)('stores a chunk and acknowledges it under another %s', async (member, value) => {
  const receiver = await startWith({ fault: 'wrong-echo', member });
  const answer = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(answer.json).toEqual({ ...acknowledgement(0), [member]: value });
  expect(await storedChunks(receiver)).toBe(1);
});

it('loses state down to a number of chunks, epoch included, and asks for what it lost', async () => {
  const receiver = await startWith(
    { fault: 'forget', chunk: 3, keep_chunks: 1, times: 1 },
    { fault: 'forget', chunk: 'completed', times: 1 },
  );
  for (const chunkNumber of [0, 1, 2]) {
    await postChunk(receiver.callbackUrl, { chunkNumber }, { 'ackstream-epoch': String(chunkNumber + 1) });
  }
  const asked = await postChunk(receiver.callbackUrl, { chunkNumber: 3 });
  expect(asked.json).toEqual(refusal(3, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 1 }));
  expect(await receiver.report(INGESTION_ID)).toMatchObject({ chunks: 1, records: 2, epoch: 1 });
  for (const chunkNumber of [1, 2, 3])
    await postChunk(receiver.callbackUrl, { chunkNumber, isLast: chunkNumber === 3 });
  expect((await postCompletion(receiver.callbackUrl, 4)).json).toEqual(refusal(3, 'INCOMPLETE', { expected_chunk: 0 }));
  for (const chunkNumber of [0, 1, 2, 3]) {
    await postChunk(receiver.callbackUrl, { chunkNumber, isLast: chunkNumber === 3 });
  }
  expect((await postCompletion(receiver.callbackUrl, 4)).json).toEqual(acknowledgement(3));
  expect(await receiver.report(INGESTION_ID)).toMatchObject({ chunks: 4, records: 8, verdict_ok: true });
});

it('blows its answer up to a number of bytes', async () => {
  const receiver = await startWith({ fault: 'huge-ack', bytes: 300_000 });
  const answer = await postChunk(receiver.callbackUrl, { chunkNumber: 0 });
  expect(answer.text).toHaveLength(300_000);
  expect(answer.json).toMatchObject(acknowledgement(0));
});

it('sends an endless answer until the sender hangs up', async () => {
  const receiver = await startWith({ fault: 'huge-ack' });
  const abort = new AbortController();
  const response = await fetch(receiver.callbackUrl, {
    method: 'POST',
    body: chunkBody({ chunkNumber: 0 }),
    signal: abort.signal,
  });
  let byteCount = 0;
  for await (const piece of response.body ?? []) {
    byteCount += piece.length;
    if (byteCount > 1_000_000) break;
  }
  abort.abort();
  expect(byteCount).toBeGreaterThan(1_000_000);
  expect(await storedChunks(receiver)).toBe(1);
});

it('drips its answer byte by byte', async () => {
  const receiver = await startWith({ fault: 'dripping-ack', interval_ms: 1 });
  const response = await fetch(receiver.callbackUrl, { method: 'POST', body: chunkBody({ chunkNumber: 0 }) });
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body ?? []) pieces.push(piece);
  expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual(acknowledgement(0));
  expect(pieces.length).toBeGreaterThan(5);
});

it('applies a rule to its chunk only, to COMPLETED only, or to every message, as often as it says', async () => {
  const chosen = await startWith({ fault: 'status', status: 500, chunk: 1, times: 2 });
  const statuses: number[] = [];
  for (const chunkNumber of [0, 1, 1, 1]) {
    statuses.push((await postChunk(chosen.callbackUrl, { chunkNumber })).status);
  }
  expect(statuses).toEqual([200, 500, 500, 200]);
  expect((await postCompletion(chosen.callbackUrl, 2)).status).toBe(200);

  const completed = await startWith({ fault: 'status', status: 500, chunk: 'completed' });
  expect((await postChunk(completed.callbackUrl, { chunkNumber: 0 })).status).toBe(200);
  expect((await postCompletion(completed.callbackUrl, 1)).status).toBe(500);

  const every = await startWith({ fault: 'status', status: 500, chunk: 'every', times: 2 });
  expect((await postChunk(every.callbackUrl, { chunkNumber: 0 })).status).toBe(500);
  expect((await postCompletion(every.callbackUrl, 0)).status).toBe(500);
  expect((await postCompletion(every.callbackUrl, 0)).status).toBe(200);
});

it('draws the same chances again from the same seed, and others from another', () => {
  const draw = (seed: number) => {
    const plan = new FaultPlan(seed);
    plan.replace([{ fault: 'hang', probability: 0.3 }]);
    const target = { subject: 'chunk', chunkNumber: 0, bodyByteCount: 1 } as const;
    return Array.from({ length: 200 }, () => plan.take(target).answer !== null);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  const hits = draw(7).filter(Boolean).length;
  expect(hits).toBeGreaterThan(35);
  expect(hits).toBeLessThan(85);
});

it('takes rules by PUT /faults, tells them and how often each was applied, and refuses what is none', async () => {
  const receiver = await startReceiver();
  const put = (body: unknown) =>
    fetch(`${receiver.origin}/faults`, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) });
  expect((await put([{ fault: 'status', status: 503, chunk: 0, times: 1 }])).status).toBe(200);
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).status).toBe(503);
  expect(await (await fetch(`${receiver.origin}/faults`)).json()).toMatchObject([{ fault: 'status', applied: 1 }]);
  for (const wrong of [[{ fault: 'no such' }], [{ fault: 'hang', typo: 1 }], { fault: 'hang' }]) {
    expect((await put(wrong)).status).toBe(422);
  }
  expect((await put('{')).status).toBe(400);
  expect(await (await fetch(`${receiver.origin}/faults`)).json()).toHaveLength(1);
  await put([]);
  expect((await postChunk(receiver.callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
});
