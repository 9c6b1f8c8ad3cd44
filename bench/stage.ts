import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES } from './chunk-bytes.ts';
import { type ListeningProcess, startListening } from './process.ts';

/** What a round takes place on. All services of a stage have the same state. */
export interface Stage {
  startReceiver(...args: readonly string[]): Promise<ListeningProcess>;
  startService(settings?: Readonly<Record<string, string>>): Promise<ListeningProcess>;
}

/** Sets a stage for a feed and what lies beside it, and clears it when `use` has ended. */
export async function onStage<Result>(path: string, use: (stage: Stage) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-bench-'));
  const started: ListeningProcess[] = [];
  const start = async (...what: Parameters<typeof startListening>): Promise<ListeningProcess> => {
    const listening = await startListening(...what);
    started.push(listening);
    return listening;
  };
  try {
    return await use({
      startReceiver: (...args) => start('bench/digest-receiver.ts', args),
      startService: (settings) =>
        start('src/main.ts', [], {
          ACKSTREAM_PORT: '0',
          ACKSTREAM_DATA_DIR: join(folder, 'data'),
          ACKSTREAM_LOG_DIR: join(folder, 'logs'),
          ACKSTREAM_SOURCE_ROOTS: dirname(path),
          ACKSTREAM_RATE_LIMIT: '0',
          ...settings,
        }),
    });
  } finally {
    await Promise.all(started.map((listening) => listening.stop()));
    rmSync(folder, { recursive: true });
  }
}

/** The body of the request for the ingestion of a file. */
export function ingestBody(path: string, callbackUrl: string): string {
  return JSON.stringify({
    file_path: path,
    callback_url: callbackUrl,
    chunk_size_by_memory: CHUNK_BYTES,
    retry: { max_delay: '1ms' },
  });
}

/** Asks a service for the ingestion of a file; its id. */
export async function submit(service: ListeningProcess, path: string, callbackUrl: string): Promise<string> {
  const response = await fetch(`${service.url}/api/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: ingestBody(path, callbackUrl),
  });
  if (!response.ok) throw new Error(`the service refused the file: ${await response.text()}`);
  const { ingestion_id: id } = (await response.json()) as { ingestion_id: string };
  return id;
}
