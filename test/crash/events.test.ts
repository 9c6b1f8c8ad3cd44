/** A process that is killed while it delivers: its events are those of its ledger, none is lost and none is invented. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { type ReceivedSse, SseConnection } from '../harness/sse-connection.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';

interface LedgerRow {
  readonly chunk_number: number;
  readonly acked_at: string | null;
  readonly attempts: readonly { readonly attempt: number; readonly outcome: string | null }[];
}

const isCompleted = ({ name, data }: ReceivedSse) => name === 'state' && data.status === 'COMPLETED';

it.each([3, 17])(
  'tells after SIGKILL at chunk %i of just what is on record, and goes on behind the last that was seen',
  {
    timeout: 40_000,
  },
  async (killedAt) => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    writeFeed(filePath, 300);
    const receiver = await startReceiver({
      faults: [
        { fault: 'status', status: 503, chunk: 1, times: 2 },
        { fault: 'hang', chunk: killedAt, times: 1 },
      ],
    });
    const first = await startServiceProcess(folder);
    const { body } = await first.api.ingest({
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: 10,
    });
    const seen = await SseConnection.open(`${first.api.url}/api/events?since=0`);
    await until(
      () => receiver.attempts.filter(({ chunkNumber }) => chunkNumber === killedAt).length,
      (count) => count === 1,
    );
    first.process.kill('SIGKILL');
    await first.ended;
    await seen.ended;

    const next = await startServiceProcess(folder);
    const resumed = await SseConnection.open(`${next.api.url}/api/events`, { 'Last-Event-ID': String(seen.lastId) });
    await until(
      () => resumed.events.some(isCompleted),
      (is) => is,
    );
    const replayed = await SseConnection.open(`${next.api.url}/api/events?since=0`);
    await until(
      () => replayed.events.some(isCompleted),
      (is) => is,
    );
    // What was seen was on the disk, and nothing was told twice or left out where it went on.
    expect([...seen.events, ...resumed.events]).toEqual(replayed.events);

    const path = `/api/ingestions/${body.ingestion_id}/chunks?limit=500`;
    const ledger = (await next.api.call<{ items: readonly LedgerRow[] }>('GET', path)).body.items;
    const failedOnRecord = ledger.flatMap(({ chunk_number, attempts }) =>
      attempts.filter(({ outcome }) => outcome !== 'acknowledged').map(({ attempt }) => [chunk_number, attempt]),
    );
    const told = replayed.events.filter(({ name, data }) => name === 'attempt_failed' && data.chunk_number !== null);
    expect(told.map(({ data }) => [data.chunk_number, data.attempt])).toEqual(failedOnRecord);
    const sums = replayed.events
      .filter(({ name }) => name === 'chunk')
      .map(({ data }) => Number(data.next_chunk_number));
    expect(sums).toEqual([...new Set(sums)].toSorted((a, b) => a - b));
    // The last acknowledgement of the process that was killed, and that of all.
    expect(sums).toContain(killedAt);
    expect(sums.at(-1)).toBe(ledger.length);
    const states = replayed.events.filter(({ name }) => name === 'state').map(({ data }) => data.status);
    expect(states).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'COMPLETED']);
  },
);
