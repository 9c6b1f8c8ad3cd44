import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createToken } from '../../src/access/api-token.ts';
import { SCOPES, type Scope } from '../../src/access/scope.ts';
import { changeTokenFile, TOKEN_FILE } from '../../src/access/token-file.ts';
import type { DocsDocument } from '../../src/api/docs-page.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import {
  type ApiUnderTest,
  apiUnderTest,
  ask,
  bodyOf,
  gateUnderTest,
  NOW,
  type ProblemBody,
} from './api-under-test.ts';

const TOKEN = 'a-token-of-some-length';
const reads = { getIngestion: () => Promise.resolve(null) };
const health = { isReady: () => Promise.resolve({ ready: true, checks: { state: true } }) };

function guarded(options: Parameters<typeof gateUnderTest>[0] = {}): ApiUnderTest {
  return apiUnderTest({ gate: gateUnderTest(options), reads, health });
}

const bearing = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

/** Adds a token to the file of a folder; gives it back. */
function addToken(folder: string, scopes: readonly Scope[], expiresAt: number | null = null): string {
  const { token, record } = createToken({ name: scopes.join('-'), scopes, createdAt: NOW, expiresAt });
  changeTokenFile(join(folder, TOKEN_FILE), (tokens) => [...tokens, record]);
  return token;
}

async function outcomeOf(answer: Promise<Response>): Promise<[number, unknown]> {
  const response = await answer;
  return [response.status, (await bodyOf<ProblemBody>(response)).code];
}

describe('a token', () => {
  const api = guarded({ apiToken: TOKEN });

  it.each(['/api/ingestions/x', '/metrics', '/docs/', '/docs/x', '//docs', '/nothing', '/health/other', '//health'])(
    'is asked for at %s',
    async (path) => {
      const response = await ask(api, path);
      expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer']);
      expect((await bodyOf(response)).code).toBe('UNAUTHORIZED');
    },
  );

  it('is asked for before a body is read', async () => {
    const body = new ReadableStream({ pull: () => Promise.reject(new Error('was read')) });
    const answer = ask(api, '/api/ingest', { method: 'POST', body, duplex: 'half' } as RequestInit as object);
    expect(await outcomeOf(answer)).toEqual([401, 'UNAUTHORIZED']);
  });

  it.each(['/health', '/health/live', '/health/ready'])('is not asked for at %s', async (path) => {
    expect((await ask(api, path)).status).toBe(200);
  });

  it.each(['/docs', '/openapi.json'])(
    'is not asked for at %s, by its own name and for so many requests',
    async (path) => {
      const limited = guarded({ apiToken: TOKEN, rateLimit: 1 });
      expect((await ask(limited, path)).status).toBe(200);
      expect(await outcomeOf(ask(limited, path))).toEqual([429, 'RATE_LIMITED']);
      const elsewhere = ask(api, path, { headers: { Host: 'evil.example' } });
      expect(await outcomeOf(elsewhere)).toEqual([421, 'HOST_NOT_ALLOWED']);
      expect(await outcomeOf(ask(api, path, { method: 'POST' }))).toEqual([405, 'METHOD_NOT_ALLOWED']);
    },
  );

  it('is not in what is open to all, and nor is anything of this service', async () => {
    const documents = await Promise.all(
      ['/docs', '/openapi.json'].map(async (path) => (await ask(guarded({ apiToken: TOKEN }), path)).text()),
    );
    const elsewhere = guarded({ apiToken: 'another-token-of-some-length', allowedHosts: ['feeds.example'] });
    expect(documents).toEqual(
      await Promise.all(['/docs', '/openapi.json'].map(async (path) => (await ask(elsewhere, path)).text())),
    );
    expect(documents.join()).not.toContain(TOKEN);
  });

  it('lets its bearer pass', async () => {
    expect((await ask(api, '/api/ingestions/x', bearing(TOKEN))).status).toBe(404);
    expect((await ask(api, '/api/ingestions/x', { headers: { Authorization: `bearer  ${TOKEN}` } })).status).toBe(404);
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer x ${TOKEN}`,
  ])('is not %j', async (authorization) => {
    const answer = ask(guarded({ apiToken: TOKEN }), '/api/ingestions/x', {
      headers: { Authorization: authorization },
    });
    expect(await outcomeOf(answer)).toEqual([401, 'UNAUTHORIZED']);
  });

  it('is not taken from the URL', async () => {
    for (const query of [`access_token=${TOKEN}`, `token=${TOKEN}`, `api_key=${TOKEN}`]) {
      expect((await ask(api, `/api/ingestions/x?${query}`)).status).toBe(401);
    }
  });

  it('is asked for by no service on loopback that has none', async () => {
    expect((await ask(guarded(), '/api/ingestions/x')).status).toBe(404);
  });

  it('must exist where others reach the service', () => {
    expect(() => guarded({ host: '0.0.0.0', listensOnLoopbackOnly: false })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        fields: [expect.objectContaining({ field: 'ACKSTREAM_API_TOKEN' })],
      }),
    );
  });

  it('may be one of the file there', async () => {
    const dataDir = tempFolder();
    const token = addToken(dataDir, ['read']);
    const exposed = guarded({ dataDir, host: '0.0.0.0', listensOnLoopbackOnly: false });
    expect((await ask(exposed, '/api/ingestions/x')).status).toBe(401);
    expect((await ask(exposed, '/api/ingestions/x', bearing(token))).status).toBe(404);
  });

  it('that has expired is told so, to whoever has it', async () => {
    const dataDir = tempFolder();
    const expired = addToken(dataDir, ['read'], NOW);
    const response = await ask(guarded({ dataDir }), '/api/ingestions/x', bearing(expired));
    expect(response.status).toBe(401);
    expect((await bodyOf<ProblemBody>(response)).detail).toBe('The token has expired at 2026-03-01T12:00:00.000Z.');
    const good = addToken(dataDir, ['admin'], NOW + 1);
    expect((await ask(guarded({ dataDir }), '/api/ingestions/x', bearing(good))).status).toBe(404);
  });

  it('whose file cannot be used lets nobody in, and tells only the log why', async () => {
    const dataDir = tempFolder();
    const token = addToken(dataDir, ['admin']);
    const api2 = guarded({ dataDir, apiToken: TOKEN });
    chmodSync(join(dataDir, TOKEN_FILE), 0o644);
    for (const given of [token, TOKEN]) {
      const response = await ask(api2, '/api/ingestions/x', bearing(given));
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(text).toContain('TOKENS_UNUSABLE');
      expect(text).not.toContain(dataDir);
    }
    expect(api2.logged.at(-1)).toMatchObject({
      level: 'error',
      fields: { reason: expect.stringContaining('chmod 600') },
    });
    expect((await ask(api2, '/health')).status).toBe(200);
    chmodSync(join(dataDir, TOKEN_FILE), 0o600);
    expect((await ask(api2, '/api/ingestions/x', bearing(token))).status).toBe(404);
  });
});

describe('a scope', () => {
  it('is what each operation names, and nothing less or else lets pass', async () => {
    const dataDir = tempFolder();
    const tokens = Object.fromEntries(SCOPES.map((scope) => [scope, addToken(dataDir, [scope])]));
    const api = guarded({ dataDir });
    const document = await bodyOf<DocsDocument>(await ask(api, '/openapi.json'));
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
    );
    const needed: string[] = [];
    for (const { path, method, security } of operations) {
      const scope = security?.[0]?.token?.[0];
      const isOpen = path.startsWith('/health') || ['/docs', '/openapi.json'].includes(path);
      expect(security).toEqual(isOpen ? undefined : [{ token: [scope] }]);
      if (scope === undefined) continue;
      needed.push(`${method} ${path} ${scope}`);
      for (const given of SCOPES) {
        const init = { method: method.toUpperCase(), ...bearing(tokens[given] ?? '') };
        const response = await ask(api, path.replace(/\{\w+\}/, 'x'), init);
        const isAllowed = given === 'admin' || given === scope;
        expect([path, given, response.status !== 403]).toEqual([path, given, isAllowed]);
        const challenge = isAllowed ? null : `Bearer error="insufficient_scope", scope="${scope}"`;
        expect(response.headers.get('WWW-Authenticate')).toBe(challenge);
        if (!isAllowed) expect(await bodyOf(response)).toMatchObject({ code: 'FORBIDDEN', scope_needed: scope });
      }
    }
    expect(needed).toEqual(
      expect.arrayContaining([
        'post /api/ingest ingest',
        'post /api/preview ingest',
        'post /api/ingestions/{id}/cancel ingest',
        'get /api/ingestions read',
        'get /api/settings admin',
        'delete /api/ingestions/{id} admin',
        'delete /api/ingestions/{id}/verification ingest',
      ]),
    );
    // HEAD is GET; what has no route is not there for any token.
    expect((await ask(api, '/api/ingestions/x', { method: 'HEAD', ...bearing(tokens.ingest ?? '') })).status).toBe(403);
    expect((await ask(api, '/nothing', bearing(tokens.ingest ?? ''))).status).toBe(404);
    expect((await ask(api, '/api/ingest', bearing(tokens.read ?? ''))).status).toBe(405);
  });
});

describe('a host on loopback', () => {
  const NAMES = ['127.0.0.1:8000', 'localhost:8000', 'LOCALHOST:8000', '[::1]:8000', '127.9.9.9:8000', '0x7f.1:8000'];

  it.each(NAMES)('is %s', async (host) => {
    expect((await ask(guarded(), '/api/ingestions/x', { headers: { Host: host } })).status).toBe(404);
  });

  it.each([
    'evil.example',
    'evil.example:8000',
    '127.0.0.1.evil.example:8000',
    'localhost.evil.example:8000',
    'a@127.0.0.1:8000',
    '127.0.0.1:8000, evil.example',
    '127.0.0.1',
    '127.0.0.1:8001',
    '0.0.0.0:8000',
    '10.0.0.1:8000',
    '[::ffff:10.0.0.1]:8000',
    'localhost/:8000',
    '',
  ])('is not %j, with a token or without', async (host) => {
    for (const options of [{}, { apiToken: TOKEN }]) {
      const answer = ask(guarded(options), '/api/ingestions/x', {
        headers: { Host: host, Authorization: `Bearer ${TOKEN}` },
      });
      expect(await outcomeOf(answer)).toEqual([421, 'HOST_NOT_ALLOWED']);
    }
  });

  it('may be asked for its health by any name', async () => {
    expect((await ask(guarded(), '/health', { headers: { Host: '10.1.2.3:8000' } })).status).toBe(200);
  });

  it('may have further names', async () => {
    const api = guarded({ allowedHosts: ['feeds.example', 'other.example:9000'] });
    const statusOf = async (host: string) => (await ask(api, '/api/ingestions/x', { headers: { Host: host } })).status;
    expect(await statusOf('feeds.example')).toBe(404);
    expect(await statusOf('Feeds.Example:1')).toBe(404);
    expect(await statusOf('other.example:9000')).toBe(404);
    expect(await statusOf('other.example')).toBe(421);
    expect(await statusOf('sub.feeds.example')).toBe(421);
  });
});

describe('a host elsewhere', () => {
  const exposed = { host: '0.0.0.0', listensOnLoopbackOnly: false, apiToken: TOKEN };
  const statusOf = async (api: ApiUnderTest, host: string) =>
    (
      await ask(api, '/api/ingestions/x', {
        headers: { Host: host, Authorization: `Bearer ${TOKEN}` },
        connection: { localAddress: '::ffff:192.168.1.2', localPort: 8000 },
      })
    ).status;

  it('is any where nobody says which', async () => {
    expect(await statusOf(guarded(exposed), 'whatever.example')).toBe(404);
  });

  it('is one of those that somebody said, or the very address', async () => {
    const api = guarded({ ...exposed, allowedHosts: ['feeds.example'] });
    expect(await statusOf(api, 'feeds.example')).toBe(404);
    expect(await statusOf(api, '192.168.1.2:8000')).toBe(404);
    expect(await statusOf(api, 'localhost:8000')).toBe(404);
    expect(await statusOf(api, '192.168.1.3:8000')).toBe(421);
    expect(await statusOf(api, 'whatever.example')).toBe(421);
  });
});

describe('an origin', () => {
  const moved = (api: ApiUnderTest, headers: Readonly<Record<string, string>>) =>
    outcomeOf(ask(api, '/api/ingestions/x/unknown', { method: 'POST', headers }));

  it.each(['http://127.0.0.1:8000', 'http://localhost:8000', 'http://[::1]:8000'])('is ours: %s', async (origin) => {
    expect(await moved(guarded(), { Origin: origin })).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it.each([
    'null',
    'http://evil.example',
    'http://localhost:3000',
    'https://127.0.0.1',
    'http://127.0.0.1:8000.evil.example',
    'http://127.0.0.1:8000/',
    'http://127.0.0.1:8000, http://evil.example',
    'file://',
    'chrome-extension://abc',
    '',
  ])('is another: %j', async (origin) => {
    expect(await moved(guarded(), { Origin: origin })).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  });

  it('is refused whatever the token', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}`, Origin: 'http://evil.example' };
    expect(await moved(guarded({ apiToken: TOKEN }), headers)).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  });

  it('is told by Sec-Fetch-Site too', async () => {
    for (const site of ['cross-site', 'same-site', 'Cross-Site', 'x']) {
      expect(await moved(guarded(), { 'Sec-Fetch-Site': site })).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
    }
    for (const site of ['same-origin', 'none']) {
      expect(await moved(guarded(), { 'Sec-Fetch-Site': site })).toEqual([404, 'ROUTE_NOT_FOUND']);
    }
  });

  it('is that of a name in front of it, with TLS or without', async () => {
    const api = guarded({ allowedHosts: ['feeds.example'] });
    expect(await moved(api, { Origin: 'https://feeds.example' })).toEqual([404, 'ROUTE_NOT_FOUND']);
    const exposed = guarded({ host: '0.0.0.0', listensOnLoopbackOnly: false, apiToken: TOKEN });
    const headers = { Authorization: `Bearer ${TOKEN}`, Host: 'any.example' };
    expect(await moved(exposed, { ...headers, Origin: 'https://any.example' })).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(await moved(exposed, { ...headers, Origin: 'https://other.example' })).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  });

  it('may look, and gets no leave to show what it sees', async () => {
    const response = await ask(guarded(), '/api/ingestions/x', { headers: { Origin: 'http://evil.example' } });
    expect(response.status).toBe(404);
    const preflight = await ask(guarded(), '/api/ingest', {
      method: 'OPTIONS',
      headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(405);
    for (const { headers } of [response, preflight]) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('a rate', () => {
  const PATH = '/api/ingestions/x';

  function holdClock(): void {
    vi.useFakeTimers({ now: NOW, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
  }

  it('is limited by address where there is no token, health aside', async () => {
    holdClock();
    const api = guarded({ rateLimit: 3 });
    const limits: (string | null)[] = [];
    for (let count = 0; count < 3; count += 1) {
      const response = await ask(api, PATH);
      expect(response.status).toBe(404);
      limits.push(response.headers.get('RateLimit'));
    }
    expect(limits).toEqual([`"minute";r=2;t=60`, `"minute";r=1;t=60`, `"minute";r=0;t=60`]);
    vi.advanceTimersByTime(15_000);
    const refusal = await ask(api, PATH);
    expect([refusal.status, refusal.headers.get('Retry-After')]).toEqual([429, '45']);
    expect(await bodyOf(refusal)).toMatchObject({ code: 'RATE_LIMITED', retry_after_seconds: 45 });
    expect((await ask(api, PATH, { connection: { remoteAddress: '127.0.0.2' } })).status).toBe(404);
    expect((await ask(api, '/health')).status).toBe(200);
    vi.advanceTimersByTime(45_000);
    expect((await ask(api, PATH)).status).toBe(404);
  });

  it('is limited by token, whatever the address', async () => {
    holdClock();
    const dataDir = tempFolder();
    const [first, second] = [addToken(dataDir, ['read']), addToken(dataDir, ['admin'])];
    const api = guarded({ dataDir, rateLimit: 2 });
    const statusOf = async (token: string, remoteAddress: string) =>
      (await ask(api, PATH, { ...bearing(token), connection: { remoteAddress } })).status;
    expect(await statusOf(first, '10.0.0.1')).toBe(404);
    expect(await statusOf(first, '10.0.0.2')).toBe(404);
    expect(await statusOf(first, '10.0.0.3')).toBe(429);
    expect(await statusOf(second, '10.0.0.3')).toBe(404);
  });

  it('of guesses is limited by address: beyond it even the right one of the settings is not looked at', async () => {
    holdClock();
    const dataDir = tempFolder();
    const made = addToken(dataDir, ['read']);
    const api = guarded({ dataDir, apiToken: TOKEN });
    const statusOf = async (token: string, remoteAddress = '10.0.0.1') =>
      (await ask(api, PATH, { ...bearing(token), connection: { remoteAddress } })).status;
    for (let count = 0; count < 20; count += 1) expect(await statusOf(`guess-${count}`)).toBe(401);
    expect(await statusOf('guess-20')).toBe(429);
    expect(await statusOf(TOKEN)).toBe(429);
    // What nobody can guess still lets in who shares the address of a proxy with the guesser.
    expect(await statusOf(made)).toBe(404);
    expect(await statusOf(TOKEN, '10.0.0.2')).toBe(404);
    vi.advanceTimersByTime(60_000);
    expect(await statusOf(TOKEN)).toBe(404);
  });
});
