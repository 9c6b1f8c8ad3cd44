import { expect, it } from 'vitest';
import { sha256Hex } from '../../src/protocol/checksum.ts';
import { startReceiver } from '../harness/receiver.ts';
import {
  acknowledgement,
  contentDigest,
  INGESTION_ID,
  post,
  postChunk,
  postCompletion,
  recordsOf,
  refusal,
} from './send.ts';

const startLegacy = () => startReceiver({ isLegacy: true });

it('acknowledges what is canonical within the range of the original, and keeps it', async () => {
  const { callbackUrl, records, report } = await startLegacy();
  const numbers = '[-9223372036854775808,18446744073709551615,0.1,19.99,0.00015,123456789.5]';
  const sent = `[{"a":"ä\\u0001\\"\\\\ \u007f","b":[true,null,{}],"c":${numbers}},{"__proto__":0}]`;
  const answer = await postChunk(callbackUrl, {
    chunkNumber: 0,
    records: sent,
    checksum: sha256Hex(sent),
    isLast: true,
  });
  expect(answer).toMatchObject({ status: 200, json: acknowledgement(0) });
  expect(`[${(await records(INGESTION_ID)).join(',')}]`).toBe(sent);
  const completed = await postCompletion(callbackUrl, 1);
  expect(completed.json).toEqual({ status: 'COMPLETED', ...acknowledgement(0) });
  expect(await report(INGESTION_ID)).toMatchObject({ chunks: 1, records: 2, verdict_ok: true });
});

it('sorts keys by code point, as orjson does', async () => {
  const { callbackUrl } = await startLegacy();
  const byCodePoint = '[{"\uE000":1,"\u{1F600}":2}]';
  const answer = await postChunk(callbackUrl, {
    chunkNumber: 0,
    records: byCodePoint,
    checksum: sha256Hex(byCodePoint),
  });
  expect(answer.json).toEqual(acknowledgement(0));
});

it('refuses with the texts of the original, and never says which chunk it expects', async () => {
  const { callbackUrl } = await startLegacy();
  expect(await postChunk(callbackUrl, { chunkNumber: 2 })).toMatchObject({ status: 200 });
  expect((await postChunk(callbackUrl, { chunkNumber: 2 })).json).toEqual(refusal(2, 'Out-of-order chunk'));
  const wrong = await postChunk(callbackUrl, { chunkNumber: 0, checksum: '0'.repeat(64) });
  expect(wrong.json).toEqual(refusal(0, 'Checksum mismatch'));
});

it('acknowledges a chunk id that it has whatever it carries', async () => {
  const { callbackUrl, records } = await startLegacy();
  await postChunk(callbackUrl, { chunkNumber: 0 });
  expect((await postChunk(callbackUrl, { chunkNumber: 0, records: '[3]' })).json).toEqual(acknowledgement(0));
  expect(`[${(await records(INGESTION_ID)).join(',')}]`).toBe(recordsOf(0));
});

it('counts an empty chunk as seen although it refuses it', async () => {
  const { callbackUrl } = await startLegacy();
  expect((await postChunk(callbackUrl, { chunkNumber: 0, records: '[]' })).json).toEqual(refusal(0, 'Empty chunk'));
  expect((await postChunk(callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
});

it('acknowledges every COMPLETED, and its verdict says what is missing all the same', async () => {
  const { callbackUrl, report } = await startLegacy();
  expect((await postCompletion(callbackUrl, 3)).json).toEqual({ status: 'COMPLETED', ...acknowledgement(2) });
  expect(await report(INGESTION_ID)).toMatchObject({ completed: true, verdict_ok: false });
});

it('does not look at headers and members that the original did not know', async () => {
  const { callbackUrl } = await startLegacy();
  await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '5' });
  const headers = { 'ackstream-epoch': '1', 'content-digest': contentDigest('another body') };
  const members = { record_offset: 99, record_count: 99 };
  expect((await postChunk(callbackUrl, { chunkNumber: 1, members }, headers)).json).toEqual(acknowledgement(1));
});

it.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['no ingestion_id', '{"chunk_number":0}'],
  ['another status', `{"ingestion_id":"${INGESTION_ID}","chunk_number":0,"status":"FAILED"}`],
  ['an integer beyond 64 bits', `{"ingestion_id":"${INGESTION_ID}","chunk_number":0,"records":[18446744073709551616]}`],
])('answers %s with 500 and plain text', async (_what, body) => {
  const { callbackUrl } = await startLegacy();
  expect(await post(callbackUrl, body)).toMatchObject({ status: 500, text: 'Internal Server Error' });
});
