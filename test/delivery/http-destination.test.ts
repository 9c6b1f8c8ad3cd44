import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Base64 } from '../../src/protocol/checksum.ts';
import { encodeCompletion } from '../../src/protocol/envelope.ts';
import { verifySignature } from '../../src/protocol/signature.ts';
import { attemptAt, destinationAt, NOW } from './destinations.ts';
import { httpOk, listenAnswering, listenHttp, listenTcp, onEachRequest } from './receivers.ts';
import { COMPLETION, INGESTION_ID, sampleChunk, sampleContext } from './sample-delivery.ts';

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
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(httpOk())));
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

describe('a complete answer', () => {
  it('counts after early hints', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n';
    expect(await attemptAt(await listenAnswering(hints + hints + httpOk()))).toEqual({ kind: 'acknowledged' });
  });

  it('counts where it ends with the connection', async () => {
    expect(await attemptAt(await listenAnswering('HTTP/1.1 200 OK\r\n\r\n{"ack":true}', 'end'))).toEqual({
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
    const expected = { kind: 'unavailable', reason: 'HTTP 503', httpStatus: 503, retryAfterMs };
    expect(await attemptAt(receiver.url)).toMatchObject(expected);
  });

  it('tells by its first Retry-After how long to leave it alone, where there are several', async () => {
    const several = 'HTTP/1.1 503 no\r\nretry-after: 7\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n';
    expect(await attemptAt(await listenAnswering(several))).toMatchObject({ retryAfterMs: 7_000 });
  });

  it('that is given twice counts once, and not for the message that follows', async () => {
    const receiver = await listenTcp((socket, connection) =>
      onEachRequest(socket, () =>
        socket.write(connection === 0 ? httpOk() + httpOk() : 'HTTP/1.1 503 no\r\ncontent-length: 0\r\n\r\n'),
      ),
    );
    const destination = destinationAt(receiver.url);
    expect((await destination.attempt(sampleChunk({ chunkNumber: 1 }), sampleContext())).kind).toBe('acknowledged');
    expect((await destination.attempt(sampleChunk({ chunkNumber: 2 }), sampleContext())).kind).toBe('unavailable');
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
