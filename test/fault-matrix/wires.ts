/** What the rows of the matrix are made of: misbehaviour on the wire, each a few lines over a bare socket. */
import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Struck, Wire } from './fault.ts';

type Headers = Readonly<Record<string, string>>;

/** Slow enough to keep a machine idle, fast enough to have sent a lot before a deadline. */
const DRIP_INTERVAL_MS = 20;

/** A complete answer whose body acknowledges: only the status is at fault. `isStored`: the receiver has the chunk all the same. */
export function answers(
  status: number,
  options: { readonly headers?: Headers | ((struck: Struck) => Headers); readonly isStored?: boolean } = {},
): Wire {
  const { headers = {}, isStored = false } = options;
  return onRequest({ isStored }, (struck) => {
    const own = typeof headers === 'function' ? headers(struck) : headers;
    struck.socket.write(httpAnswer(status, status === 204 ? '' : struck.ack, own));
  });
}

/** 200 with another body, by default of a receiver that has the chunk: only its words are at fault. */
export function says(
  body: (struck: Struck) => string | Buffer,
  { headers = {}, isStored = true }: { readonly headers?: Headers; readonly isStored?: boolean } = {},
): Wire {
  return onRequest({ isStored }, (struck) => struck.socket.write(httpAnswer(200, body(struck), headers)));
}

/** An acknowledgement that says more than `ack`; `chunksOff`: it is of another chunk. */
export function ackWith({
  chunksOff,
  ...members
}: {
  readonly chunksOff?: number;
  readonly [member: string]: unknown;
}) {
  return ({ chunkNumber }: Struck): string => {
    const chunk = chunksOff === undefined ? {} : { chunk_number: chunkNumber + chunksOff };
    return JSON.stringify({ ack: true, ...chunk, ...members });
  };
}

/** These bytes in place of an answer; `keep`: the connection stays open, and nobody knows what for. */
export function writes(bytes: string, then: 'end' | 'keep' | 'nothing' = 'nothing'): Wire {
  return onRequest({ isStored: true, isSlow: then === 'keep' }, ({ socket }) => {
    socket.write(bytes);
    if (then === 'end') socket.end();
  });
}

/** An answer that goes on with the same bytes as fast as they are taken. */
export function floods(head: string, bytes: string): Wire {
  return onRequest({ isStored: true }, ({ socket }) => {
    socket.write(head);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.on('drain', pour);
    pour();
  });
}

/** An answer that goes on with the same bytes, slowly. */
export function drips(head: string, bytes: string): Wire {
  return onRequest({ isStored: true, isSlow: true }, ({ socket }) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(bytes), DRIP_INTERVAL_MS);
    socket.on('close', () => clearInterval(timer));
  });
}

/** RST in place of an answer. */
export function resets({ isStored }: { readonly isStored: boolean }): Wire {
  return onRequest({ isStored }, ({ socket }) => socket.resetAndDestroy());
}

/** A receiver that was restored from a backup without its newest chunk, and says so. */
export const LOSES_A_CHUNK: Wire = onRequest({ isStored: false }, ({ socket, chunkNumber, forget }) => {
  const expectedChunk = Math.max(0, chunkNumber - 1);
  forget(expectedChunk);
  socket.write(httpAnswer(409, JSON.stringify({ ack: false, expected_chunk: expectedChunk })));
});

export const RESETS_AT_FIRST_BYTE: Wire = onConnection((socket) => socket.once('data', () => socket.resetAndDestroy()));

/** An `https` URL, behind which somebody accepts and is silent. */
export const SAYS_NOTHING: Wire = { ...onConnection(() => undefined, 'https'), isSlow: true };

/** An `https` URL, behind which somebody speaks HTTP without TLS. */
export const PLAIN_HTTP: Wire = onConnection(
  (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'https',
);

/** An `https` URL, behind which a server shakes hands in this way. */
export function handshake(secureContext: SecureContext): Wire {
  return onConnection((socket) => {
    new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => socket.destroy());
  }, 'https');
}

/** The name means this address, on the same port. */
export function leadsTo(
  address: string,
  more: { readonly isSlow?: boolean; readonly prepare?: (port: number) => Promise<() => Promise<void>> } = {},
): Wire {
  const addresses: readonly LookupAddress[] = [{ address, family: 4 }];
  return { isSlow: false, ...more, at: 'lookup', resolve: async () => addresses };
}

/** Resolving ends with an error of the resolver's. */
export function doesNotResolve(code: string): Wire {
  const error = Object.assign(new Error(`getaddrinfo ${code}`), { code });
  return { at: 'lookup', isSlow: false, resolve: () => Promise.reject(error) };
}

/** Resolving never ends. */
export const RESOLVES_NEVER: Wire = {
  at: 'lookup',
  isSlow: true,
  resolve: () => Promise.withResolvers<readonly LookupAddress[]>().promise,
};

function onRequest(
  { isStored, isSlow = false }: { readonly isStored: boolean; readonly isSlow?: boolean },
  answer: (struck: Struck) => void,
): Wire {
  return { at: 'answer', isStored, isSlow, answer };
}

function onConnection(
  act: (socket: Socket) => void,
  scheme: 'http' | 'https' = 'http',
): Extract<Wire, { at: 'connection' }> {
  return { at: 'connection', scheme, isSlow: false, onConnection: act };
}

/** An answer of HTTP/1.1 with its length, unless the headers tell another. */
export function httpAnswer(status: number, body: string | Buffer, headers: Headers = {}): Buffer {
  const content = Buffer.from(body);
  const length = status === 204 ? {} : { 'content-length': String(content.length) };
  const lines = Object.entries({ ...length, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n`), content]);
}
