import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createCallbackGuard } from '../../src/delivery/callback-guard.ts';
import type { Destination } from '../../src/delivery/destination.ts';
import { createHttpDestination, type HttpDestinationOptions } from '../../src/delivery/http-destination.ts';
import { DEFAULT_TIMEOUTS, MAX_ANSWER_BYTES } from '../../src/delivery/post-channel.ts';
import { sha256Base64 } from '../../src/protocol/checksum.ts';
import { encodeCompletion } from '../../src/protocol/envelope.ts';
import { verifySignature } from '../../src/protocol/signature.ts';
import { listenHttp, listenTcp, onEachRequest, unusedUrl } from './receivers.ts';
import { COMPLETION, INGESTION_ID, sampleChunk, sampleContext } from './sample-delivery.ts';

const NOW = 1_767_225_600_999;
const loopbackGuard = createCallbackGuard({ allow: null, isLoopbackAllowed: true });
const opened: Destination[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((destination) => destination.close()));
});

function destinationAt(callbackUrl: string, change: Partial<HttpDestinationOptions> = {}): Destination {
  const destination = createHttpDestination({
    callbackUrl,
    headers: null,
    secret: null,
    guard: loopbackGuard,
    timeouts: DEFAULT_TIMEOUTS,
    clock: { now: () => NOW, sleep: async () => undefined },
    userAgent: 'ackstream/1.2.3',
    ...change,
  });
  opened.push(destination);
  return destination;
}

const attemptAt = (url: string, change: Partial<HttpDestinationOptions> = {}) =>
  destinationAt(url, change).attempt(sampleChunk(), sampleContext());

/** A receiver that answers every request with these bytes and leaves the connection to `then`. */
async function answering(bytes: string | Buffer, then: 'keep' | 'end' | 'reset' = 'keep'): Promise<string> {
  const { url } = await listenTcp((socket) =>
    onEachRequest(socket, () => {
      socket.write(bytes, () => {
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    }),
  );
  return url;
}

const acknowledge = (body = '{"ack":true}') => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe('what is sent', () => {
  it('is the body as it is, with the headers of the protocol', async () => {
    const receiver = await listenHttp((response) => response.end('{"ack":true}'));
    const chunk = sampleChunk();
    const outcome = await destinationAt(`${receiver.url}?a=b`).attempt(chunk, sampleContext({ attempt: 2 }));
    expect(outcome).toEqual({ kind: 'acknowledged' });
    const [request] = receiver.seen;
    expect(request).toMatchObject({ method: 'POST', path: '/callback?a=b' });
    expect(request?.body.equals(chunk.body)).toBe(true);
    expect(request?.headers).toEqual({
      host: new URL(receiver.url).host,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': String(chunk.body.byteLength),
      'content-digest': `sha-256=:${sha256Base64(chunk.body)}:`,
      'idempotency-key': `"${INGESTION_ID}:5"`,
      'ackstream-epoch': '3',
      'ackstream-attempt': '2',
      'accept-encoding': 'identity',
      'user-agent': 'ackstream/1.2.3',
    });
  });

  it('is COMPLETED under an id of its own', async () => {
    const receiver = await listenHttp((response) => response.end('{"ack":1}'));
    const outcome = await destinationAt(receiver.url).complete(COMPLETION, sampleContext());
    expect(outcome).toEqual({ kind: 'acknowledged' });
    const [request] = receiver.seen;
    expect(request?.body.toString()).toBe(encodeCompletion(COMPLETION));
    expect(request?.headers['idempotency-key']).toBe(`"${INGESTION_ID}:completed"`);
    expect(request?.headers['content-digest']).toBe(`sha-256=:${sha256Base64(encodeCompletion(COMPLETION))}:`);
  });

  it('is signed where there is a secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const receiver = await listenHttp((response) => response.end('{"ack":true}'));
    await attemptAt(receiver.url, { secret });
    const [request] = receiver.seen;
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request?.headers ?? {};
    expect([id, timestamp]).toEqual([`${INGESTION_ID}:5`, '1767225600']);
    expect(
      verifySignature({
        secret,
        id: String(id),
        timestamp: String(timestamp),
        signature: String(signature),
        body: request?.body ?? '',
        nowSeconds: 1_767_225_600,
      }),
    ).toBe(true);
  });

  it("has the request's own headers, which never displace those of the protocol", async () => {
    const receiver = await listenHttp((response) => response.end('{"ack":true}'));
    await attemptAt(receiver.url, {
      headers: { 'X-Tenant': 'a', 'Content-TYPE': 'text/plain', 'Ackstream-Epoch': '99' },
    });
    expect(receiver.seen[0]?.headers).toMatchObject({
      'x-tenant': 'a',
      'content-type': 'application/json',
      'ackstream-epoch': '3',
    });
  });

  it('goes over one connection, in turn', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(acknowledge())));
    const destination = destinationAt(receiver.url);
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await destination.attempt(sampleChunk(), sampleContext({ attempt }))).toEqual({ kind: 'acknowledged' });
    }
    expect(receiver.seen).toHaveLength(1);
  });

  it('comes from a view into a larger buffer without what lies around it', async () => {
    const receiver = await listenHttp((response) => response.end('{"ack":true}'));
    const chunk = sampleChunk();
    const around = new Uint8Array(chunk.body.byteLength + 20).fill(120);
    around.set(chunk.body, 10);
    const body = around.subarray(10, 10 + chunk.body.byteLength);
    await destinationAt(receiver.url).attempt({ ...chunk, body }, sampleContext());
    expect(receiver.seen[0]?.body.equals(chunk.body)).toBe(true);
  });
});

describe('a connection that was never made', () => {
  const neverSent = { kind: 'unavailable', httpStatus: null, retryAfterMs: null };

  it('is unavailable where nobody listens', async () => {
    expect(await attemptAt(await unusedUrl())).toMatchObject({
      ...neverSent,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is unavailable where the name does not resolve', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere'), { code: 'ENOTFOUND' });
    };
    const guard = createCallbackGuard({ allow: null, isLoopbackAllowed: true, resolve });
    expect(await attemptAt('http://nowhere.example/', { guard })).toMatchObject({
      ...neverSent,
      reason: expect.stringContaining('ENOTFOUND'),
    });
  });

  it('is unavailable where all addresses of a name refuse', async () => {
    const { port } = new URL(await unusedUrl());
    const guard = createCallbackGuard({
      allow: null,
      isLoopbackAllowed: true,
      resolve: async () => [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ],
    });
    expect(await attemptAt(`http://two.example:${port}/`, { guard })).toMatchObject({
      ...neverSent,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is unavailable where the other side does not speak TLS', async () => {
    const { url } = await listenTcp((socket) => socket.once('data', () => socket.end(acknowledge())));
    expect(await attemptAt(url.replace('http:', 'https:'))).toMatchObject(neverSent);
  });

  it('is unavailable where TLS hangs until the connect timeout', async () => {
    const receiver = await listenTcp(() => undefined);
    const outcome = await attemptAt(receiver.url.replace('http:', 'https:'), {
      timeouts: { ...DEFAULT_TIMEOUTS, connectMs: 60 },
    });
    expect(outcome).toMatchObject({ ...neverSent, reason: expect.stringMatching(/connect timeout/i) });
  });

  it('is unavailable where the resolver hangs until the deadline, and nothing is sent later', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(acknowledge())));
    const answered = Promise.withResolvers<{ address: string; family: number }[]>();
    const guard = createCallbackGuard({ allow: null, isLoopbackAllowed: true, resolve: () => answered.promise });
    const destination = destinationAt(receiver.url.replace('127.0.0.1', 'slow.example'), {
      guard,
      timeouts: { ...DEFAULT_TIMEOUTS, totalMs: 60 },
    });
    expect(await destination.attempt(sampleChunk({ chunkNumber: 1 }), sampleContext())).toMatchObject(neverSent);
    answered.resolve([{ address: '127.0.0.1', family: 4 }]);
    expect(await destination.attempt(sampleChunk({ chunkNumber: 2 }), sampleContext())).toEqual({
      kind: 'acknowledged',
    });
    expect(receiver.seen.join('')).not.toContain(`${INGESTION_ID}:1`);
  });
});

describe('an address that the guard refuses', () => {
  const refused = { kind: 'rejected', httpStatus: null, receiverError: null, isFinal: true };

  it('is rejected for good without a connection, as a literal and by name', async () => {
    const receiver = await listenTcp(() => undefined);
    const guard = createCallbackGuard({ allow: null, isLoopbackAllowed: false });
    expect(await attemptAt(receiver.url, { guard })).toMatchObject(refused);
    expect(await attemptAt(receiver.url.replace('127.0.0.1', 'localhost'), { guard })).toMatchObject({
      ...refused,
      reason: expect.stringContaining('is not a public address (loopback)'),
    });
    expect(receiver.seen).toHaveLength(0);
  });

  it('is rejected where the name means another address at the connection than at the check', async () => {
    const receiver = await listenTcp(() => undefined);
    const answers = ['93.184.216.34', '127.0.0.1'];
    const guard = createCallbackGuard({
      allow: null,
      isLoopbackAllowed: false,
      resolve: async () => [{ address: answers.shift() ?? '', family: 4 }],
    });
    const url = receiver.url.replace('127.0.0.1', 'rebinding.example');
    await guard.checkUrl(url);
    expect(await attemptAt(url, { guard })).toMatchObject(refused);
    expect(receiver.seen).toHaveLength(0);
  });

  it('is rejected where the scheme is none to call', async () => {
    expect(await attemptAt('ftp://127.0.0.1/x')).toMatchObject(refused);
  });
});

describe('no complete answer', () => {
  const unknown = (httpStatus: number | null = null) => ({ kind: 'unknown', httpStatus });

  it('is unknown where the connection is reset before any answer', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.resetAndDestroy()));
    expect(await attemptAt(receiver.url)).toMatchObject(unknown());
  });

  it('is unknown where the connection is reset in the middle of the request', async () => {
    const receiver = await listenTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const records = Array.from({ length: 4_000 }, () => JSON.stringify('x'.repeat(1_000)));
    const outcome = await destinationAt(receiver.url).attempt(sampleChunk({ records }), sampleContext());
    expect(outcome).toMatchObject(unknown());
  });

  it('is unknown where a kept-alive connection is reset before any answer', async () => {
    const receiver = await listenTcp((socket) =>
      onEachRequest(socket, (index) => (index === 0 ? socket.write(acknowledge()) : socket.resetAndDestroy())),
    );
    const destination = destinationAt(receiver.url);
    expect((await destination.attempt(sampleChunk(), sampleContext())).kind).toBe('acknowledged');
    expect(await destination.attempt(sampleChunk(), sampleContext({ attempt: 2 }))).toMatchObject(unknown());
    expect(receiver.seen).toHaveLength(1);
  });

  it('is never sent again by the client itself', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.end()));
    expect(await attemptAt(receiver.url)).toMatchObject(unknown());
    expect(receiver.seen).toHaveLength(1);
  });

  it.each<[string, string, 'keep' | 'end' | 'reset', number | null]>([
    ['a closed connection without a byte', '', 'end', null],
    ['a head that ends in the middle', 'HTTP/1.1 200 OK\r\ncontent-le', 'end', null],
    ['a body that ends in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"ack":true}', 'end', 200],
    ['a body that is reset in the middle', 'HTTP/1.1 503 no\r\ncontent-length: 99\r\n\r\n{"ack', 'reset', 503],
    [
      'a chunked body without an end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nc\r\n{"ack":true}\r\n',
      'end',
      200,
    ],
    ['a broken chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'keep', null],
    ['HTTP/0.9', '{"ack":true}', 'end', null],
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', 'keep', null],
    ['a head of over 16 KiB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}\r\n\r\n`, 'keep', null],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\ncontent-length: 13\r\n\r\n{"ack":true}x', 'keep', null],
    ['100 Continue as the only answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'end', null],
    [
      '101 Switching Protocols',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'keep',
      null,
    ],
  ])('is unknown: %s', async (_name, bytes, then, httpStatus) => {
    expect(await attemptAt(await answering(bytes, then))).toMatchObject(
      httpStatus === null ? { kind: 'unknown' } : unknown(httpStatus),
    );
  });

  it('is unknown where the body is larger than any acknowledgement', async () => {
    const padded = (length: number) => `{"ack":true}${' '.repeat(length - 12)}`;
    expect(await attemptAt(await answering(acknowledge(padded(MAX_ANSWER_BYTES))))).toEqual({ kind: 'acknowledged' });
    expect(await attemptAt(await answering(acknowledge(padded(MAX_ANSWER_BYTES + 1))))).toMatchObject(unknown(200));
  });

  it('is unknown where the body never ends, and the connection is cut', async () => {
    const cut = Promise.withResolvers<void>();
    const receiver = await listenTcp((socket) => {
      socket.on('close', () => cut.resolve());
      onEachRequest(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const flood = (): void => {
          while (!socket.destroyed && socket.write('x'.repeat(16_384)));
        };
        socket.on('drain', flood);
        flood();
      });
    });
    expect(await attemptAt(receiver.url)).toMatchObject(unknown(200));
    await cut.promise;
  });

  it('is unknown where the answer is encoded', async () => {
    const encoded = acknowledge().replace('\r\n\r\n', '\r\ncontent-encoding: gzip\r\n\r\n');
    expect(await attemptAt(await answering(encoded))).toMatchObject(unknown(200));
  });

  it.each<[string, string]>([
    ['no head', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
    ['no body', 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n'],
  ])('is unknown at the deadline: %s', async (_name, bytes) => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(bytes)));
    const outcome = await attemptAt(receiver.url, { timeouts: { ...DEFAULT_TIMEOUTS, totalMs: 80 } });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no complete answer within 80 ms' });
  });

  it('is unknown where no head comes within its own timeout', async () => {
    const receiver = await listenTcp(() => undefined);
    const outcome = await attemptAt(receiver.url, { timeouts: { ...DEFAULT_TIMEOUTS, headersMs: 60 } });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(/headers timeout/i) });
  });

  it.each<[string, string, string]>([
    ['a body that drips', 'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n', ' '],
    ['a head that never ends', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['early hints without end', '', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'],
  ])('is unknown at the deadline although bytes keep coming: %s', async (_name, first, again) => {
    const receiver = await listenTcp((socket) =>
      onEachRequest(socket, () => {
        socket.write(first);
        const timer = setInterval(() => socket.write(again), 5);
        socket.on('close', () => clearInterval(timer));
      }),
    );
    const outcome = await attemptAt(receiver.url, { timeouts: { ...DEFAULT_TIMEOUTS, totalMs: 80 } });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no complete answer within 80 ms' });
  });

  it('is unknown at once where the attempt is given up', async () => {
    const giveUp = new AbortController();
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => giveUp.abort()));
    const destination = destinationAt(receiver.url);
    expect(await destination.attempt(sampleChunk(), sampleContext({ signal: giveUp.signal }))).toMatchObject(unknown());
    expect(await destination.attempt(sampleChunk(), sampleContext({ signal: giveUp.signal }))).toMatchObject(unknown());
    expect(receiver.seen).toHaveLength(1);
  });

  it('leaves the destination usable', async () => {
    const receiver = await listenTcp((socket, index) =>
      onEachRequest(socket, () => (index === 0 ? socket.resetAndDestroy() : socket.write(acknowledge()))),
    );
    const destination = destinationAt(receiver.url);
    expect((await destination.attempt(sampleChunk(), sampleContext())).kind).toBe('unknown');
    expect((await destination.attempt(sampleChunk(), sampleContext({ attempt: 2 }))).kind).toBe('acknowledged');
  });
});

describe('a complete answer', () => {
  it('counts after early hints', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n';
    expect(await attemptAt(await answering(hints + hints + acknowledge()))).toEqual({ kind: 'acknowledged' });
  });

  it('counts where it ends with the connection', async () => {
    expect(await attemptAt(await answering('HTTP/1.1 200 OK\r\n\r\n{"ack":true}', 'end'))).toEqual({
      kind: 'acknowledged',
    });
  });

  it.each([301, 302, 303, 307, 308])('is not followed where it is a %i', async (status) => {
    const target = await listenHttp((response) => response.end('{"ack":true}'));
    const receiver = await listenHttp((response) =>
      response.writeHead(status, { location: target.url }).end('{"ack":true}'),
    );
    expect(await attemptAt(receiver.url)).toMatchObject({ kind: 'unavailable', httpStatus: status });
    expect(target.seen).toHaveLength(0);
  });

  it.each<[string, string, number]>([
    ['seconds', '90', 90_000],
    ['a date', new Date(NOW + 20_001).toUTCString(), 20_001 - ((NOW + 20_001) % 1000)],
    ['ten years', '315360000', 3_600_000],
  ])('tells how long to leave it alone: %s', async (_name, retryAfter, retryAfterMs) => {
    const receiver = await listenHttp((response) => response.writeHead(503, { 'retry-after': retryAfter }).end());
    expect(await attemptAt(receiver.url)).toEqual({
      kind: 'unavailable',
      reason: 'HTTP 503',
      httpStatus: 503,
      retryAfterMs,
    });
  });

  it('counts where it comes before the whole request was read', async () => {
    const receiver = await listenTcp((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
      }),
    );
    const records = Array.from({ length: 8_000 }, () => JSON.stringify('x'.repeat(1_000)));
    const outcome = await destinationAt(receiver.url).attempt(sampleChunk({ records }), sampleContext());
    expect(outcome.kind).toBe('too-large');
  });

  it('or none: any bytes at all make one outcome', async () => {
    let bytes = Buffer.alloc(0);
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.end(bytes)));
    const piece = fc.oneof(
      fc.constantFrom(
        'HTTP/1.1 ',
        '200 ',
        '409 ',
        'OK\r\n',
        '\r\n',
        'content-length: 12\r\n',
        '{"ack":true}',
        '\ufeff',
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        bytes = Buffer.from(pieces.join(''));
        const outcome = await attemptAt(receiver.url);
        if (outcome.kind === 'acknowledged') expect(bytes.toString()).toContain('{"ack":true}');
      }),
      { numRuns: 60 },
    );
  });
});

it('no proxy of the environment is used', async () => {
  const proxy = await listenTcp(() => undefined);
  const receiver = await listenHttp((response) => response.end('{"ack":true}'));
  const names = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];
  for (const name of names) process.env[name] = proxy.url;
  try {
    expect(await attemptAt(receiver.url)).toEqual({ kind: 'acknowledged' });
  } finally {
    for (const name of names) delete process.env[name];
  }
  expect(proxy.seen).toHaveLength(0);
});
