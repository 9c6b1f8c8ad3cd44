import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Another address of this machine than the receivers', so that their ports are free there. */
export const BLACKHOLE_ADDRESS = '127.0.0.3';

/** A backlog of one holds two connections; the system drops what else asks for one. */
const CONNECTIONS_TO_FILL = 2;

/** Listens and never returns to its event loop, so that nothing is ever accepted. */
const LISTEN_AND_STOP = `
const { parentPort, workerData } = require('node:worker_threads');
require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage('listening');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** A port at which connections are neither made nor refused: its backlog is full. Gives what ends it. */
export async function openBlackhole(port: number): Promise<() => Promise<void>> {
  const address = { host: BLACKHOLE_ADDRESS, port };
  const worker = new Worker(LISTEN_AND_STOP, { eval: true, workerData: address });
  await once(worker, 'message');
  const sockets: Socket[] = [];
  for (let index = 0; index < CONNECTIONS_TO_FILL; index += 1) {
    const socket = connect(address);
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  return async () => {
    for (const socket of sockets) socket.destroy();
    await worker.terminate();
  };
}
