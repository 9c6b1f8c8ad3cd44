/** Receivers of all kinds on loopback ports of the system's choosing; all are closed after each test. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { findFreePort } from '../harness/free-port.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A request as a receiver saw it. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Something to post to. */
export interface TestReceiver<Seen> {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** An HTTP server that answers each request, read to its end, by `answer`. */
export async function listenHttp(
  answer: (response: ServerResponse, request: SeenRequest) => void,
): Promise<TestReceiver<SeenRequest>> {
  const seen: SeenRequest[] = [];
  const server = createHttpServer((message, response) => {
    const parts: Buffer[] = [];
    message.on('error', () => undefined);
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('end', () => {
      const { method, url: path, headers } = message;
      const request = { method, path, headers, body: Buffer.concat(parts) };
      seen.push(request);
      answer(response, request);
    });
  });
  return { url: await listen(server), seen };
}

/** A TCP server; `seen` holds what came in, a text per connection. */
export async function listenTcp(onConnection: (socket: Socket, index: number) => void): Promise<TestReceiver<string>> {
  const seen: string[] = [];
  const server = createTcpServer((socket) => {
    const index = seen.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      seen[index] += part.toString('latin1');
    });
    onConnection(socket, index);
  });
  return { url: await listen(server), seen };
}

/** Calls back each time that a whole request has come in. */
export function onEachRequest(socket: Socket, react: (requestIndex: number) => void): void {
  let text = '';
  let requestIndex = 0;
  socket.on('data', (part) => {
    text += part.toString('latin1');
    const headLength = text.indexOf('\r\n\r\n') + 4;
    const bodyLength = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (headLength < 4 || text.length < headLength + bodyLength) return;
    text = text.slice(headLength + bodyLength);
    react(requestIndex++);
  });
}

/** A receiver that answers every request with these bytes and leaves the connection to `then`. */
export async function listenAnswering(
  bytes: string | Buffer,
  then: 'keep' | 'end' | 'reset' = 'keep',
): Promise<string> {
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

/** An HTTP answer with this body. */
export function httpOk(body = '{"ack":true}'): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** A loopback port at which nobody listens. */
export async function unusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await findFreePort()}/callback`;
}

function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      // Listening on TCP, so the address is no path.
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}/callback`);
    });
  });
}
