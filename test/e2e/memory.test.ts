import { describe, expect, it } from 'vitest';
import { manyNames } from '../harness/many-names.ts';
import { setScene } from '../harness/scene.ts';
import { until } from '../harness/until.ts';

/** A thread collects more and more of its garbage before it gives in, which takes long on a busy machine. */
const PATIENCE_MS = 120_000;

describe('a file that takes more memory than its thread may', { timeout: 2 * PATIENCE_MS }, () => {
  it('fails alone: the process and its other ingestions go on', async () => {
    const env = { ACKSTREAM_WORKER_MEMORY: String(64 * 1024 ** 2), ACKSTREAM_MAX_RUNNING: '2' };
    const scene = await setScene({ recordCount: 200, env });
    const ended = async ({ body }: Awaited<ReturnType<typeof scene.ingest>>) =>
      until(
        () => scene.service.api.get(body.ingestion_id),
        ({ status }) => status !== 'QUEUED' && status !== 'RUNNING',
        PATIENCE_MS,
      );
    const greedy = await scene.ingest({ file_path: manyNames(1_000_000, scene.folder), record_path: 'p' });
    const modest = await ended(await scene.ingest());
    expect(modest.status).toBe('COMPLETED');
    await scene.expectDelivered(modest.ingestion_id);
    expect(await ended(greedy)).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'WORKER_OUT_OF_MEMORY', what_to_do: expect.stringContaining('ACKSTREAM_WORKER_MEMORY') },
    });
  });
});
