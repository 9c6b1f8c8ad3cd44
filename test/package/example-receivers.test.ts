import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Base64, sha256Hex } from '../../src/protocol/checksum.ts';
import { chunkIdOf } from '../../src/protocol/identity.ts';
import { signWebhook } from '../../src/protocol/signature.ts';
import { writeFeed } from '../harness/feed.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { readProjectFile } from '../repo/project-files.ts';
import { EXAMPLE_LANGUAGES, ExampleReceiver, linkRelease } from './example-receiver.ts';
import { startLossyProxy } from './lossy-proxy.ts';
import { packRelease, unpackTarball } from './packed-release.ts';

const missing = EXAMPLE_LANGUAGES.filter(({ isThere }) => !isThere).map(({ name }) => name);
if (missing.length > 0) console.log(`example receivers: no interpreter here for ${missing.join(', ')}: not tried`);

/** The release that the TypeScript receiver imports. */
let release: string;
beforeAll(async () => {
  release = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-release-'));
  await unpackTarball(await packRelease(release), release);
}, 60_000);
afterAll(() => rmSync(release, { recursive: true, force: true }));

const RECORDS = 115;
const RECORDS_PER_CHUNK = 10;
/** More than PHP takes of a body by itself, and most frameworks. */
const LARGE_RECORD_BYTES = 12_000_000;
const INGESTION_ID = 'ab'.repeat(32);

/** A body as the protocol has it, its checksum right unless it is given. */
function chunkBody(chunkNumber: number, records: string, checksum = sha256Hex(records)): string {
  const chunkId = chunkIdOf(INGESTION_ID, chunkNumber);
  return `{"ingestion_id":"${INGESTION_ID}","chunk_number":${chunkNumber},"chunk_id":"${chunkId}","checksum":"${checksum}","records":${records},"is_last":false,"record_offset":0,"record_count":1}`;
}

function completionBody(totalRecords: number): string {
  return JSON.stringify({
    ingestion_id: INGESTION_ID,
    status: 'COMPLETED',
    chunk_number: 0,
    total_records: totalRecords,
  });
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}) {
  const digest = { 'Content-Digest': `sha-256=:${sha256Base64(body)}:`, 'Ackstream-Epoch': '5' };
  const response = await fetch(url, { method: 'POST', body, headers: { ...digest, ...headers } });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}

describe.each(EXAMPLE_LANGUAGES.filter(({ isThere }) => isThere))('the example receiver in $name', (language) => {
  const startReceiver = (env: Readonly<Record<string, string>> = {}) => {
    const folder = tempFolder();
    linkRelease(folder, release);
    return ExampleReceiver.start(language, folder, env);
  };

  it('has every record once and in order, over kill -9 and lost acknowledgements', async () => {
    const receiver = await startReceiver();
    const sent: string[] = [];
    const url = await startLossyProxy(receiver.url, async ({ subject, attempt, forward }) => {
      sent.push(`${subject}`);
      if (attempt > 1 || typeof subject === 'string' || ![3, 5, 8].includes(subject)) {
        const answered = await forward();
        return subject === 'completed' && attempt === 1 ? null : answered;
      }
      const forwarded = forward().catch(() => null);
      // 3: only the answer is lost. 5: the receiver dies at whatever it is doing. 8: it dies when all is stored.
      if (subject !== 5) await forwarded;
      if (subject === 3) return null;
      await receiver.kill();
      await forwarded;
      await receiver.restart();
      return null;
    });

    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, RECORDS);
    const { api } = await startService(folder);
    const { body } = await api.ingest({
      file_path: filePath,
      callback_url: url,
      chunk_size_by_records: RECORDS_PER_CHUNK,
    });
    const ended = await api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED', 'PAUSED');

    expect(ended.last_error).toBeNull();
    const twice = ['3', '5', '8', 'completed'].filter((subject) => sent.filter((one) => one === subject).length === 2);
    expect(twice).toEqual(['3', '5', '8', 'completed']);
    expect(receiver.stored(body.ingestion_id)).toEqual({
      records: expected,
      chunks: Math.ceil(RECORDS / RECORDS_PER_CHUNK),
      epoch: ended.epoch,
      isCompleted: true,
    });
  });

  it('refuses what it must, changing nothing, and knows what it has', async () => {
    const receiver = await startReceiver();
    const { url } = receiver;
    const first = chunkBody(0, '[1]');
    const refused = { ack: false, ingestion_id: INGESTION_ID };

    expect(await post(url, first.slice(0, 300))).toMatchObject({ status: 400, ack: false, error: 'MALFORMED' });
    expect(await post(url, '{}')).toMatchObject({ status: 400, ack: false, error: 'MALFORMED' });
    const named = first.replace(`"${INGESTION_ID}"`, '["a"]');
    expect(await post(url, named)).toMatchObject({ status: 400, ack: false, error: 'MALFORMED' });
    const digest = { 'Content-Digest': `sha-256=:${sha256Base64('')}:` };
    expect(await post(url, first, digest)).toMatchObject({ status: 400, ack: false, error: 'DIGEST_MISMATCH' });
    const empty = chunkBody(0, '[]').replace('"record_count":1', '"record_count":0');
    expect(await post(url, empty)).toMatchObject({ ...refused, status: 200, error: 'EMPTY_CHUNK' });
    expect(await post(url, chunkBody(0, '[1]', 'f'.repeat(64)))).toMatchObject({
      ...refused,
      error: 'CHECKSUM_MISMATCH',
    });
    const ahead = { status: 200, error: 'OUT_OF_ORDER_CHUNK', expected_chunk: 0 };
    expect(await post(url, chunkBody(1, '[1]'))).toMatchObject({ ...refused, ...ahead });
    const incomplete = { status: 200, error: 'INCOMPLETE', expected_chunk: 0 };
    expect(await post(url, completionBody(1))).toMatchObject({ ...refused, ...incomplete });
    expect(receiver.stored(INGESTION_ID)).toEqual({ records: [], chunks: 0, epoch: 5, isCompleted: false });
  });

  it('knows a chunk again, and an older run', async () => {
    const receiver = await startReceiver();
    const records = [
      '{"id":9007199254740993,"t":"],\\"is_last\\":[\\\\"}',
      '[110000,[]]',
      '"a"',
      '0.1234567890123456789',
      '{}',
    ];
    const acknowledged = { status: 200, ack: true, error: null, ingestion_id: INGESTION_ID, chunk_number: 0 };
    const first = chunkBody(0, `[${records.join(',')}]`).replace(
      '"record_count":1',
      `"record_count":${records.length}`,
    );
    expect(await post(receiver.url, first)).toEqual(acknowledged);
    expect(await post(receiver.url, first)).toEqual(acknowledged);
    const reused = { status: 422, ack: false, error: 'CHUNK_ID_REUSED' };
    expect(await post(receiver.url, chunkBody(0, '[1]'))).toMatchObject(reused);
    const stale = { status: 409, ack: false, error: 'STALE_EPOCH', epoch: 5 };
    expect(await post(receiver.url, first, { 'Ackstream-Epoch': '4' })).toMatchObject(stale);
    expect(await post(receiver.url, completionBody(records.length))).toEqual(acknowledged);
    expect(await post(receiver.url, completionBody(records.length))).toEqual(acknowledged);
    expect(receiver.stored(INGESTION_ID)).toEqual({ records, chunks: 1, epoch: 5, isCompleted: true });
  });

  it('takes a large body from a client that asks before it sends it', async () => {
    const receiver = await startReceiver();
    const record = JSON.stringify('x'.repeat(LARGE_RECORD_BYTES));
    const body = chunkBody(0, `[${record}]`);
    const digest = `sha-256=:${sha256Base64(body)}:`;
    const asking = request(receiver.url, {
      method: 'POST',
      headers: { Expect: '100-continue', 'Content-Length': Buffer.byteLength(body), 'Content-Digest': digest },
    });
    asking.flushHeaders();
    // A receiver may say "continue", or wait for the body: a client sends it then all the same.
    await Promise.race([once(asking, 'continue'), once(asking, 'socket')]);
    asking.end(body);
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    expect(await json(response)).toMatchObject({ ack: true });
    expect(receiver.stored(INGESTION_ID).records).toEqual([record]);
  });

  it('takes only what is signed, where it has a secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const receiver = await startReceiver({ WEBHOOK_SECRET: secret });
    const body = chunkBody(0, '[1]');
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const signed = (seconds: number) => ({
      'webhook-id': chunkIdOf(INGESTION_ID, 0),
      'webhook-timestamp': String(seconds),
      'webhook-signature': signWebhook({ secret, id: chunkIdOf(INGESTION_ID, 0), timestampSeconds: seconds, body }),
    });
    expect(await post(receiver.url, body)).toMatchObject({ status: 401, ack: false });
    expect(await post(receiver.url, body, signed(timestampSeconds - 900))).toMatchObject({ status: 401, ack: false });
    const ofAnother = { ...signed(timestampSeconds), 'webhook-id': chunkIdOf(INGESTION_ID, 1) };
    expect(await post(receiver.url, body, ofAnother)).toMatchObject({ status: 401, ack: false });
    expect(receiver.stored(INGESTION_ID).epoch).toBe(0);
    expect(await post(receiver.url, body, signed(timestampSeconds))).toMatchObject({ status: 200, ack: true });
  });
});

describe('docs/write-a-receiver.md', () => {
  it.each(EXAMPLE_LANGUAGES)('shows the receiver in $name as it is tested', ({ file }) => {
    const code = readProjectFile(`examples/receivers/${file}`);
    expect(code.length).toBeGreaterThan(1000);
    expect(readProjectFile('docs/write-a-receiver.md')).toContain(`\n${code}\`\`\`\n`);
  });
});
