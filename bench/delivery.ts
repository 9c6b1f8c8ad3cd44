import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ListeningProcess, startListening } from './process.ts';

/** The chunk size that the expectations in bench/README.md are stated for. */
const CHUNK_BYTES = 512 * 1024;
const POLL_INTERVAL_MS = 10;

/** What one delivery of a file took. */
export interface DeliveryFigures {
  readonly megabytesPerSecond: number;
  /** Of the service's process, its worker threads included. */
  readonly peakMemoryMegabytes: number;
}

/** Delivers a file once, by the real service, to a receiver in another process that checks every digest. */
export async function measureDelivery(path: string): Promise<DeliveryFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-bench-'));
  const receiver = await startListening('bench/digest-receiver.ts');
  const service = await startService(folder, path);
  try {
    const begunAt = performance.now();
    await deliver(service, { path, callbackUrl: receiver.url });
    const seconds = (performance.now() - begunAt) / 1000;
    return {
      megabytesPerSecond: statSync(path).size / 1e6 / seconds,
      peakMemoryMegabytes: service.peakMemoryBytes() / 1e6,
    };
  } finally {
    await Promise.all([service.stop(), receiver.stop()]);
    rmSync(folder, { recursive: true });
  }
}

/**
 * Delivers a file up to about 90 %, where the receiver begins to refuse; then a new process resumes it at a new receiver. The time, ms, from asking for
 * that to the arrival of the first chunk.
 */
export async function measureResume(path: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-bench-'));
  const refusing = await startListening('bench/digest-receiver.ts', [String(statSync(path).size * 0.9)]);
  const first = await startService(folder, path);
  await deliver(first, { path, callbackUrl: refusing.url });
  await Promise.all([first.stop(), refusing.stop()]);

  const receiver = await startListening('bench/digest-receiver.ts');
  const second = await startService(folder, path);
  try {
    const askedAt = Date.now();
    await deliver(second, { path, callbackUrl: receiver.url });
    const { firstArrivalAt } = (await (await fetch(receiver.url)).json()) as { firstArrivalAt: number };
    return firstArrivalAt - askedAt;
  } finally {
    await Promise.all([second.stop(), receiver.stop()]);
    rmSync(folder, { recursive: true });
  }
}

function startService(folder: string, path: string): Promise<ListeningProcess> {
  return startListening('src/main.ts', [], {
    ACKSTREAM_PORT: '0',
    ACKSTREAM_DATA_DIR: join(folder, 'data'),
    ACKSTREAM_LOG_DIR: join(folder, 'logs'),
    ACKSTREAM_SOURCE_ROOTS: dirname(path),
  });
}

/** Submits the file and waits until it is completed or failed. */
async function deliver(service: ListeningProcess, feed: { path: string; callbackUrl: string }): Promise<void> {
  const response = await fetch(`${service.url}/api/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      file_path: feed.path,
      callback_url: feed.callbackUrl,
      chunk_size_by_memory: CHUNK_BYTES,
      retry: { max_delay: '1ms' },
    }),
  });
  const { ingestion_id: id } = (await response.json()) as { ingestion_id: string };
  for (;;) {
    const shown = (await (await fetch(`${service.url}/api/ingestions/${id}`)).json()) as { status: string };
    if (shown.status === 'COMPLETED' || shown.status === 'FAILED') return;
    await delay(POLL_INTERVAL_MS);
  }
}
