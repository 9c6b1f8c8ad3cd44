import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { nextChainChecksum, sha256Hex } from '../../src/protocol/checksum.ts';
import { signWebhook } from '../../src/protocol/signature.ts';
import { startReceiver } from '../harness/receiver.ts';
import {
  acknowledgement,
  checksumOf,
  chunkBody,
  completionMembers,
  contentDigest,
  INGESTION_ID,
  post,
  postChunk,
  postCompletion,
  recordsOf,
  refusal,
} from './send.ts';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four bytes and more').toString('base64')}`;
const NOW_MS = 1_700_000_000_000;

describe('step 1, the body', () => {
  it.each([
    ['no JSON', 'hello'],
    ['cut off', chunkBody({ chunkNumber: 0 }).slice(0, -1)],
    ['an array', '[]'],
    ['a member twice', `{"chunk_number":0,${chunkBody({ chunkNumber: 0 }).slice(1)}`],
    ['a record with a key twice', chunkBody({ chunkNumber: 0, records: '[{"a":1,"a":2}]', checksum: sha256Hex('') })],
    ['records that are no array', chunkBody({ chunkNumber: 0, records: '{"a":1}' })],
    ['no records', JSON.stringify({ ...JSON.parse(chunkBody({ chunkNumber: 0 })), records: undefined })],
    ['another chunk_id', chunkBody({ chunkNumber: 0, members: { chunk_id: `${INGESTION_ID}:1` } })],
    ['a chunk_number that is text', chunkBody({ chunkNumber: 0, members: { chunk_number: '0' } })],
    ['a checksum in upper case', chunkBody({ chunkNumber: 0, checksum: checksumOf(recordsOf(0)).toUpperCase() })],
    ['another record_count', chunkBody({ chunkNumber: 0, members: { record_count: 3 } })],
    ['another status', JSON.stringify({ ...completionMembers(0), status: 'DONE' })],
  ])('refuses %s as MALFORMED and stores nothing', async (_what, body) => {
    const { callbackUrl, origin } = await startReceiver();
    const answer = await post(callbackUrl, body);
    expect(answer).toMatchObject({ status: 400, json: { ack: false, error: 'MALFORMED' } });
    expect(await (await fetch(`${origin}/records/${INGESTION_ID}`)).text()).toBe('');
  });

  it('repeats of an unreadable body the ids that can be read', async () => {
    const { callbackUrl } = await startReceiver();
    const answer = await post(callbackUrl, `{"ingestion_id":"${INGESTION_ID}","chunk_number":7}`);
    expect(answer.json).toEqual(refusal(7, 'MALFORMED'));
    expect((await post(callbackUrl, '{}')).json).toEqual({
      ack: false,
      ingestion_id: null,
      chunk_number: null,
      error: 'MALFORMED',
    });
  });

  it('refuses an epoch that is no whole number as MALFORMED', async () => {
    const { callbackUrl } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': 'two' });
    expect(answer).toMatchObject({ status: 400, json: refusal(0, 'MALFORMED') });
  });

  it('lets members and headers pass that it does not know', async () => {
    const { callbackUrl } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 0, members: { later: {} } }, { 'ackstream-later': '1' });
    expect(answer.json).toEqual(acknowledgement(0));
  });

  it('answers 413 to a body above its bound, announced or not, and goes on', async () => {
    const { callbackUrl } = await startReceiver({ maxBodyBytes: 2000 });
    const body = chunkBody({ chunkNumber: 0, records: JSON.stringify(['x'.repeat(5000)]) });
    expect(await post(callbackUrl, body)).toMatchObject({ status: 413, json: { ack: false, error: 'BODY_TOO_LARGE' } });
    const streamed = await fetch(callbackUrl, { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' });
    expect(streamed.status).toBe(413);
    expect((await postChunk(callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
  });

  it('stores nothing of a body whose sender leaves in the middle, and goes on', async () => {
    const { callbackUrl, attempts } = await startReceiver();
    const body = chunkBody({ chunkNumber: 0 });
    const socket = connect(Number(new URL(callbackUrl).port), '127.0.0.1');
    socket.write(`POST /callback HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 100)}`);
    await once(socket, 'connect');
    socket.resetAndDestroy();
    expect((await postChunk(callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
    expect(attempts).toHaveLength(1);
  });
});

describe('step 2, digest and signature', () => {
  it('takes a right Content-Digest, also beside other algorithms', async () => {
    const { callbackUrl } = await startReceiver();
    const body = chunkBody({ chunkNumber: 0 });
    const headers = { 'content-digest': `md5=:AAAA:, ${contentDigest(body)}` };
    expect((await post(callbackUrl, body, headers)).json).toEqual(acknowledgement(0));
  });

  it('refuses a wrong Content-Digest, of a chunk and of COMPLETED, and counts it', async () => {
    const { callbackUrl, report } = await startReceiver();
    const headers = { 'content-digest': contentDigest('another body') };
    const answers = [
      await postChunk(callbackUrl, { chunkNumber: 0 }, headers),
      await postCompletion(callbackUrl, 0, {}, headers),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 400, json: refusal(0, 'DIGEST_MISMATCH') });
    expect(await report(INGESTION_ID)).toMatchObject({ chunks: 0, completed: false, mismatches: 2 });
  });

  it.each([
    ['within 5 minutes', 300, 200],
    ['5 minutes and a second ago', 301, 401],
    ['5 minutes and a second ahead', -301, 401],
  ])('judges a signature made %s', async (_when, ageSeconds, status) => {
    const { callbackUrl } = await startReceiver({ secret: SECRET, now: () => NOW_MS });
    const body = chunkBody({ chunkNumber: 0 });
    expect((await post(callbackUrl, body, signatureHeaders(body, ageSeconds))).status).toBe(status);
  });

  it('refuses what is not signed, or signed as another body, where a secret is configured', async () => {
    const { callbackUrl } = await startReceiver({ secret: SECRET, now: () => NOW_MS });
    const body = chunkBody({ chunkNumber: 0 });
    expect(await post(callbackUrl, body)).toMatchObject({ status: 401, json: refusal(0, 'SIGNATURE_INVALID') });
    expect((await post(callbackUrl, body, signatureHeaders(`${body} `, 0))).status).toBe(401);
    const completion = JSON.stringify(completionMembers(0));
    expect((await post(callbackUrl, completion)).status).toBe(401);
    expect((await post(callbackUrl, completion, signatureHeaders(completion, 0))).status).toBe(200);
  });

  it('does not look at signatures where no secret is configured', async () => {
    const { callbackUrl } = await startReceiver();
    const headers = { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'v1,none' };
    expect((await postChunk(callbackUrl, { chunkNumber: 0 }, headers)).status).toBe(200);
  });
});

function signatureHeaders(body: string, ageSeconds: number): Record<string, string> {
  const id = `${INGESTION_ID}:0`;
  const timestampSeconds = NOW_MS / 1000 - ageSeconds;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signWebhook({ secret: SECRET, id, timestampSeconds, body }),
  };
}

describe('step 3, the epoch', () => {
  it('refuses a lower epoch than it has seen, of a chunk and of COMPLETED, and says which it has seen', async () => {
    const { callbackUrl } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '3' });
    const stale = { 'ackstream-epoch': '2' };
    const chunk = await postChunk(callbackUrl, { chunkNumber: 1 }, stale);
    expect(chunk).toMatchObject({ status: 409, json: refusal(1, 'STALE_EPOCH', { epoch: 3 }) });
    const completion = await postCompletion(callbackUrl, 1, {}, stale);
    expect(completion).toMatchObject({ status: 409, json: refusal(0, 'STALE_EPOCH', { epoch: 3 }) });
  });

  it('takes the same and a higher epoch, and one that is not sent', async () => {
    const { callbackUrl, report } = await startReceiver();
    const epochs = ['2', '2', '5', undefined];
    for (const [chunkNumber, epoch] of epochs.entries()) {
      const headers: Record<string, string> = epoch === undefined ? {} : { 'ackstream-epoch': epoch };
      expect((await postChunk(callbackUrl, { chunkNumber }, headers)).json).toEqual(acknowledgement(chunkNumber));
    }
    expect(await report(INGESTION_ID)).toMatchObject({ epoch: 5 });
  });

  it('has seen an epoch also where it refused what carried it', async () => {
    const { callbackUrl } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 9 }, { 'ackstream-epoch': '4' });
    const answer = await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '3' });
    expect(answer.json).toEqual(refusal(0, 'STALE_EPOCH', { epoch: 4 }));
  });

  it('keeps the epochs of ingestions apart', async () => {
    const { callbackUrl } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 }, { 'ackstream-epoch': '4' });
    const other = { chunkNumber: 0, ingestionId: 'a'.repeat(64) };
    expect((await postChunk(callbackUrl, other, { 'ackstream-epoch': '1' })).status).toBe(200);
  });
});

describe('steps 4 to 8, a chunk', () => {
  it('acknowledges a chunk again that it has, and stores it once', async () => {
    const { callbackUrl, records, report } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 });
    await postChunk(callbackUrl, { chunkNumber: 1 });
    expect((await postChunk(callbackUrl, { chunkNumber: 0 })).json).toEqual(acknowledgement(0));
    expect(await records(INGESTION_ID)).toHaveLength(4);
    expect(await report(INGESTION_ID)).toMatchObject({ chunks: 2, records: 4, duplicates: 1 });
  });

  it('refuses an empty chunk', async () => {
    const { callbackUrl } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 0, records: '[]' });
    expect(answer).toMatchObject({ status: 200, json: refusal(0, 'EMPTY_CHUNK') });
  });

  it.each([1, 2, 100])('asks for chunk 1 when chunk %i + 1 comes after chunk 0', async (gap) => {
    const { callbackUrl, report } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 });
    const answer = await postChunk(callbackUrl, { chunkNumber: 1 + gap });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json).toEqual(refusal(1 + gap, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 1 }));
    expect(await report(INGESTION_ID)).toMatchObject({ chunks: 1, out_of_order: 1 });
  });

  it('asks for chunk 0 of an ingestion that it does not know', async () => {
    const { callbackUrl } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 4 });
    expect(answer.json).toEqual(refusal(4, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 0 }));
  });

  it('refuses records that are not those of the checksum', async () => {
    const { callbackUrl, report } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 0, checksum: checksumOf(recordsOf(1)) });
    expect(answer).toMatchObject({ status: 200, json: refusal(0, 'CHECKSUM_MISMATCH') });
    expect(await report(INGESTION_ID)).toMatchObject({ chunks: 0, mismatches: 1 });
  });

  it.each([
    ['reordered members and white space', '[ {"b" : 1.50, "a" : "\\u00e4"} ]', '[{"a":"ä","b":1.5}]'],
    [
      'digits that no double holds',
      '[333333333.33333329,1152921504606846976]',
      '[333333333.33333329,1152921504606846976]',
    ],
    ['numbers as RFC 8785 has them', '[333333333.3333333,1e+21,1e-7]', '[333333333.3333333,1e+21,1e-7]'],
  ])('recomputes the checksum from the records, not from the bytes: %s', async (_what, sent, canonical) => {
    const { callbackUrl, records } = await startReceiver();
    const answer = await postChunk(callbackUrl, { chunkNumber: 0, records: sent, checksum: sha256Hex(canonical) });
    expect(answer.json).toEqual(acknowledgement(0));
    expect(`[${(await records(INGESTION_ID)).join(',')}]`).toBe(canonical);
  });

  it('keeps records of any kind, in order, with commas, quotes, brackets and line feeds inside', async () => {
    const { callbackUrl, records } = await startReceiver();
    const kinds = [
      'null',
      'true',
      '-1.5',
      '"a,b]\\n\\"[{\\\\"',
      '[]',
      '{}',
      '[1,[2,3]]',
      '{"a":{"b":[",",{}]}}',
      '"\\\\"',
    ];
    await postChunk(callbackUrl, { chunkNumber: 0, records: `[${kinds.join(',')}]` });
    await postChunk(callbackUrl, { chunkNumber: 1, records: '[0]' });
    expect(await records(INGESTION_ID)).toEqual([...kinds, '0']);
  });

  it('carries the chain over the checksums on', async () => {
    const { callbackUrl, report } = await startReceiver();
    for (const chunkNumber of [0, 1]) await postChunk(callbackUrl, { chunkNumber });
    const first = nextChainChecksum(CHAIN_START, checksumOf(recordsOf(0)));
    const chain = nextChainChecksum(first, checksumOf(recordsOf(1)));
    expect(await report(INGESTION_ID)).toMatchObject({ chain_checksum: chain });
  });
});

describe('COMPLETED', () => {
  it('is acknowledged, however often, where totals, last number and chain agree', async () => {
    const { callbackUrl, report } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 });
    await postChunk(callbackUrl, { chunkNumber: 1, isLast: true });
    for (let time = 0; time < 3; time += 1) {
      const answer = await postCompletion(callbackUrl, 2);
      expect(answer).toMatchObject({ status: 200, json: acknowledgement(1) });
    }
    expect(await report(INGESTION_ID)).toMatchObject({ completed: true, verdict_ok: true, answers: { completed: 3 } });
  });

  it.each([
    ['total_records', { total_records: 5 }],
    ['total_chunks', { total_chunks: 3 }],
    ['chunk_number', { chunk_number: 2 }],
    ['chain_checksum', { chain_checksum: 'a'.repeat(64) }],
  ])('is INCOMPLETE where %s disagrees, and says which chunk is expected', async (_member, members) => {
    const { callbackUrl, report } = await startReceiver();
    for (const chunkNumber of [0, 1]) await postChunk(callbackUrl, { chunkNumber });
    const answer = await postCompletion(callbackUrl, 2, members);
    const chunkNumber = 'chunk_number' in members ? 2 : 1;
    expect(answer).toMatchObject({ status: 200, json: refusal(chunkNumber, 'INCOMPLETE', { expected_chunk: 2 }) });
    expect(await report(INGESTION_ID)).toMatchObject({ completed: false, verdict_ok: false });
  });

  it('takes an ingestion that it does not know as one without chunks', async () => {
    const { callbackUrl } = await startReceiver();
    const missing = await postCompletion(callbackUrl, 2);
    expect(missing.json).toEqual(refusal(1, 'INCOMPLETE', { expected_chunk: 0 }));
    expect((await postCompletion(callbackUrl, 0)).json).toEqual(acknowledgement(0));
  });

  it('needs of a sender of the original protocol only what that sends', async () => {
    const { callbackUrl } = await startReceiver();
    await postChunk(callbackUrl, { chunkNumber: 0 });
    const original = { total_chunks: undefined, rejected_records: undefined, chain_checksum: undefined };
    expect((await postCompletion(callbackUrl, 1, original)).json).toEqual(acknowledgement(0));
    const wrong = await postCompletion(callbackUrl, 1, { ...original, total_records: 3 });
    expect(wrong.json).toEqual(refusal(0, 'INCOMPLETE', { expected_chunk: 1 }));
  });
});
