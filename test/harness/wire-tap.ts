import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { onTestFinished } from 'vitest';

/** Headers of one connection, which the next makes for itself. */
const HOP_HEADERS: ReadonlySet<string> = new Set(['host', 'connection', 'content-length']);

/** A request as it came over the wire. */
export interface WireMessage {
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** Of a chunk its number, of COMPLETED its status, of a status event its status. */
  readonly subject: number | string;
}

/** An answer that is given instead of the receiver's. */
export interface WireAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sees a message before the receiver does; a promise holds it back, an answer takes the receiver's place. */
export type Interceptor = (
  message: WireMessage,
  index: number,
) => undefined | WireAnswer | Promise<undefined | WireAnswer>;

/** A server between the service and its receiver. */
export interface WireTap {
  readonly url: string;
  /** Every message, in the order in which they came. */
  readonly messages: readonly WireMessage[];
  /** Which chunks came, in order; COMPLETED by its name. */
  readonly subjects: () => (number | string)[];
}

/** Listens on a port of its own and passes on to `target` what the interceptor does not answer. Without a target, everything is acknowledged. */
export async function startWireTap(target: string | null, intercept?: Interceptor): Promise<WireTap> {
  const messages: WireMessage[] = [];
  const answer = async (headers: IncomingHttpHeaders, bytes: Buffer): Promise<WireAnswer> => {
    const message = { headers, bytes, subject: subjectOf(bytes) };
    const index = messages.push(message) - 1;
    return (await intercept?.(message, index)) ?? passOn(message, target);
  };
  const server = createServer((incoming, outgoing) => {
    void buffer(incoming)
      .then((bytes) => answer(incoming.headers, bytes))
      .then(({ status, headers = {}, body = '' }) => outgoing.writeHead(status, headers).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  return { url, messages, subjects: () => messages.map((message) => message.subject) };
}

function subjectOf(bytes: Buffer): number | string {
  const body = JSON.parse(bytes.toString('utf8')) as { chunk_number: number; status?: string };
  return body.status ?? body.chunk_number;
}

async function passOn({ headers, bytes }: WireMessage, target: string | null): Promise<WireAnswer> {
  if (target === null) return { status: 200, body: '{"ack":true}' };
  const passed = Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name));
  const answer = await request(target, { method: 'POST', headers: Object.fromEntries(passed), body: bytes });
  return {
    status: answer.statusCode,
    headers: { 'content-type': 'application/json' },
    body: await answer.body.text(),
  };
}
