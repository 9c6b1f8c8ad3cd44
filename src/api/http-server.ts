import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { ServiceError, toServiceError } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Connection } from './connection.ts';
import { type Problem, problemOf, toResponse } from './problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** What one client can make the service hold, and for how long. */
export interface ServerBounds {
  /** From the connection, or the answer before, until the headers are there. */
  readonly headersTimeoutMs: number;
  /** Until the body, of at most 1 MiB, is there too. */
  readonly requestTimeoutMs: number;
  /** How long a connection stays open between two requests. */
  readonly keepAliveTimeoutMs: number;
  /** How often the times are looked at. */
  readonly checkIntervalMs: number;
  readonly maxConnections: number;
  /** Then it is closed, and its client connects anew. */
  readonly maxRequestsPerConnection: number;
  /** Of the request line and the headers together. */
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
}

/** Generous to clients on bad lines. */
export const SERVER_BOUNDS: ServerBounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 5_000,
  checkIntervalMs: 1_000,
  maxConnections: 1_000,
  maxRequestsPerConnection: 1_000,
  maxHeaderBytes: 16 * 1024,
  maxHeaderCount: 100,
};

/** What a server needs. */
export interface HttpServerOptions {
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>;
  readonly logger: Logger;
  readonly bounds: ServerBounds;
}

/** A request and its answer, from the headers of the one to the last byte of the other. */
interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Where every answer begins, Node's own included. */
class SecureResponse<Incoming extends IncomingMessage> extends ServerResponse<Incoming> {
  constructor(...parameters: ConstructorParameters<typeof ServerResponse<Incoming>>) {
    super(...parameters);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) this.setHeader(name, value);
  }
}

/** The server of the API, not listening yet: it bounds what clients may hold, and answers with a problem document also what never becomes a request. */
export function createHttpServer({ fetch, logger, bounds }: HttpServerOptions): Server {
  const refuse = (error: ServiceError, socket?: Duplex): Problem => {
    const isOurs = error.code === 'INTERNAL';
    const fields = { code: error.code, reason: error.message, remote_address: remoteAddressOf(socket) };
    if (isOurs) logger.error('request.failed', { ...fields, stack: error.stack });
    else logger.info('request.refused', fields);
    const { headers, ...problem } = problemOf(error, null);
    // What comes after a request that was not understood may be anything.
    return { ...problem, headers: { ...headers, Connection: 'close' } };
  };
  const listener = getRequestListener(
    (request, { incoming }) => {
      const fault = faultOfHeaders(incoming.rawHeaders, bounds);
      return fault === null ? fetch(request, connectionOf(incoming)) : toResponse(refuse(fault, incoming.socket));
    },
    { errorHandler: (error) => toResponse(refuse(toRefusal(error))), overrideGlobalObjects: false },
  );
  const inFlight = new WeakMap<Duplex, Set<Exchange>>();
  const server = createServer(serverOptions(bounds), (incoming, outgoing) => {
    track(inFlight, { incoming, outgoing });
    void listener(incoming, outgoing);
  });
  server.maxConnections = bounds.maxConnections;
  server.maxRequestsPerSocket = bounds.maxRequestsPerConnection;
  // Node leaves out what is beyond without a word; one more shows that there is more.
  server.maxHeadersCount = bounds.maxHeaderCount + 1;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = refusalOf(error);
    if (refusal === null || !socket.writable || !isAnswerable(inFlight.get(socket))) socket.destroy();
    else socket.end(toWire(refuse(refusal, socket)), () => socket.destroy());
  });
  return server;
}

function serverOptions(bounds: ServerBounds): ServerOptions {
  return {
    ServerResponse: SecureResponse,
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    keepAliveTimeout: bounds.keepAliveTimeoutMs,
    connectionsCheckingInterval: bounds.checkIntervalMs,
    maxHeaderSize: bounds.maxHeaderBytes,
    insecureHTTPParser: false,
    // Node's own refusal would have no body; the listener refuses, too.
    requireHostHeader: false,
  };
}

/** What the parser lets pass. Which of several hosts is meant depends on who is asked (RFC 9112, 3.2). */
function faultOfHeaders(rawHeaders: readonly string[], { maxHeaderCount }: ServerBounds): ServiceError | null {
  const names = rawHeaders.filter((_text, index) => index % 2 === 0);
  if (names.length > maxHeaderCount) return new ServiceError('REQUEST_HEADERS_TOO_LARGE');
  if (names.filter((name) => name.toLowerCase() === 'host').length <= 1) return null;
  return new ServiceError('REQUEST_MALFORMED', { detail: 'It names several hosts.' });
}

function connectionOf({ socket }: Pick<IncomingMessage, 'socket'>): Connection {
  const { localAddress = '', localPort = 0 } = socket;
  return { remoteAddress: remoteAddressOf(socket), localAddress, localPort, breakOff: () => socket.destroy() };
}

/** '' where the client has gone. */
function remoteAddressOf(socket: Duplex | undefined): string {
  return socket instanceof Socket ? (socket.remoteAddress ?? '') : '';
}

/** A target or a host that is none is the client's; anything else is ours, for the API answers its own failures. */
function toRefusal(error: unknown): ServiceError {
  if (!(error instanceof RequestError)) return toServiceError(error);
  return new ServiceError('REQUEST_MALFORMED', { detail: `${error.message}.`, cause: error });
}

/** What the parser and the clock refuse; null: nobody is there to be told. */
function refusalOf({ code = '', message }: NodeJS.ErrnoException): ServiceError | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ServiceError('REQUEST_TIMEOUT');
  if (code === 'HPE_HEADER_OVERFLOW') return new ServiceError('REQUEST_HEADERS_TOO_LARGE');
  if (code.startsWith('HPE_')) return new ServiceError('REQUEST_MALFORMED', { detail: `${message}.` });
  return null;
}

function track(inFlight: WeakMap<Duplex, Set<Exchange>>, exchange: Exchange): void {
  const { socket } = exchange.incoming;
  const exchanges = inFlight.get(socket) ?? new Set();
  inFlight.set(socket, exchanges.add(exchange));
  exchange.outgoing.once('close', () => exchanges.delete(exchange));
}

/** Whether an answer to what arrives just now would be the next on the connection: else it would be taken for that to an earlier request. */
function isAnswerable(exchanges: ReadonlySet<Exchange> = new Set()): boolean {
  const [first, ...others] = exchanges;
  if (first === undefined) return true;
  return others.length === 0 && !first.incoming.complete && !first.outgoing.headersSent;
}

function toWire({ status, headers, body }: Problem): string {
  const fields = { ...SECURITY_HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
