import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { onTestFinished } from 'vitest';

/** A request on its way to a receiver. */
export interface Passing {
  readonly body: string;
  /** `chunk_number`, or `'completed'`. */
  readonly subject: number | 'completed';
  /** Ackstream-Attempt. */
  readonly attempt: number;
  /** Hands it to the receiver; its answer has been read to the end when this resolves. Rejects where there is none. */
  readonly forward: () => Promise<Answered>;
}

/** A receiver's answer. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** What becomes of a request: its answer, or null for a connection that breaks before the sender has one. */
export type Pass = (passing: Passing) => Promise<Answered | null>;

/** Starts a proxy before a receiver that lets a test decide on each request; its URL. */
export async function startLossyProxy(target: string, pass: Pass): Promise<string> {
  const server = createServer((incoming, response) => {
    void buffer(incoming).then(async (bytes) => {
      const body = bytes.toString();
      const { status, chunk_number: chunkNumber } = JSON.parse(body) as { status?: string; chunk_number: number };
      const answered = await pass({
        body,
        subject: status === undefined ? chunkNumber : 'completed',
        attempt: Number(incoming.headers['ackstream-attempt']),
        forward: () => forward(target, bytes, incoming.headers),
      });
      finish(response, answered);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { readonly port: number }).port}/`;
}

async function forward(target: string, body: Buffer, headers: IncomingHttpHeaders): Promise<Answered> {
  const { host: _, connection: __, ...rest } = headers;
  const response = await request(target, { method: 'POST', headers: rest, body, reset: true });
  return { status: response.statusCode, text: await response.body.text() };
}

function finish(response: ServerResponse, answered: Answered | null): void {
  if (answered === null) response.destroy();
  else response.writeHead(answered.status, { 'content-type': 'application/json' }).end(answered.text);
}
