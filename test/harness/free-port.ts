import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to whoever does not ask for a port: Linux from 32768 on, others from 49152. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

/** Where this process looks next: others of the same tests begin elsewhere. */
let nextOffset = (process.pid * 31) % PORT_COUNT;

/** A port of this machine that nothing listens on by now, nor will by chance: for programs that must be told one, and keep it when they are started again. */
export async function findFreePort(): Promise<number> {
  for (let tried = 0; tried < PORT_COUNT; tried += 1) {
    const port = FIRST_PORT + nextOffset;
    nextOffset = (nextOffset + 1) % PORT_COUNT;
    if (await isFree(port)) return port;
  }
  throw new Error(`all ports from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} are taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    // Taken, or closed to us.
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
