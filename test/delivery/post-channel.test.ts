/*
 * Receivers that answer before they have read the request. Its bytes are in the sender's memory for as long as the operating system has not taken them, and
 * after an acknowledgement the sender writes over them.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPostChannel, DEFAULT_TIMEOUTS, type PostChannel } from '../../src/delivery/post-channel.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import { httpOk, listenTcp } from './receivers.ts';

/** More than the buffers of both ends of a loopback connection hold. */
const BODY_BYTES = 32 * 1024 * 1024;

function channelTo(url: string, timeouts = DEFAULT_TIMEOUTS): PostChannel {
  const guard = createUrlGuard({ allow: null, isLoopbackAllowed: true });
  const channel = createPostChannel({ url: new URL(url), guard, timeouts });
  onTestFinished(() => channel.close());
  return channel;
}

/** A receiver that answers the first bytes of a request at once and reads the others when its socket is resumed. */
async function listenHasty(answer: string) {
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  const receiver = await listenTcp((socket) => {
    resolve(socket);
    socket.once('data', () => {
      socket.pause();
      socket.write(answer);
    });
  });
  return { ...receiver, connected };
}

/** Resolves when an answer has been read to its end. */
function answerRead(): Promise<void> {
  return new Promise((resolve) => {
    const note = (): void => {
      unsubscribe('undici:request:trailers', note);
      resolve();
    };
    subscribe('undici:request:trailers', note);
  });
}

describe('a receiver that answers before it has read the request', () => {
  it('has acknowledged it only when all of it was handed over, and gets its bytes as they were', async () => {
    const receiver = await listenHasty(httpOk());
    const body = Buffer.alloc(BODY_BYTES, 'x');
    const read = answerRead();
    let isOver = false;
    const exchange = channelTo(receiver.url)
      .post({ headers: {}, body, signal: new AbortController().signal })
      .then((ended) => {
        isOver = true;
        body.fill('?');
        return ended;
      });
    await read;
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    expect(isOver).toBe(false);

    const socket = await receiver.connected;
    socket.resume();
    expect(await exchange).toMatchObject({ kind: 'answered', status: 200 });
    while (!isWhole(receiver.seen[0] ?? '')) await nextTurn();
    expect(receiver.seen[0]).not.toContain('?');
  });

  it('has acknowledged it though it never reads the rest, and takes the next over another connection', async () => {
    const receiver = await listenHasty(httpOk());
    const channel = channelTo(receiver.url, { ...DEFAULT_TIMEOUTS, unreadMs: 1 });
    const body = Buffer.alloc(BODY_BYTES, 'x');
    for (let post = 0; post < 3; post += 1) {
      const exchange = await channel.post({ headers: {}, body, signal: new AbortController().signal });
      expect(exchange).toMatchObject({ kind: 'answered', status: 200 });
    }
    expect(receiver.seen).toHaveLength(3);
  });

  it('is left where the attempt is given up meanwhile: nothing stands in the way of the next', async () => {
    const receiver = await listenHasty(httpOk());
    const channel = channelTo(receiver.url);
    const body = Buffer.alloc(BODY_BYTES, 'x');
    const read = answerRead();
    const given = new AbortController();
    const exchange = channel.post({ headers: {}, body, signal: given.signal });
    await read;
    given.abort();
    expect(await exchange).toMatchObject({ kind: 'unanswered', status: 200 });
    const next = await channel.post({ headers: {}, body: Buffer.from('{}'), signal: new AbortController().signal });
    expect(next).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('has refused it at once', async () => {
    const receiver = await listenHasty('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n');
    const body = Buffer.alloc(BODY_BYTES, 'x');
    const exchange = channelTo(receiver.url).post({ headers: {}, body, signal: new AbortController().signal });
    expect(await exchange).toMatchObject({ kind: 'answered', status: 413 });
  });
});

function isWhole(request: string): boolean {
  return request.length === request.indexOf('\r\n\r\n') + 4 + BODY_BYTES;
}
