/** What a server does with clients that no library would be: over real sockets, with times so short that nobody waits. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Connection } from '../../src/api/connection.ts';
import { createHttpServer, SERVER_BOUNDS, type ServerBounds } from '../../src/api/http-server.ts';
import { SECURITY_HEADERS } from '../../src/api/security-headers.ts';
import { type RawAnswer, RawConnection } from '../harness/raw-connection.ts';
import type { LoggedLine } from '../harness/service.ts';
import { apiUnderTest, sampleIngestion, sampleReject } from './api-under-test.ts';

type Fetch = (request: Request, connection: Connection) => Response | Promise<Response>;

/** What arrived as a request, and what was logged. */
interface ListeningServer {
  readonly url: string;
  readonly server: Server;
  readonly requests: string[];
  readonly logged: LoggedLine[];
}

/** Slow clients are noticed within a twentieth of a second. */
const IMPATIENT: Partial<ServerBounds> = { headersTimeoutMs: 40, requestTimeoutMs: 80, checkIntervalMs: 10 };

async function listen(fetch: Fetch, bounds: Partial<ServerBounds> = {}): Promise<ListeningServer> {
  const logged: LoggedLine[] = [];
  const at =
    (level: LoggedLine['level']) =>
    (event: LoggedLine['event'], fields: LoggedLine['fields'] = {}) =>
      void logged.push({ level, event, fields });
  const requests: string[] = [];
  const server = createHttpServer({
    fetch: (request, connection) => {
      requests.push(`${request.method} ${new URL(request.url).pathname}`);
      return fetch(request, connection);
    },
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    bounds: { ...SERVER_BOUNDS, ...bounds },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, requests, logged };
}

const hello: Fetch = () => new Response('hello');
/** Reads a body as the API does, and tells its length. */
const measure: Fetch = async (request) => new Response(String((await request.arrayBuffer()).byteLength));
const api: Fetch = (request) => apiUnderTest().app.fetch(request);

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\n';
const CLOSE = 'Connection: close\r\n';

function expectProblem(answer: RawAnswer | undefined, status: number, code: string): void {
  expect(answer?.status).toBe(status);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code, status, what_to_do: expect.any(String) });
  expect(answer?.headers['content-type']).toBe('application/problem+json');
}

function expectSecure(answer: RawAnswer | undefined): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    expect(answer?.headers[name.toLowerCase()], name).toBe(value);
  }
}

describe('what is no request', () => {
  it.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
    ['another protocol', 'GET / SPDY/3\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['no host of old', 'GET / HTTP/1.0\r\n\r\n'],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
    ['two hosts', `${GET}Host: y\r\n${CLOSE}\r\n`],
    ['two equal hosts', `${GET}host: x\r\n${CLOSE}\r\n`],
    ['a target that is no path', `GET x HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`],
    ['a target that is no URL', `GET http://[ HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`],
    ['a back slash', `GET /\\..\\x HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`],
    ['a header without a name', `${GET}: x\r\n\r\n`],
    ['a space before the colon', `${GET}Content-Length : 1\r\n\r\n`],
    ['a folded header', `${GET}A: b\r\n c\r\n\r\n`],
    ['a bare line feed in a header', `${GET}A: b\nContent-Length: 5\r\n\r\n`],
    ['a NUL in a header', `${GET}A: b\0\r\n\r\n`],
  ])('is told so: %s', async (_what, text) => {
    const { url, requests, logged } = await listen(hello);
    const [answer, ...others] = await (await RawConnection.open(url)).write(text).answers();
    expectProblem(answer, 400, 'REQUEST_MALFORMED');
    expectSecure(answer);
    expect([others, requests]).toEqual([[], []]);
    expect(logged).toMatchObject([{ level: 'info', event: 'request.refused', fields: { code: 'REQUEST_MALFORMED' } }]);
  });

  it.each([
    [
      'a length beside chunks',
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    ['chunks beside a length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
    ['two equal lengths', 'Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a length in a list', 'Content-Length: 4, 4\r\n\r\nabcd'],
    ['a length with a sign', 'Content-Length: +4\r\n\r\nabcd'],
    ['a length in hexadecimal', 'Content-Length: 0x4\r\n\r\nabcd'],
    ['a length beyond all numbers', 'Content-Length: 99999999999999999999\r\n\r\n'],
    ['an encoding that is not chunked', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['chunked not at the end', 'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n'],
    ['a chunk size with a sign', 'Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n'],
    ['a chunk size beyond all numbers', 'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n'],
    ['chunks ended by line feeds', 'Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n'],
  ])('hides no second one: %s', async (_what, text) => {
    const { url, requests } = await listen(measure);
    const answers = await (await RawConnection.open(url)).write(POST + text).answers();
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expectProblem(answers[0], 400, 'REQUEST_MALFORMED');
    expectSecure(answers[0]);
    expect(requests).not.toContain('GET /smuggled');
  });

  it('is not answered where that would be taken for the answer to an earlier request', async () => {
    const held = Promise.withResolvers<Response>();
    const { url } = await listen(() => held.promise);
    const connection = await RawConnection.open(url);
    expect(await connection.write(`${GET}\r\nGARBAGE\r\n\r\n`).untilClosed()).toBe('');
    held.resolve(new Response());
  });
});

describe('a request', () => {
  it('may name its target by a whole URL', async () => {
    const { url, requests } = await listen(hello);
    await (await RawConnection.open(url)).write(`GET http://x/a HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`).answers();
    expect(requests).toEqual(['GET /a']);
  });

  it('has the connection it came over', async () => {
    let seen: Connection | undefined;
    const { url } = await listen((_request, connection) => {
      seen = connection;
      return new Response();
    });
    await (await RawConnection.open(url)).write(`${GET}${CLOSE}\r\n`).answers();
    expect(seen).toMatchObject({
      remoteAddress: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort: Number(new URL(url).port),
    });
  });

  it('may follow others before they are answered, and is answered in its turn', async () => {
    const { url } = await listen((request) => new Response(new URL(request.url).pathname));
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const text = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${path === '/19' ? CLOSE : ''}\r\n`).join('');
    const answers = await (await RawConnection.open(url)).write(text).answers();
    expect(answers.map(({ body }) => body)).toEqual(paths);
  });

  it('has headers of at most 16 KiB', async () => {
    const { url, requests } = await listen(hello);
    const fits = await (await RawConnection.open(url))
      .write(`${GET}A: ${'a'.repeat(15_000)}\r\n${CLOSE}\r\n`)
      .answers();
    expect(fits[0]?.status).toBe(200);
    for (const text of [
      `${GET}A: ${'a'.repeat(17_000)}\r\n\r\n`,
      `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    ]) {
      const [answer] = await (await RawConnection.open(url)).write(text).answers();
      expectProblem(answer, 431, 'REQUEST_HEADERS_TOO_LARGE');
      expectSecure(answer);
    }
    expect(requests).toHaveLength(1);
  });

  it('has at most 100 headers, of which none is overlooked', async () => {
    const { url, requests } = await listen((request) => new Response(request.headers.get('Last')));
    const headers = (count: number) => 'a:\r\n'.repeat(count);
    const fits = await (await RawConnection.open(url)).write(`${GET}${headers(97)}${CLOSE}Last: x\r\n\r\n`).answers();
    expect(fits[0]).toMatchObject({ status: 200, body: 'x' });
    for (const count of [98, 2_500]) {
      const [answer] = await (await RawConnection.open(url))
        .write(`${GET}${CLOSE}${headers(count)}Last: x\r\n\r\n`)
        .answers();
      expectProblem(answer, 431, 'REQUEST_HEADERS_TOO_LARGE');
    }
    expect(requests).toHaveLength(1);
  });

  it('has a body of at most 1 MiB, whatever length it declares', async () => {
    const { url } = await listen(api);
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    const head = 'POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const chunked = await RawConnection.open(url);
    chunked.write(`${head}${CLOSE}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`);
    const declared = await RawConnection.open(url);
    declared.write(`${head}${CLOSE}Content-Length: 1048577\r\n\r\n${'a'.repeat(1_048_577)}`);
    for (const connection of [chunked, declared]) {
      const [answer] = await connection.answers();
      expectProblem(answer, 413, 'REQUEST_TOO_LARGE');
      expectSecure(answer);
    }
  });

  it('with a body that is too large stands in the way of no other over its connection', async () => {
    const { url } = await listen(api);
    const connection = await RawConnection.open(url);
    const head = 'POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    for (let count = 0; count < 5; count += 1)
      connection.write(`${head}Content-Length: 2000000\r\n\r\n${'a'.repeat(2_000_000)}`);
    connection.write(`GET / HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`);
    const statuses = (await connection.answers()).map(({ status }) => status);
    expect(statuses.slice(0, -1)).toEqual([413, 413, 413, 413, 413]);
    expect(statuses).toHaveLength(6);
  });
});

describe('a slow client', () => {
  it.each([
    ['says nothing', ''],
    ['begins', 'GET /'],
    ['never ends its headers', `${GET}A: b\r\n`],
  ])('is told so and let go: it %s', async (_what, text) => {
    const { url, requests } = await listen(hello, IMPATIENT);
    const [answer] = await (await RawConnection.open(url)).write(text).answers();
    expectProblem(answer, 408, 'REQUEST_TIMEOUT');
    expectSecure(answer);
    expect(requests).toEqual([]);
  });

  it.each([
    ['of a length', 'Content-Length: 5\r\n\r\nab'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ])('is told so and let go: it never ends its body %s', async (_what, text) => {
    const { url } = await listen(measure, IMPATIENT);
    const [answer] = await (await RawConnection.open(url)).write(POST + text).answers();
    expectProblem(answer, 408, 'REQUEST_TIMEOUT');
    expectSecure(answer);
  });

  it('that sends a byte at a time gains no time by it', async () => {
    const { url } = await listen(hello, IMPATIENT);
    const connection = await RawConnection.open(url);
    const drip = setInterval(() => connection.write('a'), 5);
    onTestFinished(() => clearInterval(drip));
    const [answer] = await connection.write(`${GET}A: `).answers();
    expectProblem(answer, 408, 'REQUEST_TIMEOUT');
  });

  it('keeps nobody else waiting', async () => {
    const { url } = await listen(hello);
    const slow = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(url)));
    for (const connection of slow) connection.write(`${GET}A: b\r\n`);
    expect(await (await fetch(url)).text()).toBe('hello');
  });

  it('is let go between two requests', async () => {
    const { url } = await listen(hello, { keepAliveTimeoutMs: 1 });
    expect(await (await RawConnection.open(url)).write(`${GET}\r\n`).answers()).toMatchObject([{ status: 200 }]);
  });
});

describe('connections', () => {
  it('are bounded in number', async () => {
    const { url } = await listen(hello, { maxConnections: 2 });
    const first = await RawConnection.open(url);
    await RawConnection.open(url);
    const third = await RawConnection.open(url);
    expect(await third.write(`${GET}${CLOSE}\r\n`).untilClosed()).toBe('');
    expect(await first.write(`${GET}${CLOSE}\r\n`).answers()).toMatchObject([{ status: 200 }]);
  });

  it('end after a number of requests, and answer no more', async () => {
    const { url, requests } = await listen(hello, { maxRequestsPerConnection: 3, keepAliveTimeoutMs: 1 });
    const received = await (await RawConnection.open(url)).write(`${GET}\r\n`.repeat(5)).untilClosed();
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '200', '503', '503']);
    expect(received.match(/nosniff/g)).toHaveLength(5);
    expect(requests).toHaveLength(3);
  });
});

describe('every answer', () => {
  it.each(['/health', '/openapi.json', '/nothing', '/api/ingest', '/api/ingestions/x', '/api/ingestions?limit=x'])(
    'of %s is neither stored, sniffed, framed nor shown to other sites',
    async (path) => {
      const { url } = await listen(api);
      const [answer] = await (await RawConnection.open(url))
        .write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`)
        .answers();
      expectSecure(answer);
      expect(answer?.headers).not.toHaveProperty('x-powered-by');
      expect(answer?.headers).not.toHaveProperty('server');
    },
  );

  it('of the documentation allows its own style, script and requests, and nothing else', async () => {
    const { url } = await listen(api);
    const { headers } = await fetch(`${url}/docs`);
    expect(headers.get('Content-Security-Policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  });

  it('that Node gives by itself is no exception', async () => {
    const { url } = await listen(hello);
    const [answer] = await (await RawConnection.open(url))
      .write(`${GET}${CLOSE}Expect: the-unexpected\r\n\r\n`)
      .answers();
    expect(answer?.status).toBe(417);
    expectSecure(answer);
  });

  it('to a failure of the API itself tells nothing of it', async () => {
    const { url, logged } = await listen(() => Promise.reject(new Error('internal particulars')));
    const [answer] = await (await RawConnection.open(url)).write(`${GET}${CLOSE}\r\n`).answers();
    expectProblem(answer, 500, 'INTERNAL');
    expect(answer?.body).not.toContain('particulars');
    expect(logged).toMatchObject([
      { level: 'error', event: 'request.failed', fields: { reason: 'internal particulars' } },
    ]);
  });

  it('that breaks off says nothing more, on the wire or on the console', async () => {
    const written = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info')];
    onTestFinished(() => void vi.restoreAllMocks());
    const first = { items: [sampleReject(1)], nextCursor: '1' };
    const { app } = apiUnderTest({
      reads: {
        getIngestion: () => Promise.resolve(sampleIngestion()),
        listRejects: (_id, { cursor }) =>
          cursor === undefined ? Promise.resolve(first) : Promise.reject(new Error('internal particulars')),
      },
    });
    const { url } = await listen((request, connection) => app.fetch(request, connection));
    const received = await (await RawConnection.open(url))
      .write('GET /api/ingestions/x/rejects?format=ndjson HTTP/1.1\r\nHost: x\r\n\r\n')
      .untilClosed();
    for (const spy of written) expect(spy).not.toHaveBeenCalled();
    expect(received).not.toContain('particulars');
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});
