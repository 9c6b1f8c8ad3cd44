import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A status event as it arrived. */
export interface ReceivedEvent {
  readonly key: string | undefined;
  readonly body: { readonly status: string; readonly ingestion_id: string };
}

/** Starts a server that takes status events and keeps them. */
export async function startEventCollector(): Promise<{ readonly url: string; readonly received: ReceivedEvent[] }> {
  const received: ReceivedEvent[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      received.push({ key: request.headers['idempotency-key']?.toString(), body: body as ReceivedEvent['body'] });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received };
}
