/*
 * Headers that a request wants to be sent along: none of them may end the request, begin another, or say how it is to be read.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import { callbackHeaderProblems } from '../../src/protocol/callback-headers.ts';
import { httpOk, listenTcp, onEachRequest } from '../delivery/receivers.ts';
import { channelTo } from './trap.ts';

const FRAMING = [
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Upgrade',
  'Expect',
  'HTTP2-Settings',
  'Content-Encoding',
  'Content-Type',
  'Idempotency-Key',
  'Webhook-Signature',
  'Ackstream-Epoch',
];

const spelledOut = (name: string) => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  `_${name}`.slice(1),
];

describe('a header that a request brings', () => {
  it('is none of those that say what the message is, in no spelling that a server takes for them', () => {
    for (const name of FRAMING.flatMap(spelledOut))
      expect(callbackHeaderProblems({ [name]: '0' }), name).toHaveLength(1);
  });

  it('has no character in it that could end it', () => {
    for (const bad of [
      '\r\n',
      '\n',
      '\r',
      '\0',
      '\u0085',
      '\u2028',
      'ć',
      '嘊',
      '嘍',
      '\u010d\u010a',
      '\x7f',
      '\x0b',
      '😀',
    ]) {
      expect(callbackHeaderProblems({ 'X-A': `a${bad}X-Injected: 1` }), JSON.stringify(bad)).toHaveLength(1);
      expect(callbackHeaderProblems({ [`X-A${bad}`]: 'a' }), JSON.stringify(bad)).toHaveLength(1);
    }
    for (const name of ['X A', 'X-A:', ' X-A', 'X-A ', 'X-A\t', ':method', 'X(A)', '', 'X"A"', 'X/A'])
      expect(callbackHeaderProblems({ [name]: 'a' }), name).toHaveLength(1);
  });

  it('arrives as it is or is refused, and the request stays the only one', async () => {
    const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(httpOk())));
    const guard = createUrlGuard({ allow: null, isLoopbackAllowed: true });
    const text = fc.oneof(
      fc.string({ unit: 'grapheme-ascii' }),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\r', '\n', ':', ' ', 'a', '-', '_') }),
    );
    const name = fc.oneof(text, fc.constantFrom(...FRAMING), fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/));
    let sentCount = 0;
    await fc.assert(
      fc.asyncProperty(name, text, async (headerName, value) => {
        const headers = { [headerName]: value };
        if (callbackHeaderProblems(headers).length > 0) return;
        const channel = channelTo(receiver.url, guard);
        const exchange = await channel.post({ headers, body: Buffer.from('{}'), signal: new AbortController().signal });
        await channel.close();
        expect(exchange.kind).toBe('answered');
        sentCount += 1;
        expect(receiver.seen).toHaveLength(sentCount);
        const [head = '', body] = (receiver.seen.at(-1) ?? '').split('\r\n\r\n');
        expect(body).toBe('{}');
        const lines = head.split('\r\n').slice(1);
        expect(lines.filter((line) => line.toLowerCase().startsWith(`${headerName.toLowerCase()}: `))).toEqual([
          `${headerName}: ${value}`,
        ]);
        expect(lines).toHaveLength(4);
      }),
      { numRuns: 300 },
    );
    expect(sentCount).toBeGreaterThan(20);
  });
});
