/**
 * The receiver of the delivery benchmark, a process of its own: checks Content-Digest over every body and acknowledges, and keeps nothing, so that what is
 * measured is the sender. `refuse` as its argument makes it refuse from that share of `total` bytes on, which leaves an ingestion to resume.
 */
import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const refuseFromByte = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
let receivedBytes = 0;
let firstArrivalAt: number | null = null;
let lastArrivalAt: number | null = null;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ receivedBytes, firstArrivalAt, lastArrivalAt }));
    return;
  }
  const arrivedAt = Date.now();
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    firstArrivalAt ??= arrivedAt;
    lastArrivalAt = arrivedAt;
    const body = Buffer.concat(parts);
    const isIntact = request.headers['content-digest'] === `sha-256=:${hash('sha256', body, 'base64')}:`;
    const isAccepted = isIntact && receivedBytes < refuseFromByte;
    if (isAccepted) receivedBytes += body.length;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ack: isAccepted, error: isIntact ? null : 'DIGEST_MISMATCH' }));
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
