import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of this machine that nothing listens on by now: for programs that must be told one, and keep it when they are started again. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
