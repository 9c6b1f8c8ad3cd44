import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { OLDEST_TLS_VERSION, type TlsTrust } from './tls-trust.ts';
import type { GuardedRoute } from './url-guard.ts';

/** What a connection may be given beside its guard. */
export interface ConnectionOptions {
  /** For name, TCP and TLS, ms. */
  readonly timeout: number;
  /** Whose certificates are accepted; undefined: those of the authorities that Node trusts. */
  readonly trust?: TlsTrust | undefined;
}

/**
 * Connects plainly to where the guard lets it: no proxy of the environment, no socket of the file system, no HTTP/2 with its own rules of what was sent. Of a connection that
 * ends anywhere else nothing is used: it is destroyed before a byte of a request is written, and fails with CALLBACK_NOT_ALLOWED.
 */
export function guardedConnector(route: GuardedRoute, { timeout, trust }: ConnectionOptions): buildConnector.connector {
  const connect = buildConnector({
    lookup: route.lookup,
    timeout,
    allowH2: false,
    // Both are defaults, but ones that the environment and the command line of a process can turn off.
    rejectUnauthorized: true,
    minVersion: OLDEST_TLS_VERSION,
    ...(trust === undefined ? {} : { secureContext: trust }),
  });
  return (target, callback) =>
    connect(target, (...connected) => {
      if (connected[0] !== null) return callback(...connected);
      const [, socket] = connected;
      const failure = peerFailure(route, socket);
      if (failure === null) return callback(null, socket);
      socket.destroy();
      callback(failure, null);
    });
}

function peerFailure(route: GuardedRoute, socket: Socket): Error | null {
  // The other side was faster in closing it: no refusal, for nothing is known.
  if (socket.remoteAddress === undefined) return new Error('the connection ended as soon as it was made');
  try {
    route.checkPeer(socket);
    return null;
  } catch (refusal) {
    return refusal as Error;
  }
}
