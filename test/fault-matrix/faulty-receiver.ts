import type { IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { encodeAnswer } from '../../mock-receiver/answer.ts';
import { readDeliveryHeaders } from '../../mock-receiver/delivery-headers.ts';
import type { ChunkMessage, CompletionMessage } from '../../mock-receiver/message.ts';
import { readMessage } from '../../mock-receiver/message.ts';
import { receive } from '../../mock-receiver/receive.ts';
import type { ReceiverStore } from '../../mock-receiver/receiver-store.ts';
import { CONTEXTS } from './certificates.ts';
import type { Wire } from './fault.ts';
import { httpAnswer } from './wires.ts';

/** A whole request, as it came in. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a receiver is made from. */
export interface FaultyReceiverOptions {
  readonly wire: Wire;
  /** Where it keeps what it accepts. */
  readonly store: ReceiverStore;
  /** The `whsec_` secret that it checks signatures with. */
  readonly secret: string;
  /** The sender's wall clock, ms. */
  readonly now: () => number;
}

/** The reference receiver over bare sockets, which misbehaves for as long as it is told to. */
export class FaultyReceiver {
  /** Whether the next connection or request is struck. */
  isStriking = false;
  readonly requests: ReceivedRequest[] = [];
  readonly #options: FaultyReceiverOptions;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #endPreparation = async (): Promise<void> => undefined;

  constructor(options: FaultyReceiverOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Listens on a port of the system's choosing, and gives that. */
  async start(): Promise<number> {
    const { wire } = this.#options;
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    // Listening on TCP, so the address is no path.
    const { port } = this.#server.address() as AddressInfo;
    if (wire.at === 'lookup' && wire.prepare !== undefined) this.#endPreparation = await wire.prepare(port);
    return port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
    await this.#endPreparation();
  }

  /** What the other side has not noticed yet when it writes its next request. */
  resetIdleConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #accept(socket: Socket): void {
    const { wire } = this.#options;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    if (wire.at === 'connection' && this.isStriking) {
      wire.onConnection(socket);
      return;
    }
    if (wire.at === 'idle' && this.isStriking) {
      socket.once('data', () => socket.resetAndDestroy());
      return;
    }
    const isSecure = wire.at === 'connection' && wire.scheme === 'https';
    const stream = isSecure ? new TLSSocket(socket, { isServer: true, secureContext: CONTEXTS.sound }) : socket;
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
    onEachRequest(stream, (request) => this.#answer(stream, request));
  }

  #answer(socket: Socket, request: ReceivedRequest): void {
    const { wire, store, secret, now } = this.#options;
    this.requests.push(request);
    const message = readMessage(request.body);
    if (message.kind === 'unreadable') throw new Error(`not the protocol's: ${request.body.toString()}`);
    const isStruck = this.isStriking && wire.at === 'answer';
    if (isStruck && !wire.isStored) {
      wire.answer({ ...this.#struck(socket, message), ack: ackOf(message) });
      return;
    }
    const delivery = { message, body: request.body, headers: readDeliveryHeaders(request.headers) };
    const answer = store.transaction(() => receive(delivery, { store, secret, nowSeconds: Math.floor(now() / 1000) }));
    const { text } = encodeAnswer(answer);
    if (isStruck) wire.answer({ ...this.#struck(socket, message), ack: text });
    else if (wire.at === 'connection' || wire.at === 'lookup') {
      socket.end(httpAnswer(answer.httpStatus, text, { connection: 'close' }));
    } else socket.write(httpAnswer(answer.httpStatus, text));
  }

  #struck(socket: Socket, message: ChunkMessage | CompletionMessage) {
    const { store, now } = this.#options;
    const { ingestionId } = message;
    return {
      socket,
      ingestionId,
      chunkNumber: message.chunkNumber,
      now: now(),
      forget: (fromChunkNumber: number) => store.forget(ingestionId, fromChunkNumber),
    };
  }
}

function ackOf({ ingestionId, ...message }: ChunkMessage | CompletionMessage): string {
  return JSON.stringify({ ack: true, ingestion_id: ingestionId, chunk_number: message.chunkNumber, error: null });
}

/** Calls back with each whole request that has come in. */
function onEachRequest(socket: Socket, react: (request: ReceivedRequest) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on('data', (part: Buffer) => {
    bytes = Buffer.concat([bytes, part]);
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const [requestLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const end = headEnd + 4 + Number(headers['content-length']);
    if (bytes.length < end) return;
    const body = bytes.subarray(headEnd + 4, end);
    bytes = bytes.subarray(end);
    react({ path: requestLine.split(' ')[1] ?? '', headers, body });
  });
}
