import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  createPostChannel,
  DEFAULT_TIMEOUTS,
  type Exchange,
  type PostChannel,
} from '../../src/delivery/post-channel.ts';
import type { UrlGuard } from '../../src/egress/url-guard.ts';

/** A server at one port of every address of this machine, in both families, that nothing may reach. */
export interface Trap {
  readonly port: number;
  /** The bytes of each connection that was made, by whichever address. */
  readonly connections: readonly string[];
  /** The address of this machine at which each was made. */
  readonly addresses: readonly string[];
  /** Ends the connections that are open. */
  endAll(): void;
  /** Resolves when the connections that were made have ended. */
  allEnded(): Promise<void>;
}

/** Sets a trap; it answers like a receiver, so that whatever is let through is let through wholly. */
export async function setTrap(): Promise<Trap> {
  const connections: string[] = [];
  const addresses: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = connections.push('') - 1;
    addresses.push((socket.localAddress ?? '').replace(/^::ffff:/, ''));
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      connections[index] += bytes.toString('latin1');
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"ack":true}');
    });
  });
  server.listen(0, '::');
  await once(server, 'listening');
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    endAll();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const allEnded = async () => {
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
  };
  return { port, connections, addresses, endAll, allEnded };
}

/** A channel that is closed when the test has finished. */
export function channelTo(url: string, guard: UrlGuard): PostChannel {
  const channel = createPostChannel({ url: new URL(url), guard, timeouts: DEFAULT_TIMEOUTS });
  onTestFinished(() => channel.close());
  return channel;
}

/** What becomes of a POST. */
export function postOnce(channel: PostChannel): Promise<Exchange> {
  return channel.post({ headers: {}, body: Buffer.from('{}'), signal: new AbortController().signal });
}
