import { describe, expect, it } from 'vitest';
import { manyNames } from '../harness/many-names.ts';
import { setScene } from '../harness/scene.ts';

describe('a file that takes more memory than its thread may', () => {
  it('fails alone: the process and its other ingestions go on', async () => {
    const env = { ACKSTREAM_WORKER_MEMORY: String(64 * 1024 ** 2), ACKSTREAM_MAX_RUNNING: '2' };
    const scene = await setScene({ recordCount: 200, env });
    const greedy = await scene.ingest({ file_path: manyNames(1_000_000, scene.folder), record_path: 'p' });
    const modest = await scene.deliver();
    expect(modest.status).toBe('COMPLETED');
    await scene.expectDelivered(modest.ingestion_id);
    const failed = await scene.service.api.untilStatus(greedy.body.ingestion_id, 'FAILED', 'PAUSED', 'COMPLETED');
    expect(failed).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'WORKER_OUT_OF_MEMORY', what_to_do: expect.stringContaining('ACKSTREAM_WORKER_MEMORY') },
    });
  });
});
