/** What becomes of requests that a shutdown overtakes between two of their steps. What is decided on a request: submit-ingestion.test.ts. */
import { describe, expect, it } from 'vitest';
import { createIngestionService, type IngestionServiceOptions } from '../../src/ingestion/create-ingestion-service.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import { IN_MEMORY } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { ManualClock } from '../harness/manual-clock.ts';
import { NOW, sampleIngestion, submitted } from '../state/sample-state.ts';

const { ingestionId, filePath, fingerprint, delivery } = sampleIngestion('feed');
const request = parseIngestRequest({ file_path: filePath, callback_url: delivery.callbackUrl });
const SHUTTING_DOWN = { code: 'SHUTTING_DOWN' };

/** A service on a real store, and a queue that is closed by the test. */
function setService(change: (queue: { isOpen: boolean }) => Partial<IngestionServiceOptions> = () => ({})) {
  const store = openSqliteStateStore({ path: IN_MEMORY });
  const queue = { isOpen: true, admit() {}, halt() {}, announceChange() {} };
  const announced: string[] = [];
  const service = createIngestionService({
    store,
    queue,
    guard: { checkUrl: async () => {} },
    openSources: async () => ({ fingerprint, files: [] }),
    announceStatus: (_ingestion, status) => void announced.push(status),
    clock: new ManualClock(NOW),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    maxQueued: 10,
    defaults: { maxDepth: 256, maxRecordBytes: 1_000, retryWindowMs: 1_000, maxDelayMs: 1_000 },
    ...change(queue),
  });
  return { store, queue, service, announced };
}

describe('a request that a shutdown overtakes', () => {
  it('starts nothing where that was while its file was looked at', async () => {
    const { store, service } = setService((queue) => ({
      async openSources() {
        queue.isOpen = false;
        return { fingerprint, files: [] };
      },
    }));
    await expect(service.submit(request, null)).rejects.toMatchObject(SHUTTING_DOWN);
    expect((await store.listIngestions({ limit: 10 })).items).toEqual([]);
    await store.close();
  });

  it('resumes nothing where that was while it was counted how many wait', async () => {
    const { store, queue, service } = setService();
    await submitted(store, sampleIngestion('feed'));
    await service.pause(ingestionId);
    const resuming = service.resume(ingestionId);
    queue.isOpen = false;
    await expect(resuming).rejects.toMatchObject(SHUTTING_DOWN);
    expect(await store.getIngestion(ingestionId)).toMatchObject({ status: 'PAUSED' });
    await store.close();
  });

  it.each(['pause', 'cancel'] as const)('is told so where the state is closed already: %s', async (event) => {
    const { store, service, announced } = setService();
    await submitted(store, sampleIngestion('feed'));
    await store.close();
    await expect(service[event](ingestionId)).rejects.toMatchObject(SHUTTING_DOWN);
    expect(announced).toEqual([]);
  });
});
