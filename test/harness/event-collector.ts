import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A status event as it arrived. */
export interface ReceivedEvent {
  readonly key: string | undefined;
  readonly body: { readonly status: string; readonly ingestion_id: string };
}

/** Starts a server that takes status events and keeps them. */
export async function startEventCollector(): Promise<{ readonly url: string; readonly received: ReceivedEvent[] }> {
  const received: ReceivedEvent[] = [];
  const server = createServer(async (request, response) => {
    const parts = await request.toArray();
    const key = request.headers['idempotency-key'];
    received.push({ key: key?.toString(), body: JSON.parse(Buffer.concat(parts).toString('utf8')) });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received };
}
