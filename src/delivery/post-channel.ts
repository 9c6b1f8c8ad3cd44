/*
 * One origin, one connection, one POST at a time, everything within bounds. The one thing that its callers must be able to tell is
 * whether a byte may have reached the other side: `isBegun` turns true in the same tick in which undici writes the request's head to an
 * open connection. Before that nothing was sent, whatever the error is called; after that it may have been, also where a kept-alive
 * connection was reset before any answer.
 */
import type { Socket } from 'node:net';
import { Client, type Dispatcher, request } from 'undici';
import { connectionFailureText } from '../egress/connection-failure.ts';
import { guardedConnector } from '../egress/guarded-connector.ts';
import type { TlsTrust } from '../egress/tls-trust.ts';
import type { GuardedRoute, UrlGuard } from '../egress/url-guard.ts';
import { ServiceError } from '../errors.ts';

/** Deadlines of one POST, ms. */
export interface PostTimeouts {
  /** Name, TCP and TLS. */
  readonly connectMs: number;
  /** From the request's first byte to the answer's complete head. */
  readonly headersMs: number;
  /** Over everything: an answer that drips is bounded by nothing else. */
  readonly totalMs: number;
  /** From a whole 2xx until the request is read. */
  readonly unreadMs: number;
}

/** The deadlines of docs/protocol.md. */
export const DEFAULT_TIMEOUTS: PostTimeouts = {
  connectMs: 5_000,
  headersMs: 60_000,
  totalMs: 120_000,
  unreadMs: 5_000,
};

/** Most bytes of an answer's body that are read. An acknowledgement has some hundred. */
export const MAX_ANSWER_BYTES = 65_536;

/**
 * Most bytes of an answer on the wire: head, body, and what may stand around them without end, such as interim answers, empty lines and the extensions of
 * chunks. A receiver that sends them as fast as it can would otherwise keep this thread busy until the deadline.
 */
const MAX_WIRE_BYTES = 1_048_576;

/** Those below are interim: the answer is yet to come. */
const FIRST_FINAL_STATUS = 200;

const GIVEN_UP = 'the attempt was given up';

/** As much of an answer as came. Its bytes are not copied. */
export interface PartialAnswer {
  readonly status: number;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly Uint8Array[];
  readonly body: Uint8Array;
}

/** What became of one POST. A 2xx is `answered` only when the whole request was handed to the operating system, or its connection was cut. */
export type Exchange =
  | (PartialAnswer & {
      readonly kind: 'answered';
      readonly retryAfter: string | null;
      readonly contentEncoding: string | null;
    })
  /** The guard does not let this URL be called; nothing was sent. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The connection was never made; nothing was sent. */
  | { readonly kind: 'not-connected'; readonly reason: string }
  /** Sent, or partly sent, without a complete answer; `status` and what came of it where at least its head did. */
  | {
      readonly kind: 'unanswered';
      readonly reason: string;
      readonly status: number | null;
      readonly received?: PartialAnswer;
    };

/** One POST. */
export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  /** Not copied; not looked at any more after a 2xx. */
  readonly body: Uint8Array;
  /** Aborted: ends at once as `unanswered`. */
  readonly signal: AbortSignal;
  /** Called when the whole request was handed to the operating system and nothing of an answer was read yet. */
  readonly onSent?: () => void;
}

/** Posts to one URL. Whatever networks do is an {@link Exchange}. */
export interface PostChannel {
  post(post: Post): Promise<Exchange>;
  /** Cuts the connection; a POST under way ends. */
  close(): Promise<void>;
}

/** Opens nothing yet: the first POST connects. `url` is absolute; the guard is asked before each POST and for each connection. */
export function createPostChannel(options: {
  readonly url: URL;
  readonly guard: UrlGuard;
  readonly timeouts: PostTimeouts;
  /** Whose certificates are accepted; undefined: those of the authorities that Node trusts. */
  readonly trust?: TlsTrust | undefined;
}): PostChannel {
  const { url, guard, timeouts } = options;
  const route = guard.routeTo(url);
  let connection: Connection | undefined;
  return {
    async post(post) {
      if (post.signal.aborted) return { kind: 'unanswered', reason: GIVEN_UP, status: null };
      try {
        checkRoute(route, connection?.socket ?? null);
      } catch (error) {
        return { kind: 'refused', reason: connectionFailureText(error) };
      }
      // Made by the first POST that the guard lets pass: undici throws for URLs that are not http(s).
      connection ??= createConnection(options, route);
      return exchange(connection, url, post, timeouts);
    },

    async close() {
      await connection?.client.destroy();
    },
  };
}

/** A client and the one connection that it has at a time; null before the first. */
interface Connection {
  readonly client: Client;
  socket: Socket | null;
  /** What the connection had brought when the POST under way began. */
  bytesBefore: number;
}

/** Throws where the guard no longer lets the URL be called, or the connection that is kept open for it be used; that is cut then. */
function checkRoute(route: GuardedRoute, socket: Socket | null): void {
  route.checkForm();
  if (socket === null || socket.destroyed) return;
  try {
    route.checkPeer(socket);
  } catch (refusal) {
    socket.destroy();
    throw refusal;
  }
}

function createConnection(options: Parameters<typeof createPostChannel>[0], route: GuardedRoute): Connection {
  const { url, timeouts, trust } = options;
  const connect = guardedConnector(route, { timeout: timeouts.connectMs, trust });
  const client = new Client(url.origin, {
    connect: (target, callback) =>
      connect(target, (...connected) => {
        const [, socket] = connected;
        connection.socket = socket;
        connection.bytesBefore = 0;
        socket?.on('readable', () => cutFlood(socket, connection.bytesBefore));
        callback(...connected);
      }),
    allowH2: false,
    pipelining: 1,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.totalMs,
    maxResponseSize: MAX_ANSWER_BYTES,
    strictContentLength: true,
  });
  const connection: Connection = { client, socket: null, bytesBefore: 0 };
  return connection;
}

function cutFlood(socket: Socket, bytesBefore: number): void {
  if (socket.bytesRead - bytesBefore <= MAX_WIRE_BYTES) return;
  socket.destroy(new Error(`the answer is longer than ${MAX_WIRE_BYTES} bytes`));
}

async function exchange(connection: Connection, url: URL, post: Post, timeouts: PostTimeouts): Promise<Exchange> {
  const progress: Progress = { isBegun: false, head: null, bodyParts: [] };
  const deadline = startDeadline(post.signal, timeouts.totalMs);
  connection.bytesBefore = connection.socket?.bytesRead ?? 0;
  try {
    // undici hears an abort only once the connection is made, so the deadline also has a voice of its own. What it leaves behind is
    // never written: undici drops an aborted request when its connection comes.
    return await Promise.race([
      send(connection, url, { ...post, signal: deadline.signal }, { progress, unreadMs: timeouts.unreadMs }),
      deadline.expired,
    ]);
  } catch (error) {
    const reason = connectionFailureText(error);
    if (error instanceof ServiceError) return { kind: 'refused', reason };
    // undici leaves the connection alone once it has read an answer to its end, though bytes of the request may stand in it yet.
    if (progress.isBegun) connection.socket?.destroy();
    if (progress.isBegun || post.signal.aborted) return unanswered(reason, progress);
    return { kind: 'not-connected', reason };
  } finally {
    deadline.end();
  }
}

/** How far a POST came. */
interface Progress {
  isBegun: boolean;
  /** Of the answer. */
  head: Pick<PartialAnswer, 'status' | 'rawHeaders'> | null;
  /** What came of its body: at most {@link MAX_ANSWER_BYTES}, beyond which undici ends the answer. */
  readonly bodyParts: Uint8Array[];
}

function unanswered(reason: string, { head, bodyParts }: Progress): Exchange {
  if (head === null) return { kind: 'unanswered', reason, status: null };
  return { kind: 'unanswered', reason, status: head.status, received: { ...head, body: Buffer.concat(bodyParts) } };
}

async function send(
  connection: Connection,
  url: URL,
  post: Post,
  { progress, unreadMs }: { readonly progress: Progress; readonly unreadMs: number },
): Promise<Exchange> {
  const answer = await request(url, {
    dispatcher: connection.client.compose(watchProgress(progress, post.onSent)),
    method: 'POST',
    headers: post.headers,
    body: post.body,
    signal: post.signal,
  });
  const body = await answer.body.bytes();
  if (answer.statusCode < 300 && connection.socket !== null) await flushedOrCut(connection.socket, unreadMs);
  return {
    kind: 'answered',
    status: answer.statusCode,
    rawHeaders: progress.head?.rawHeaders ?? [],
    retryAfter: firstOf(answer.headers['retry-after']),
    contentEncoding: firstOf(answer.headers['content-encoding']),
    body,
  };
}

/**
 * Resolves when the operating system has all that was written, or the connection has ended. Some receivers answer before they have read everything,
 * and the sender writes over a body that it takes for delivered. One that does not read the rest either, since it knows the chunk, has its connection cut:
 * whatever was written there next would stand behind those bytes for ever.
 */
async function flushedOrCut(socket: Socket, unreadMs: number): Promise<void> {
  if (socket.writableLength === 0 || socket.destroyed) return;
  const { promise: flushed, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => socket.destroy(), unreadMs);
  socket.once('close', resolve);
  // Writes are finished in order, an empty one after those before it.
  socket.write('', () => resolve());
  await flushed;
  clearTimeout(timer);
  socket.off('close', resolve);
}

/** An interceptor that notes when the request is about to be written, and what comes of an answer. */
function watchProgress(progress: Progress, onSent: Post['onSent']): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        progress.isBegun = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestSent: () => onSent?.(),
      onResponseStart(controller, status, ...head) {
        if (status >= FIRST_FINAL_STATUS) progress.head = { status, rawHeaders: rawHeadersOf(controller) };
        handler.onResponseStart?.(controller, status, ...head);
      },
      onResponseData(controller, part) {
        progress.bodyParts.push(part);
        handler.onResponseData?.(controller, part);
      },
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
}

/** Of answers that came over a connection undici gives the bytes, of others, which are none of ours, texts. */
function rawHeadersOf({ rawHeaders }: Dispatcher.DispatchController): readonly Uint8Array[] {
  return Array.isArray(rawHeaders) ? rawHeaders.filter((part) => typeof part !== 'string') : [];
}

/** The end of a POST that did not end by itself. */
interface Deadline {
  readonly signal: AbortSignal;
  /** Rejects when the signal is aborted. */
  readonly expired: Promise<never>;
  /** To be called when the POST has ended. */
  end(): void;
}

/** Expires with the caller's signal or after `totalMs`. */
function startDeadline(caller: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const expire = (reason: string): void => {
    controller.abort(new Error(reason));
    reject(controller.signal.reason);
  };
  const onAbort = (): void => expire(GIVEN_UP);
  const timer = setTimeout(() => expire(`no complete answer within ${totalMs} ms`), totalMs);
  caller.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    expired,
    end() {
      clearTimeout(timer);
      caller.removeEventListener('abort', onAbort);
    },
  };
}

function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
