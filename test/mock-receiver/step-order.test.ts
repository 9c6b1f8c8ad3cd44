/** Where a message breaks several rules at once, the first step that it breaks answers, and the later ones leave no trace. */
import { expect, it } from 'vitest';
import { signWebhook } from '../../src/protocol/signature.ts';
import { startReceiver } from '../harness/receiver.ts';
import {
  acknowledgement,
  checksumOf,
  chunkBody,
  contentDigest,
  INGESTION_ID,
  post,
  postChunk,
  postCompletion,
  recordsOf,
  refusal,
} from './send.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const WRONG_DIGEST = { 'content-digest': contentDigest('another body') };

/** A receiver with chunk 0 at epoch 5. */
async function startWithChunk() {
  const receiver = await startReceiver();
  await postChunk(receiver.callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '5' });
  return receiver;
}

it('looks at the body before its digest', async () => {
  const { callbackUrl } = await startWithChunk();
  expect((await post(callbackUrl, '{}', WRONG_DIGEST)).json).toMatchObject({ error: 'MALFORMED' });
});

it('looks at the digest before the signature', async () => {
  const { callbackUrl } = await startReceiver({ secret: SECRET });
  const answer = await postChunk(callbackUrl, { chunkNumber: 0 }, WRONG_DIGEST);
  expect(answer.json).toEqual(refusal(0, 'DIGEST_MISMATCH'));
});

it('looks at the digest before the epoch', async () => {
  const { callbackUrl } = await startWithChunk();
  const answer = await postChunk(callbackUrl, { chunkNumber: 1 }, { ...WRONG_DIGEST, 'ackstream-epoch': '1' });
  expect(answer).toMatchObject({ status: 400, json: refusal(1, 'DIGEST_MISMATCH') });
});

it('does not count an epoch as seen that came with a wrong digest or signature', async () => {
  const { callbackUrl } = await startReceiver({ secret: SECRET, now: () => 0 });
  await postChunk(callbackUrl, { chunkNumber: 0 }, { ...WRONG_DIGEST, 'ackstream-epoch': '9' });
  await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '9' });
  const body = chunkBody({ chunkNumber: 0 });
  const headers = {
    'ackstream-epoch': '1',
    'webhook-id': 'id',
    'webhook-timestamp': '0',
    'webhook-signature': signWebhook({ secret: SECRET, id: 'id', timestampSeconds: 0, body }),
  };
  expect((await post(callbackUrl, body, headers)).json).toEqual(acknowledgement(0));
});

it('looks at the epoch before it acknowledges a chunk that it has', async () => {
  const { callbackUrl } = await startWithChunk();
  const answer = await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '4' });
  expect(answer).toMatchObject({ status: 409, json: refusal(0, 'STALE_EPOCH', { epoch: 5 }) });
});

it('looks at the epoch before the totals of COMPLETED', async () => {
  const { callbackUrl } = await startWithChunk();
  const answer = await postCompletion(callbackUrl, 7, {}, { 'ackstream-epoch': '4' });
  expect(answer.json).toEqual(refusal(6, 'STALE_EPOCH', { epoch: 5 }));
});

it('looks whether it has the chunk before it looks whether it is empty', async () => {
  const { callbackUrl } = await startWithChunk();
  const claimed = { chunkNumber: 0, records: '[]', checksum: checksumOf(recordsOf(0)) };
  expect((await postChunk(callbackUrl, claimed)).json).toEqual(acknowledgement(0));
  const other = await postChunk(callbackUrl, { chunkNumber: 0, records: '[]' });
  expect(other.json).toEqual(refusal(0, 'CHUNK_ID_REUSED'));
});

it('looks whether a chunk is empty before its number', async () => {
  const { callbackUrl } = await startWithChunk();
  expect((await postChunk(callbackUrl, { chunkNumber: 7, records: '[]' })).json).toEqual(refusal(7, 'EMPTY_CHUNK'));
});

it('looks at the number before the checksum', async () => {
  const { callbackUrl, report } = await startWithChunk();
  const answer = await postChunk(callbackUrl, { chunkNumber: 7, checksum: '0'.repeat(64) });
  expect(answer.json).toEqual(refusal(7, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 1 }));
  expect(await report(INGESTION_ID)).toMatchObject({ mismatches: 0 });
});
