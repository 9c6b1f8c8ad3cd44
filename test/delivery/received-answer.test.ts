/** What is kept of an answer that was no acknowledgement: told by a real receiver, through the channel, with the secrets of the delivery hidden. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withHiddenSecrets } from '../../src/delivery/discreet-destination.ts';
import { keptAnswer } from '../../src/delivery/received-answer.ts';
import { secretsOf } from '../../src/model/hide-secrets.ts';
import type { ReceivedAnswer } from '../../src/model/outcome.ts';
import { destinationAt } from './destinations.ts';
import { listenAnswering, listenTcp, unusedUrl } from './receivers.ts';
import { COMPLETION, sampleChunk, sampleContext } from './sample-delivery.ts';

const SECRET = `whsec_${Buffer.alloc(24, 0xfb).toString('base64')}`;
const TOKEN = 'header-token-0123456789';
const SECRETS = secretsOf(
  { callbackUrl: 'http://h/?key=query-secret', callbackHeaders: { Authorization: `Bearer ${TOKEN}` } },
  SECRET,
);
const MAX_BODY_BYTES = 16_384;

/** An answer on the wire. */
function wire(body: Uint8Array | string, headers: readonly string[] = [], status = '503 Service Unavailable'): Buffer {
  const bytes = Buffer.from(body);
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

async function answerAt(url: string, target: 'chunk' | 'completion' = 'chunk'): Promise<ReceivedAnswer | undefined> {
  const destination = withHiddenSecrets(destinationAt(url), SECRETS);
  const outcome =
    target === 'chunk'
      ? await destination.attempt(sampleChunk(), sampleContext())
      : await destination.complete(COMPLETION, sampleContext());
  return outcome.kind === 'acknowledged' ? undefined : outcome.answer;
}

const answered = async (...answer: Parameters<typeof wire>) => answerAt(await listenAnswering(wire(...answer)));

describe('an answer that is no acknowledgement', () => {
  it.each([
    ['a text', 'Zugriff verweigert: ü €'],
    ['any bytes', Uint8Array.from({ length: 256 }, (_, index) => index)],
    ['nothing', ''],
    ['a page', '<script>alert("x")</script>\u0000\u001b[31m'],
  ])('is kept byte for byte: %s', async (_what, body) => {
    const bytes = Buffer.from(body);
    const answer = await answered(body);
    expect(Buffer.from(answer?.body ?? []).equals(bytes)).toBe(true);
    expect(answer).toMatchObject({ httpStatus: 503, bodyByteCount: bytes.length, isBodyCut: false });
  });

  it.each(['200 OK', '301 Moved', '400 Bad', '409 Conflict', '410 Gone', '413 Too Large', '429 Slow', '500 Broken'])(
    'is kept whatever its status: %s',
    async (status) => {
      expect(await answered('not today', [], status)).toMatchObject({ httpStatus: Number(status.slice(0, 3)) });
    },
  );

  it('is kept of COMPLETED, too', async () => {
    const url = await listenAnswering(wire('no', [], '500 no'));
    expect(await answerAt(url, 'completion')).toMatchObject({ httpStatus: 500, bodyByteCount: 2 });
  });

  it('has its headers in their order, repeated ones as well, as they are written', async () => {
    const headers = ['X-One: 1', 'Via: a', 'x-one: 2', 'Via: b', 'X-Latin: caf\u00e9', 'X-Empty:'];
    expect((await answered('', headers))?.headers).toEqual([
      ['X-One', '1'],
      ['Via', 'a'],
      ['x-one', '2'],
      ['Via', 'b'],
      ['X-Latin', 'café'],
      ['X-Empty', ''],
      ['Content-Length', '0'],
    ]);
  });

  it('has a body that is cut at 16 KiB, and says how long it was', async () => {
    const body = Buffer.alloc(40_000, 'abcdefg');
    const answer = await answered(body);
    expect(Buffer.from(answer?.body ?? []).equals(body.subarray(0, MAX_BODY_BYTES))).toBe(true);
    expect(answer).toMatchObject({ bodyByteCount: 40_000, isBodyCut: true });
    expect(await answered(body.subarray(0, MAX_BODY_BYTES))).toMatchObject({ isBodyCut: false });
  });

  it('has no more than 8 KiB of headers, and a long one does not displace those after it', async () => {
    const flood = Array.from({ length: 60 }, (_, index) => `X-${index}: ${'v'.repeat(200)}`);
    const answer = await answered('', ['X-Long: '.padEnd(8_500, 'x'), ...flood.slice(0, 20)]);
    expect(answer?.headers.map(([name]) => name)).toEqual([
      ...Array.from({ length: 20 }, (_, index) => `X-${index}`),
      'Content-Length',
    ]);
    expect(answer?.areHeadersCut).toBe(true);
    const flooded = await answered('', flood);
    expect(flooded?.headers.flat().join('').length).toBeLessThanOrEqual(8_192);
    expect(flooded?.headers.length).toBeGreaterThan(35);
  });

  it('is kept as far as it came where it breaks off', async () => {
    const url = await listenAnswering(
      'HTTP/1.1 502 Bad\r\nServer: proxy\r\nContent-Length: 100\r\n\r\nupstream ',
      'end',
    );
    const answer = await answerAt(url);
    expect(answer).toMatchObject({ httpStatus: 502, bodyByteCount: 9, isBodyCut: true });
    expect(Buffer.from(answer?.body ?? []).toString()).toBe('upstream ');
    expect(answer?.headers[0]).toEqual(['Server', 'proxy']);
  });

  it('is kept as far as it was read where it does not end', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n';
    const answer = await answerAt(await listenAnswering(head + 'y'.repeat(200_000)));
    expect(answer).toMatchObject({ httpStatus: 200, isBodyCut: true });
    expect(answer?.body).toHaveLength(MAX_BODY_BYTES);
  });

  it('is not made up of interim answers, nor where none came', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n';
    const url = await listenAnswering(Buffer.concat([Buffer.from(hints), wire('no', ['X-Last: 1'])]));
    expect((await answerAt(url))?.headers[0]).toEqual(['X-Last', '1']);
    expect(await answerAt(await listenAnswering(hints, 'end'))).toBeUndefined();
    expect(await answerAt(await unusedUrl())).toBeUndefined();
    const endlessHead = `HTTP/1.1 500 no\r\n${'X-Flood: y\r\n'.repeat(20_000)}`;
    expect(await answerAt(await listenAnswering(endlessHead))).toBeUndefined();
    const { url: silent } = await listenTcp((socket) => socket.once('data', () => socket.destroy()));
    expect(await answerAt(silent)).toBeUndefined();
  });
});

describe('secrets', () => {
  const shown = async (...answer: Parameters<typeof wire>) => Buffer.from((await answered(...answer))?.body ?? []);

  it('that a receiver quotes in a header are hidden', async () => {
    const headers = [`X-Echo: Bearer ${TOKEN}`, `X-Signed-With: "${SECRET}"`];
    expect((await answered('', headers))?.headers.slice(0, 2)).toEqual([
      ['X-Echo', '[hidden]'],
      ['X-Signed-With', '"[hidden]"'],
    ]);
  });

  it.each(['Set-Cookie', 'set-cookie2', 'Proxy-Authenticate', 'Authentication-Info', 'X-Auth-Token', 'X-Api-Key'])(
    'of the receiver itself are hidden: %s',
    async (name) => {
      expect((await answered('', [`${name}: session=1`]))?.headers[0]).toEqual([name, '[hidden]']);
    },
  );

  it('are hidden in a body, in whatever form they are written', async () => {
    const written = [
      SECRET,
      SECRET.replaceAll('/', String.raw`\/`),
      encodeURIComponent(SECRET),
      `Bearer ${TOKEN}`,
      TOKEN,
      'query-secret',
    ];
    expect((await shown(written.join('\n'))).toString()).toBe(Array(6).fill('[hidden]').join('\n'));
  });

  it('are hidden among bytes that are no text, which stay as they are', async () => {
    const around = Buffer.from([0, 255, 254, 128]);
    const body = Buffer.concat([around, Buffer.from(TOKEN), around]);
    expect(await shown(body)).toEqual(Buffer.concat([around, Buffer.from('[hidden]'), around]));
  });

  it('are hidden where what is kept of a body ends within them', async () => {
    for (let before = MAX_BODY_BYTES - TOKEN.length - 2; before <= MAX_BODY_BYTES; before += 1) {
      const body = Buffer.from(`${'x'.repeat(before)}${TOKEN}${'x'.repeat(100)}`);
      const { body: kept } = keptAnswer(answerWith(body), SECRETS);
      expect(kept.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
      expect(Buffer.from(kept).toString().replaceAll('x', '')).toBe('[hidden]'.slice(0, MAX_BODY_BYTES - before));
    }
  });

  it('are hidden where an answer breaks off within them', async () => {
    const url = await listenAnswering(`HTTP/1.1 500 no\r\nContent-Length: 100\r\n\r\nno ${TOKEN.slice(0, 12)}`, 'end');
    expect(Buffer.from((await answerAt(url))?.body ?? []).toString()).toBe('no [hidden]');
  });

  it('are not seen in a whole body that ends like the beginning of one', async () => {
    expect((await shown('say Bearer')).toString()).toBe('say Bearer');
  });

  it('cannot be hidden in a compressed body, of which nothing is kept', async () => {
    const body = gzipSync(TOKEN);
    const answer = await answered(body, ['Content-Encoding: GZIP']);
    expect(answer).toMatchObject({ body: new Uint8Array(), bodyByteCount: body.length, isBodyCut: true });
    expect((await answered('plain', ['Content-Encoding: identity']))?.bodyByteCount).toBe(5);
  });

  it('are nowhere in what is kept, wherever a body has them', () => {
    const piece = fc.oneof(fc.constantFrom(...SECRETS.map(({ text }) => Buffer.from(text))), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const kept = keptAnswer(answerWith(Buffer.concat(pieces)), SECRETS);
        for (const { text } of SECRETS) expect(Buffer.from(kept.body).includes(text)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

function answerWith(body: Uint8Array): ReceivedAnswer {
  return { httpStatus: 500, headers: [], areHeadersCut: false, body, bodyByteCount: body.length, isBodyCut: false };
}
