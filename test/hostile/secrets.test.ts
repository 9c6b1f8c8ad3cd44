/** Secrets of requests: nowhere on the disk but sealed, in no answer and in no log, whatever the receiver does with them. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { serve } from '../../src/serve.ts';
import { backUpState } from '../../src/state/state-backup.ts';
import { ApiClient } from '../harness/api-client.ts';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { setScene } from '../harness/scene.ts';
import { startService, testConfig } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { startWireTap } from '../harness/wire-tap.ts';

const CANARY = `canary-${randomBytes(9).toString('hex')}`;
const SECRET = `whsec_${Buffer.from(`${CANARY}-of-24-bytes`).toString('base64')}`;
const HEADERS = { authorization: `Bearer ${CANARY}`, 'x-api-key': `${CANARY}-key` };
/** What must not be found: the texts, and what they are made of. */
const TRACES = [CANARY, SECRET.slice('whsec_'.length, 30)];

const withSecrets = { callback_secret: SECRET, callback_headers: HEADERS };

/** Which files below a folder hold a trace. */
function tracesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => TRACES.some((trace) => readFileSync(path).includes(trace)));
}

describe('secrets of requests', () => {
  it('are sealed in the state, its log and its backups, and sign and authorize all the same', async () => {
    const scene = await setScene({ recordCount: 30, receiver: { secret: SECRET } });
    const { status, ingestion_id: ingestionId } = await scene.deliver(withSecrets);
    expect(status).toBe('COMPLETED');
    await scene.expectDelivered(ingestionId);

    const data = join(scene.folder, 'data');
    expect(readdirSync(data)).toContain('ackstream.db-wal');
    backUpState(join(data, 'ackstream.db'), join(scene.folder, 'backup.db'), { isForced: false });
    expect(tracesIn(scene.folder)).toEqual([]);
    await scene.service.stop();
    expect(tracesIn(data)).toEqual([]);
  });

  it('are taken up again after a restart, and compared with those of a later request', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, 20);
    const receiver = await startReceiver({ secret: SECRET });
    const tap = await startWireTap(receiver.callbackUrl);
    const request = { file_path: filePath, callback_url: tap.url, chunk_size_by_records: 10, ...withSecrets };
    receiver.setFaults({ fault: 'nack', error: 'not now' });
    const first = await startService(folder);
    const { body } = await first.api.ingest({ ...request, retry: { max_delay: '10ms' } });
    await first.api.untilStatus(body.ingestion_id, 'FAILED');
    await first.stop();

    receiver.setFaults();
    const second = await startService(folder);
    const again = await second.api.ingest({ ...request, retry: { max_delay: '10ms' } });
    expect(again.body).toMatchObject({ status: 'RESUMED' });
    expect(again.body).not.toHaveProperty('changed');
    await second.api.untilStatus(body.ingestion_id, 'COMPLETED');
    expect(await receiver.records(body.ingestion_id)).toEqual(expected);
    expect(tap.messages.map(({ headers }) => headers['x-api-key'])).toEqual(tap.messages.map(() => `${CANARY}-key`));
    const other = await second.api.ingest({
      ...request,
      re_ingestion: true,
      callback_headers: { 'x-api-key': 'other' },
    });
    expect(other.status).toBe(202);
  });

  it('are in no answer and no log, also where the receiver sends them back and everything fails', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    writeFeed(filePath, 20);
    const tap = await startWireTap(null, ({ headers }, index) => ({
      status: [500, 200, 302, 400][index % 4] ?? 400,
      body: index % 2 === 0 ? JSON.stringify(headers) : JSON.stringify({ ack: false, error: headers }),
    }));
    const callbackUrl = `${tap.url}?token=${CANARY}-query`;
    const logger = await createLogger({ logDir: join(folder, 'logs'), terminal: 'off', level: 'debug' });
    const running = await serve(testConfig(folder), { logger, random: () => 0 });
    const api = new ApiClient(running.url);
    const answers: string[] = [];
    const call = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
      const answer = await api.callForText(method, path, body, { 'Idempotency-Key': 'one-key' });
      answers.push(JSON.stringify(answer.headers) + answer.body);
      return answer;
    };
    const request = { file_path: filePath, callback_url: callbackUrl, retry: { max_delay: '1ms' }, ...withSecrets };
    const { body } = await api.ingest(request);
    await api.untilStatus(body.ingestion_id, 'FAILED');
    expect(tap.messages.length).toBeGreaterThan(3);
    await call('GET', `/api/ingestions/${body.ingestion_id}/chunks`);
    await call('POST', '/api/ingest', { ...request, callback_secret: `${SECRET}!` });
    await call('POST', '/api/ingest', { ...request, callback_headers: { ...HEADERS, 'x-bad': `${CANARY}\n` } });
    await call('POST', '/api/ingest', { ...request, callback_headers: { host: CANARY } });
    await call('POST', '/api/ingest', { ...request, status_url: `ftp://u:${CANARY}@h/` });
    await call('POST', '/api/ingest', { ...request, callback_url: `http://u:${CANARY}@127.0.0.1/` });
    await call('POST', '/api/ingest', JSON.stringify(request).slice(0, -2));
    await call('POST', `/api/ingest?token=${CANARY}`, { ...request, callback_secret: 5 });
    await call('GET', `/api/nothing?token=${CANARY}`);
    const shown = await api.get(body.ingestion_id);
    await running.stop();
    await logger.close();

    // The one thing that is shown of them, as docs/api.md says: the callback's URL whole, and the names of the headers.
    expect(shown.callback_url).toBe(callbackUrl);
    expect(shown.callback_header_names).toEqual(Object.keys(HEADERS));
    answers.push(JSON.stringify({ ...shown, callback_url: '' }));
    expect(answers.filter((answer) => TRACES.some((trace) => answer.includes(trace)))).toEqual([]);
    expect(tracesIn(join(folder, 'logs'))).toEqual([]);
    expect(JSON.stringify(shown.last_error)).toContain('[hidden]');
  });
});

describe('the key that seals them', () => {
  /** A state with an ingestion that has secrets, and what a start on it says. */
  async function sealedState() {
    const scene = await setScene({ recordCount: 5 });
    await scene.deliver(withSecrets);
    await scene.service.stop();
    const keyFile = join(scene.folder, 'data', 'state.key');
    return { ...scene, keyFile, start: (env = {}) => startService(scene.folder, { env }) };
  }

  it('is made at the first start, for its owner alone, in a folder of theirs', async () => {
    const umask = process.umask(0);
    try {
      const { folder, keyFile } = await sealedState();
      const modes = [`${folder}/data`, keyFile, `${folder}/data/ackstream.db`].map(
        (path) => statSync(path).mode & 0o777,
      );
      expect(modes).toEqual([0o700, 0o600, 0o600]);
      expect(Buffer.from(readFileSync(keyFile, 'utf8'), 'base64')).toHaveLength(32);
    } finally {
      process.umask(umask);
    }
  });

  it('is missed where it is gone, and never made anew over sealed secrets', async () => {
    const { keyFile, start } = await sealedState();
    const key = readFileSync(keyFile);
    rmSync(keyFile);
    await expect(start()).rejects.toMatchObject({
      code: 'STATE_KEY_MISMATCH',
      detail: expect.stringMatching(`${keyFile}, and secrets are sealed with the key [0-9a-f]{16}\\.$`),
    });
    expect(() => statSync(keyFile)).toThrow('ENOENT');
    writeFileSync(keyFile, key, { mode: 0o600 });
    await start();
  });

  it('is refused where it is another one', async () => {
    const { keyFile, start } = await sealedState();
    writeFileSync(keyFile, randomBytes(32).toString('hex'));
    await expect(start()).rejects.toMatchObject({ code: 'STATE_KEY_MISMATCH' });
  });

  it.each([
    ['can be read by others', (path: string) => chmodSync(path, 0o640), 'chmod 600'],
    ['is empty', (path: string) => writeFileSync(path, '\n'), 'holds no key'],
    ['is too short', (path: string) => writeFileSync(path, randomBytes(31).toString('base64')), 'of 32 bytes'],
  ])('is refused where it %s, and its text is not told', async (_what, spoil, problem) => {
    const { keyFile, start } = await sealedState();
    spoil(keyFile);
    await expect(start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      fields: [{ field: 'ACKSTREAM_STATE_KEY_FILE', message: expect.stringContaining(problem) }],
    });
  });

  it('may lie elsewhere, and must be there then', async () => {
    const { folder, keyFile, start } = await sealedState();
    const elsewhere = join(folder, 'elsewhere.key');
    renameSync(keyFile, elsewhere);
    await (await start({ ACKSTREAM_STATE_KEY_FILE: elsewhere })).stop();
    rmSync(join(folder, 'data'), { recursive: true });
    await expect(start({ ACKSTREAM_STATE_KEY_FILE: `${elsewhere}2` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('is changed by a new first line: the next start seals anew, and the old one is not needed any more', async () => {
    const { keyFile, start, receiver, filePath } = await sealedState();
    const old = readFileSync(keyFile, 'utf8');
    const fresh = randomBytes(32).toString('base64');
    writeFileSync(keyFile, `# since today\n${fresh}\n# before\n${old}`);
    await (await start()).stop();
    writeFileSync(keyFile, fresh);
    const service = await start();
    const tap = await startWireTap(receiver.callbackUrl);
    const { body } = await service.api.ingest({
      file_path: filePath,
      callback_url: tap.url,
      re_ingestion: true,
      ...withSecrets,
    });
    await service.api.untilStatus(body.ingestion_id, 'COMPLETED');
  });
});
