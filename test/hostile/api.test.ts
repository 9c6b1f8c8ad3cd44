/** The API of a real process against clients that mean it ill: what they get, and what is left of them on the disk. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseCommandLine } from '../../mock-receiver/command-line.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { recordedContext } from '../cli/command-fixtures.ts';
import { writeFeed } from '../harness/feed.ts';
import { RawConnection } from '../harness/raw-connection.ts';
import { startReceiver } from '../harness/receiver.ts';
import { type ServiceProcess, startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const MAX_LOGGED_VALUE_BYTES = 2048;
const CANARY = `canary-${randomBytes(9).toString('hex')}`;
const WEBHOOK_SECRET = `whsec_${Buffer.from(`${CANARY}-of-24-bytes`).toString('base64')}`;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Runs `ackstream token …` on the data directory of a service that may run; gives back what it wrote. */
async function token(folder: string, ...args: readonly string[]): Promise<string> {
  const { context, written } = recordedContext({ env: { ACKSTREAM_DATA_DIR: 'data' }, cwd: folder });
  const code = await runCommandLine(['token', ...args], context);
  expect([code, code === 0 ? '' : written.error]).toEqual([0, '']);
  return written.out.trim();
}

const create = (folder: string, name: string, ...scopes: readonly string[]) =>
  token(folder, 'create', '--name', name, ...scopes.flatMap((scope) => ['--scope', scope]));

const bearing = (value: string) => ({ authorization: `Bearer ${value}` });

/** SIGTERM, so that all is written; fails unless it ends well. */
async function end(service: ServiceProcess): Promise<void> {
  service.process.kill('SIGTERM');
  expect(await service.ended).toEqual({ code: 0, signal: null });
}

describe('a service that was attacked', () => {
  it('has no secret in its answers and its logs, and a log of one JSON object per line', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    writeFeed(filePath, 3);
    const settingsToken = `settings-${CANARY}`;
    const service = await startServiceProcess(folder, { ACKSTREAM_API_TOKEN: settingsToken });
    const madeToken = await create(folder, 'reader', 'read');
    const url =
      /http:\S+/.exec(readFileSync(join(folder, 'data', 'lock.json'), 'utf8'))?.[0].replace(/[",}]+$/, '') ?? '';
    const { host } = new URL(url);
    const secrets = {
      callback_secret: WEBHOOK_SECRET,
      callback_headers: { authorization: `Bearer ${CANARY}`, 'x-key': `${CANARY}-key` },
    };
    const answers: string[] = [];
    const ask = async (method: 'GET' | 'POST', path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await service.api.callForText(method, path, body, { ...bearing(settingsToken), ...headers });
      answers.push(JSON.stringify(answer.headers), answer.body);
      return answer.status;
    };
    const good = { file_path: filePath, callback_url: 'http://127.0.0.1:1/x', ...secrets };

    expect(await ask('POST', '/api/ingest', good)).toBe(202);
    expect(await ask('POST', '/api/ingest', { ...good, callback_secret: CANARY })).toBe(422);
    expect(await ask('POST', '/api/ingest', { ...good, callback_headers: { 'not a name': CANARY } })).toBe(422);
    expect(await ask('POST', '/api/ingest', { ...good, unknown: CANARY })).toBe(422);
    expect(await ask('POST', '/api/ingest', `{"callback_secret":"${CANARY}",,}`)).toBe(400);
    expect(await ask('POST', '/api/ingest', `{"callback_secret":"${CANARY}","callback_secret":"${CANARY}"}`)).toBe(400);
    expect(await ask('POST', '/api/ingest', CANARY, { 'content-type': 'text/plain' })).toBe(415);
    expect(await ask('POST', '/api/ingest', CANARY.repeat(50_000))).toBe(413);
    expect(await ask('GET', `/api/ingestions?limit=${CANARY}`)).toBe(422);
    expect(await ask('GET', `/api/ingestions/x?token=${settingsToken}`)).toBe(404);
    expect(await ask('GET', '/api/ingestions', undefined, { authorization: `Bearer ${CANARY}` })).toBe(401);
    expect(await ask('GET', '/api/ingestions', undefined, { authorization: `Basic ${settingsToken}` })).toBe(401);
    expect(await ask('POST', '/api/ingest', good, bearing(madeToken))).toBe(403);
    expect(await ask('POST', '/api/ingest', good, { origin: 'http://evil.example' })).toBe(403);
    expect(await ask('GET', '/api/ingestions', undefined, { host: 'evil.example' })).toBe(421);
    expect(await ask('GET', '/api/ingestions')).toBe(200);
    expect(await ask('GET', '/api/circuits')).toBe(200);

    const authorization = `Authorization: Bearer ${settingsToken}\r\n`;
    for (const text of [
      `GET /%0d%0a%1b[31m{"level":"error"}%00%e2%80%a8 HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: close\r\n\r\n`,
      `GET /${'%1b'.repeat(2_000)} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: close\r\n\r\n`,
      `GET /x HTTP/1.1\r\nHost: evil\x1b[2J\r\n${authorization}Connection: close\r\n\r\n`,
      `GET /x HTTP/1.1\r\nHost: ${host}\r\n${authorization}Bad Header\x1b: ${CANARY}\r\n\r\n`,
      `GET /x HTTP/1.1\r\nHost: ${host}\r\n${authorization}A: ${CANARY.repeat(1_000)}\r\n\r\n`,
      `POST /x HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `GET http://evil.example/x HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: close\r\n\r\n`,
    ]) {
      answers.push(await (await RawConnection.open(url)).write(text).untilClosed());
    }
    expect(answers.slice(-7).map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])).toEqual([
      '404',
      '404',
      '400',
      '400',
      '431',
      '400',
      '421',
    ]);
    await end(service);

    const logFiles = filesBelow(join(folder, 'logs'));
    const logs = [...logFiles.map((path) => readFileSync(path, 'utf8')), service.standardError()].join('');
    for (const secret of [CANARY, settingsToken, madeToken, WEBHOOK_SECRET.slice(6, 30)]) {
      expect(answers.filter((answer) => answer.includes(secret))).toEqual([]);
      expect(logs).not.toContain(secret);
    }
    const lines = logs.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(40);
    for (const line of lines) {
      const entry: Record<string, unknown> = JSON.parse(line);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(entry.event).toMatch(/^[a-z_]+\.[a-z_]+$/);
      for (const value of Object.values(entry)) {
        expect(Buffer.byteLength(String(value))).toBeLessThanOrEqual(MAX_LOGGED_VALUE_BYTES + 3);
      }
    }
  });

  it('has files of its own that nobody else may read, whatever the umask', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    writeFeed(filePath, 3);
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const service = await startServiceProcess(folder);
    await token(folder, 'create', '--name', 'all', '--scope', 'admin');
    process.umask(umask);
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
    const folders = ['data', 'logs', 'logs/debug', 'logs/info', 'logs/error'].map((name) => join(folder, name));
    const files = folders.slice(0, 2).flatMap(filesBelow);
    expect(files.map((path) => path.slice(folder.length + 1))).toEqual(
      expect.arrayContaining(['data/lock.json', 'data/tokens.json', 'data/ackstream.db', 'logs/debug/debug.1.log']),
    );
    expect(folders.map((path) => [path, modeOf(path)])).toEqual(folders.map((path) => [path, '700']));
    expect(files.map((path) => [path, modeOf(path)])).toEqual(files.map((path) => [path, '600']));
    await end(service);
  });
});

describe('a running service', () => {
  it('takes on tokens that are made, and drops those that are revoked, with the next request', async () => {
    const folder = tempFolder();
    const { api } = await startServiceProcess(folder);
    const statusOf = async (value?: string) =>
      (await api.call('GET', '/api/ingestions', undefined, value === undefined ? {} : bearing(value))).status;
    expect(await statusOf()).toBe(200);
    const first = await create(folder, 'first', 'read');
    expect([await statusOf(), await statusOf(first)]).toEqual([401, 200]);
    const second = await create(folder, 'second', 'admin');
    await token(folder, 'revoke', 'first');
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    await token(folder, 'revoke', 'second');
    expect([await statusOf(), await statusOf(second)]).toEqual([401, 401]);
    expect((await api.call('GET', '/health')).status).toBe(200);
  });

  it('answers a hundred requests that come together, and starts one delivery', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, 30);
    const receiver = await startReceiver();
    const { api } = await startServiceProcess(folder, { ACKSTREAM_RATE_LIMIT: '600' });
    const request = { file_path: filePath, callback_url: receiver.callbackUrl, chunk_size_by_records: 10 };
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        api.ingest(request, index % 2 === 0 ? { 'idempotency-key': 'same' } : {}),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.ingestion_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.status === 'STARTED').length).toBeGreaterThanOrEqual(1);
    expect(
      new Set(answers.filter((_answer, index) => index % 2 === 0).map(({ body }) => JSON.stringify(body))).size,
    ).toBe(1);
    const [{ body } = { body: { ingestion_id: '' } }] = answers;
    await api.untilStatus(body.ingestion_id, 'COMPLETED');
    expect(await receiver.records(body.ingestion_id)).toEqual(expected);
    expect(receiver.attempts.filter(({ subject }) => subject === 'chunk')).toHaveLength(3);
  });

  it('says when to come back where its queue is full', async () => {
    const folder = tempFolder();
    const receiver = await startReceiver({ faults: [{ fault: 'status', status: 503 }] });
    const { api } = await startServiceProcess(folder, { ACKSTREAM_MAX_QUEUED: '1', ACKSTREAM_MAX_RUNNING: '1' });
    const submit = (name: string) => {
      writeFeed(join(folder, name), 3);
      return api.ingest({ file_path: join(folder, name), callback_url: receiver.callbackUrl });
    };
    const answers = [await submit('a.json'), await submit('b.json'), await submit('c.json')];
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, headers } of refused) expect([body.code, headers['retry-after']]).toEqual(['QUEUE_FULL', '30']);
  });
});

describe('the reference receiver', () => {
  it('listens on loopback unless it is told otherwise', () => {
    expect(parseCommandLine([])?.host).toBe('127.0.0.1');
    expect(parseCommandLine(['--host', '0.0.0.0'])?.host).toBe('0.0.0.0');
  });
});
