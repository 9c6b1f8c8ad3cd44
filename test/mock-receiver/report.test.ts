import { expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { completionMembers, INGESTION_ID, postChunk, postCompletion } from './send.ts';

const OTHER_ID = 'a'.repeat(64);

it('reports what arrived, what was claimed and a verdict', async () => {
  const { callbackUrl, report } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0, members: { record_offset: 0 } }, { 'ackstream-epoch': '2' });
  await postChunk(callbackUrl, { chunkNumber: 1, isLast: true, members: { record_offset: 2 } });
  await postChunk(callbackUrl, { chunkNumber: 1 });
  await postChunk(callbackUrl, { chunkNumber: 5 });
  expect(await report(INGESTION_ID)).toMatchObject({
    completed: false,
    claimed: null,
    verdict_ok: false,
    verdict: 'RECEIVING: 4 records in 2 chunks stored so far',
  });
  await postCompletion(callbackUrl, 2);
  const { chain_checksum } = completionMembers(2);
  expect(await report(INGESTION_ID)).toEqual({
    ingestion_id: INGESTION_ID,
    chunks: 2,
    records: 4,
    duplicates: 1,
    out_of_order: 1,
    mismatches: 0,
    answers: { completed: 1, duplicate: 1, 'out-of-order': 1, stored: 2 },
    epoch: 2,
    chain_checksum,
    completed: true,
    claimed: { total_records: 4, total_chunks: 2, rejected_records: 0, last_chunk_number: 1, chain_checksum },
    verdict_ok: true,
    verdict: `COMPLETE: 4 records in 2 chunks, in order, all checksums right, chain ${String(chain_checksum)}`,
  });
});

it.each([
  ['record_offset is wrong on 1 chunk', { isLast: true, members: { record_offset: 1 } }],
  ['is_last is wrong on 1 chunk', { isLast: false }],
])('finds in its verdict what no step refuses: %s', async (problem, parts) => {
  const { callbackUrl, report } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0, ...parts });
  await postCompletion(callbackUrl, 1);
  expect(await report(INGESTION_ID)).toMatchObject({
    completed: true,
    verdict_ok: false,
    verdict: `NOT COMPLETE: 2 records in 1 chunk stored; ${problem}`,
  });
});

it('says what a refused COMPLETED claims beside what is stored', async () => {
  const { callbackUrl, report } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0 });
  await postCompletion(callbackUrl, 2);
  const { verdict } = await report(INGESTION_ID);
  expect(verdict).toContain(
    'NOT COMPLETE: 2 records in 1 chunk stored; records: claimed 4, stored 2; chunks: claimed 2',
  );
});

it('takes back that an ingestion is completed when a chunk comes after COMPLETED', async () => {
  const { callbackUrl, report } = await startReceiver();
  await postCompletion(callbackUrl, 0);
  await postChunk(callbackUrl, { chunkNumber: 0 });
  expect(await report(INGESTION_ID)).toMatchObject({ completed: false, verdict_ok: false });
});

it('keeps ingestions apart and lists them all', async () => {
  const { callbackUrl, origin } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0 });
  await postChunk(callbackUrl, { chunkNumber: 0, ingestionId: OTHER_ID });
  await postChunk(callbackUrl, { chunkNumber: 1, ingestionId: OTHER_ID });
  expect(await (await fetch(`${origin}/report`)).json()).toMatchObject({
    ingestions: [
      { ingestion_id: INGESTION_ID, chunks: 1 },
      { ingestion_id: OTHER_ID, chunks: 2 },
    ],
  });
});

it('gives back the records as NDJSON while more of them arrive', async () => {
  const { callbackUrl, origin } = await startReceiver();
  const record = JSON.stringify('x'.repeat(300_000));
  for (const chunkNumber of [0, 1, 2]) await postChunk(callbackUrl, { chunkNumber, records: `[${record}]` });
  const response = await fetch(`${origin}/records/${INGESTION_ID}`);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect((await postChunk(callbackUrl, { chunkNumber: 3, records: `[${record}]` })).status).toBe(200);
  let byteCount = first?.value?.length ?? 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) byteCount += part.value.length;
  expect(byteCount % (record.length + 1)).toBe(0);
  expect(byteCount).toBeGreaterThanOrEqual(3 * (record.length + 1));
});

it('keeps a log of what arrived and what it was answered, faults included', async () => {
  const { callbackUrl, origin } = await startReceiver({ faults: [{ fault: 'status', status: 503, times: 1 }] });
  const headers = { 'ackstream-epoch': '1', 'ackstream-attempt': '1', 'idempotency-key': `"${INGESTION_ID}:0"` };
  await postChunk(callbackUrl, { chunkNumber: 0 }, headers);
  await postChunk(callbackUrl, { chunkNumber: 0 }, { ...headers, 'ackstream-attempt': '2' });
  await postCompletion(callbackUrl, 3);
  expect(await (await fetch(`${origin}/attempts/${INGESTION_ID}`)).json()).toMatchObject({
    attempts: [
      { subject: 'chunk', chunkNumber: 0, epoch: 1, attempt: 1, answer: null, httpStatus: null, fault: 'status' },
      {
        attempt: 2,
        idempotencyKey: `"${INGESTION_ID}:0"`,
        answer: 'stored',
        httpStatus: 200,
        error: null,
        fault: null,
      },
      { subject: 'completed', epoch: null, attempt: null, answer: 'incomplete', error: 'INCOMPLETE' },
    ],
  });
});

it('keeps the newest 10 000 attempts, and counts them all', async () => {
  const { receiver } = await startReceiver();
  const attempt = {
    ingestionId: INGESTION_ID,
    subject: 'chunk',
    chunkNumber: 0,
    checksum: null,
    epoch: null,
    idempotencyKey: null,
    answer: 'duplicate',
    httpStatus: 200,
    error: null,
    fault: null,
  } as const;
  receiver.store.transaction(() => {
    for (let number = 1; number <= 10_010; number += 1) receiver.store.recordAttempt({ ...attempt, attempt: number });
  });
  const kept = receiver.store.attempts(INGESTION_ID);
  expect(kept).toHaveLength(10_000);
  expect(kept[0]).toEqual({ ...attempt, attempt: 11 });
  expect(receiver.store.answerCounts(INGESTION_ID)).toEqual({ duplicate: 10_010 });
});

it('forgets everything on DELETE /state', async () => {
  const { callbackUrl, origin } = await startReceiver();
  await postChunk(callbackUrl, { chunkNumber: 0 });
  expect((await fetch(`${origin}/state`, { method: 'DELETE' })).status).toBe(204);
  expect(await (await fetch(`${origin}/report`)).json()).toEqual({ ingestions: [] });
  expect((await postChunk(callbackUrl, { chunkNumber: 0 })).status).toBe(200);
});

it('answers at /health', async () => {
  const { origin } = await startReceiver();
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: 'ok' });
});
