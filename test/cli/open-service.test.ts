/** Which token a command needs for the service that it finds. */
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

const TOKEN = 'a-token-of-some-length';

async function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const settings = { ACKSTREAM_PORT: '0', ACKSTREAM_DATA_DIR: 'data', ACKSTREAM_LOG_DIR: 'logs', ...env };
  const { context, written } = recordedContext({ cwd, env: settings });
  const code = await runCommandLine(args, context);
  return { code, out: written.out, error: written.error };
}

async function makeToken(folder: string, scope: string): Promise<string> {
  return (await run(folder, ['token', 'create', '--name', scope, '--scope', scope])).out.trim();
}

async function setFeed(folder: string): Promise<readonly string[]> {
  writeFileSync(join(folder, 'products.json'), '[{"id":1}]');
  const { callbackUrl } = await startReceiver();
  return ['ingest', 'products.json', '--callback', callbackUrl];
}

describe('a command', () => {
  it('asks a service on every address of the machine by one of loopback', async () => {
    const folder = tempFolder();
    const env = { ACKSTREAM_HOST: '0.0.0.0', ACKSTREAM_API_TOKEN: TOKEN, ACKSTREAM_ALLOWED_HOSTS: 'feeds.example' };
    await startService(folder, { env });
    expect(await run(folder, ['list'], env)).toMatchObject({ code: 0, error: 'There are none.\n' });
  });

  it('needs no more scopes than what it is for', async () => {
    const folder = tempFolder();
    const token = await makeToken(folder, 'ingest');
    const { url } = await startService(folder);
    const elsewhere = { ACKSTREAM_DATA_DIR: 'other', ACKSTREAM_PORT: new URL(url).port, ACKSTREAM_API_TOKEN: token };
    const ingest = await setFeed(folder);
    expect(await run(folder, [...ingest, '--no-wait'], elsewhere)).toMatchObject({ code: 0, error: '' });
    expect(await run(folder, ['list'], elsewhere)).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^FORBIDDEN: .*`read`/),
    });
  });

  it('that is its own service needs no token, whatever tokens there are', async () => {
    const folder = tempFolder();
    await makeToken(folder, 'read');
    const ingest = await setFeed(folder);
    expect(
      await run(folder, ingest, { ACKSTREAM_HOST: '0.0.0.0', ACKSTREAM_CALLBACK_ALLOW: '127.0.0.1' }),
    ).toMatchObject({
      code: 0,
      error: '',
    });
  });

  it('takes neither its token nor its request where an answer leads it', async () => {
    const seen: string[] = [];
    const server = createServer((incoming, outgoing) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      outgoing.writeHead(307, { Location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const result = await run(tempFolder(), ['list', '--url', `http://127.0.0.1:${port}`], {
      ACKSTREAM_API_TOKEN: TOKEN,
    });
    expect(result).toMatchObject({ code: 3, error: expect.stringContaining('SERVICE_UNREACHABLE') });
    expect(seen).toEqual(['GET /api/ingestions?limit=100']);
  });
});

describe('a service that others reach', () => {
  it('does not start without a token, and says what to do', async () => {
    expect(await run(tempFolder(), ['serve'], { ACKSTREAM_HOST: '0.0.0.0' })).toMatchObject({
      code: 2,
      error: expect.stringMatching(
        /^CONFIG_INVALID: .*\n {2}ACKSTREAM_API_TOKEN or a token of `ackstream token create` is/,
      ),
    });
  });

  it('does not start where the file of its tokens is open to others', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'tokens.json'), '{"version":1,"tokens":[]}');
    chmodSync(join(folder, 'tokens.json'), 0o644);
    const env = { ACKSTREAM_DATA_DIR: '.', ACKSTREAM_API_TOKEN: TOKEN };
    expect(await run(folder, ['serve'], env)).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^TOKENS_UNUSABLE: .*chmod 600/),
    });
  });
});
