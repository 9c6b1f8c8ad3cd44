import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Counter, Histogram } from 'prom-client';
import { composeDeliveries, type Deliveries, outwardOf } from '../../src/compose-deliveries.ts';
import { loadConfig } from '../../src/config.ts';
import { EventFeed } from '../../src/ingestion/event-feed.ts';
import { createLogger } from '../../src/log.ts';
import type { Logger } from '../../src/model/logger.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import { STATE_FILE } from '../../src/state/sqlite-state-file.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { withPositionsOnly } from '../positions-only.ts';
import type { Way } from './way.ts';

/** More often than any Prometheus is set to ask. */
const SCRAPE_INTERVAL_MS = 1_000;

/**
 * Delivers a file to the receiver at a URL by the service's own parts in this process, and keeps of it what the third argument names, with commas: `ledger`,
 * `events`, `metrics`. Without the ledger it is {@link withPositionsOnly}. The fourth is the size of the chunks in bytes, 0: the service's own bounds.
 */
export const recordedDelivery: Way = async (path, url = '', keptNames = '', chunkBytes = '0') => {
  const kept = new Set(keptNames.split(','));
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-bench-'));
  const env = { ACKSTREAM_DATA_DIR: folder, ACKSTREAM_LOG_DIR: folder, ACKSTREAM_SOURCE_ROOTS: dirname(path) };
  const fileLogger = await createLogger({ logDir: folder, terminal: 'off', level: 'error' });
  const { logger, completed } = tellingOfCompletion(fileLogger);
  const state = openSqliteStateStore({ path: join(folder, STATE_FILE) });
  const store = kept.has('ledger') ? state : withPositionsOnly(state, join(folder, 'positions.db'));
  const begunAt = systemClock.now();
  // Where time stands still, progress never is due to be told again.
  const clock = kept.has('events') ? systemClock : { ...systemClock, now: () => begunAt };
  if (!kept.has('metrics')) silenceMetrics();
  const config = loadConfig({ env, cwd: folder });
  const deliveries = composeDeliveries(config, {
    store,
    clock,
    logger,
    random: Math.random,
    scope: 'all',
    outward: outwardOf(config),
  });
  const watching = new AbortController();
  if (kept.has('events')) void followAll(deliveries, watching.signal);
  if (kept.has('metrics')) void scrapeRepeatedly(deliveries, watching.signal);
  deliveries.queue.start();
  const request = { file_path: path, file_type: 'json', callback_url: url, chunk_size_by_memory: Number(chunkBytes) };
  const { ingestionId } = await deliveries.ingestions.submit(parseIngestRequest(request), null);
  await completed;
  const recordCount = (await store.getIngestion(ingestionId))?.checkpoint.recordCount ?? 0;
  watching.abort();
  await deliveries.queue.stop();
  await Promise.all([store.close(), fileLogger.close()]);
  rmSync(folder, { recursive: true });
  return { recordCount, byteCount: statSync(path).size };
};

/** Every instrument is there and called, and notes nothing. */
function silenceMetrics(): void {
  Counter.prototype.inc = () => {};
  Histogram.prototype.observe = () => {};
}

function tellingOfCompletion(logger: Logger): { readonly logger: Logger; readonly completed: Promise<void> } {
  const { promise: completed, resolve, reject } = Promise.withResolvers<void>();
  return {
    completed,
    logger: {
      ...logger,
      info(event, fields) {
        logger.info(event, fields);
        if (event === 'ingestion.completed') resolve();
      },
      error(event, fields) {
        logger.error(event, fields);
        reject(new Error(`${event} ${JSON.stringify(fields)}`));
      },
    },
  };
}

/** Somebody reads every event as it comes. */
async function followAll(deliveries: Deliveries, signal: AbortSignal): Promise<void> {
  const feed = new EventFeed(deliveries);
  signal.addEventListener('abort', () => feed.close());
  for await (const item of feed.follow({ ingestionId: null, after: null, signal })) JSON.stringify(item);
}

/** Somebody asks for the metrics, again and again. */
async function scrapeRepeatedly({ metrics, store, circuits }: Deliveries, signal: AbortSignal): Promise<void> {
  const readiness = async () => ({ checks: { queue: true, state: await store.isWritable() } });
  const page = metrics.page({ store, circuits: circuits.list, readiness });
  while (!signal.aborted) {
    await page.render();
    await systemClock.sleep(SCRAPE_INTERVAL_MS, signal);
  }
}
