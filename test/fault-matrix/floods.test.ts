/*
 * Answers that never end, as fast as they can be sent. An acknowledgement has some hundred bytes: what a receiver sends far beyond is cut by its length, wherever in an
 * answer it stands, costs no memory, and ends with the connection, not only with the attempt. Slow ones meet the deadline of the attempt.
 */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES } from '../../src/delivery/post-channel.ts';
import { destinationAt } from '../delivery/destinations.ts';
import { httpOk, listenTcp, onEachRequest } from '../delivery/receivers.ts';
import { sampleChunk, sampleContext } from '../delivery/sample-delivery.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';

/** What the buffers of both ends of a connection hold, with what is read until the cut. */
const MOST_BYTES_TAKEN = 16 * 1024 ** 2;
const MOST_BYTES_KEPT = 8 * 1024 ** 2;

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** Writes the same bytes as fast as they are taken. */
function pour(socket: Socket, bytes: string): void {
  const block = bytes.repeat(Math.ceil(65_536 / bytes.length));
  const write = (): void => {
    while (!socket.destroyed && socket.write(block, 'latin1'));
  };
  socket.on('drain', write);
  write();
}

/** One attempt at a receiver that begins with `head` and then pours; when it is over, and the connection is too. */
async function drown(head: string, bytes: string) {
  const cut = Promise.withResolvers<number>();
  const receiver = await listenTcp((socket) => {
    socket.on('close', () => cut.resolve(socket.bytesWritten));
    onEachRequest(socket, () => {
      socket.write(head);
      pour(socket, bytes);
    });
  });
  // Not closed before the test is over: what cuts the connection is the end of the attempt alone.
  const destination = destinationAt(receiver.url);
  const bytesBefore = bytesInUse();
  const outcome = await destination.attempt(sampleChunk(), sampleContext());
  const bytesTaken = await cut.promise;
  return { outcome, bytesTaken, bytesKept: bytesInUse() - bytesBefore };
}

function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('many answers on one connection are no flood', async () => {
  const answer = httpOk('{"ack":true}'.padEnd(MAX_ANSWER_BYTES));
  const receiver = await listenTcp((socket) => onEachRequest(socket, () => socket.write(answer)));
  const destination = destinationAt(receiver.url);
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    expect(await destination.attempt(sampleChunk(), sampleContext({ attempt }))).toEqual({ kind: 'acknowledged' });
  }
  expect(receiver.seen).toHaveLength(1);
});

describe('an answer without end', () => {
  it.each<[string, string, string]>([
    ['a body of 1 GB', `${OK}content-length: 1000000000\r\n\r\n`, ' '],
    ['a body without a length', `${OK}\r\n`, ' '],
    ['a body in chunks', CHUNKED, '1000\r\n'.padEnd(4_096 + 6, 'x').concat('\r\n')],
    ['a body in chunks of a byte', CHUNKED, '1\r\nx\r\n'],
    ['a header', `${OK}x: `, 'y'],
    ['headers', OK, 'x: y\r\n'],
    ['trailers', `${CHUNKED}c\r\n{"ack":true}\r\n0\r\n`, 'x: y\r\n'],
    ['100 Continue', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['102 Processing', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103 Early Hints', '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n'],
    ['empty lines ahead of it', '', '\r\n'],
    ['a reason phrase', 'HTTP/1.1 200 ', 'y'],
    ['the extension of a chunk', `${CHUNKED}c;`, 'y'],
  ])('is cut by its length: %s', async (_name, head, bytes) => {
    const { outcome, bytesTaken, bytesKept } = await drown(head, bytes);
    expect(outcome.kind).toBe('unknown');
    expect(bytesTaken).toBeLessThan(MOST_BYTES_TAKEN);
    expect(bytesKept).toBeLessThan(MOST_BYTES_KEPT);
  });
});
