/*
 * What networks and broken receivers do. The line that matters runs between what was certainly never sent and what may have been.
 */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS, MAX_ANSWER_BYTES } from '../../src/delivery/post-channel.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { until } from '../harness/until.ts';
import { attemptAt, destinationAt } from './destinations.ts';
import { httpOk, listenAnswering, listenHttp, listenTcp, onEachRequest, unusedUrl } from './receivers.ts';
import { INGESTION_ID, sampleChunk, sampleContext } from './sample-delivery.ts';

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
    const guard = createUrlGuard({ allow: null, isLoopbackAllowed: true, resolve });
    expect(await attemptAt('http://nowhere.example/', { guard })).toMatchObject({
      ...neverSent,
      reason: expect.stringContaining('ENOTFOUND'),
    });
  });

  it('is unavailable where all addresses of a name refuse', async () => {
    const { port } = new URL(await unusedUrl());
    const guard = createUrlGuard({
      allow: null,
      isLoopbackAllowed: true,
      resolve: async () => [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ],
    });
    expect(await attemptAt(`http://two.example:${port}/`, { guard })).toMatchObject({
      ...neverSent,
      // One that was long in refusing is given up for the next.
      reason: expect.stringMatching(/ECONNREFUSED|ETIMEDOUT/),
    });
  });

  it('is unavailable where the other side does not speak TLS', async () => {
    const { url } = await listenHttp((response) => response.end());
    expect(await attemptAt(url.replace('http:', 'https:'))).toMatchObject({
      ...neverSent,
      reason: 'the receiver does not speak TLS at this port; is it http://? (ERR_SSL_WRONG_VERSION_NUMBER)',
    });
  });

  it('is unavailable where TLS hangs until the connect timeout', async () => {
    const receiver = await listenTcp(() => undefined);
    const outcome = await attemptAt(receiver.url.replace('http:', 'https:'), {
      timeouts: { ...DEFAULT_TIMEOUTS, connectMs: 60 },
    });
    expect(outcome).toMatchObject({ ...neverSent, reason: expect.stringMatching(/connect timeout/i) });
  });

  it('is unavailable where the resolver hangs until the deadline, and nothing is sent later', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(httpOk())));
    const answered = Promise.withResolvers<{ address: string; family: number }[]>();
    const guard = createUrlGuard({ allow: null, isLoopbackAllowed: true, resolve: () => answered.promise });
    const url = receiver.url.replace('127.0.0.1', 'slow.example');
    const impatient = destinationAt(url, { guard, timeouts: { ...DEFAULT_TIMEOUTS, totalMs: 300 } });
    expect(await impatient.attempt(sampleChunk({ chunkNumber: 1 }), sampleContext())).toMatchObject(neverSent);
    answered.resolve([{ address: '127.0.0.1', family: 4 }]);
    expect(await destinationAt(url, { guard }).attempt(sampleChunk({ chunkNumber: 2 }), sampleContext())).toEqual({
      kind: 'acknowledged',
    });
    expect(receiver.seen.join('')).not.toContain(`${INGESTION_ID}:1`);
  });
});

describe('an address that the guard refuses', () => {
  const refused = { kind: 'rejected', httpStatus: null, receiverError: null, isFinal: true };

  it('is rejected for good without a connection, as a literal and by name', async () => {
    const receiver = await listenTcp(() => undefined);
    const guard = createUrlGuard({ allow: null, isLoopbackAllowed: false });
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
    const guard = createUrlGuard({
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

/** An attempt that only its deadline of 200 ms ends. Its connection is open before, since making one may take a busy machine as long. */
async function attemptUntilDeadline(answer: (socket: Socket) => void): Promise<Outcome> {
  let isStruck = false;
  const receiver = await listenTcp((socket) =>
    onEachRequest(socket, () => {
      if (isStruck) answer(socket);
      else socket.write(httpOk());
    }),
  );
  const destination = destinationAt(receiver.url, { timeouts: { ...DEFAULT_TIMEOUTS, totalMs: 200 } });
  await until(
    () => destination.attempt(sampleChunk(), sampleContext()),
    ({ kind }) => kind === 'acknowledged',
  );
  isStruck = true;
  return destination.attempt(sampleChunk(), sampleContext({ attempt: 2 }));
}

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
      onEachRequest(socket, (index) => (index === 0 ? socket.write(httpOk()) : socket.resetAndDestroy())),
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
    expect(await attemptAt(await listenAnswering(bytes, then))).toMatchObject(
      httpStatus === null ? { kind: 'unknown' } : unknown(httpStatus),
    );
  });

  it('is unknown where the body is larger than any acknowledgement', async () => {
    const padded = (length: number) => `{"ack":true}${' '.repeat(length - 12)}`;
    expect(await attemptAt(await listenAnswering(httpOk(padded(MAX_ANSWER_BYTES))))).toEqual({ kind: 'acknowledged' });
    expect(await attemptAt(await listenAnswering(httpOk(padded(MAX_ANSWER_BYTES + 1))))).toMatchObject(unknown(200));
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
    const encoded = httpOk().replace('\r\n\r\n', '\r\ncontent-encoding: gzip\r\n\r\n');
    expect(await attemptAt(await listenAnswering(encoded))).toMatchObject(unknown(200));
  });

  it.each<[string, string]>([
    ['no head', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
    ['no body', 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n'],
  ])('is unknown at the deadline: %s', async (_name, bytes) => {
    const outcome = await attemptUntilDeadline((socket) => socket.write(bytes));
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no complete answer within 200 ms' });
  });

  it('is unknown where no head comes within its own timeout', async () => {
    const receiver = await listenTcp(() => undefined);
    const outcome = await attemptAt(receiver.url, { timeouts: { ...DEFAULT_TIMEOUTS, headersMs: 200 } });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(/headers timeout/i) });
  });

  it.each<[string, string, string]>([
    ['a body that drips', 'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n', ' '],
    ['a head that never ends', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['early hints without end', '', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'],
  ])('is unknown at the deadline although bytes keep coming: %s', async (_name, first, again) => {
    const outcome = await attemptUntilDeadline((socket) => {
      socket.write(first);
      const timer = setInterval(() => socket.write(again), 5);
      socket.on('close', () => clearInterval(timer));
    });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no complete answer within 200 ms' });
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
      onEachRequest(socket, () => (index === 0 ? socket.resetAndDestroy() : socket.write(httpOk()))),
    );
    const destination = destinationAt(receiver.url);
    expect((await destination.attempt(sampleChunk(), sampleContext())).kind).toBe('unknown');
    expect((await destination.attempt(sampleChunk(), sampleContext({ attempt: 2 }))).kind).toBe('acknowledged');
  });
});
