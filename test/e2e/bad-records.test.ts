import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';

const good = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `{"id":${from + index}}`);

/** A scene with an NDJSON feed of these lines. */
async function sceneOf(lines: readonly string[]) {
  const scene = await setScene({ recordCount: 0 });
  const path = join(scene.folder, 'feed.ndjson');
  writeFileSync(path, `${lines.join('\n')}\n`);
  const deliver = (fields: Readonly<Record<string, unknown>>) =>
    scene.deliver({ file_path: path, on_bad_record: 'quarantine', ...fields });
  return { scene, deliver };
}

describe('Bad records that were set aside', () => {
  it('are not held against the records up to a chunk that is sent again', async () => {
    const { scene, deliver } = await sceneOf([...good(2500), ...Array<string>(25).fill('bad'), ...good(500, 2500)]);
    scene.receiver.setFaults({ fault: 'forget', chunk: 'completed', keep_chunks: 1, times: 1 });
    const shown = await deliver({ max_bad_records: '1%', chunk_size_by_records: 600 });
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: 3000, rejected_records: 25 } });
    await scene.expectDelivered(shown.ingestion_id, good(3000));
  });

  it('are records again where larger chunks are asked for before anything was sent', async () => {
    const lines = Array.from({ length: 1200 }, (_, index) => `{"id":${index},"text":"${'x'.repeat(100)}"}`);
    const { scene, deliver } = await sceneOf(lines);
    const failed = await deliver({ max_bad_records: 10, chunk_size_by_memory: 50 });
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'TOO_MANY_BAD_RECORDS' } });
    const shown = await deliver({ max_bad_records: 10, chunk_size_by_records: 600, chunk_size_by_memory: 100_000 });
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: 1200, rejected_records: 0 } });
    await scene.expectDelivered(shown.ingestion_id, lines);
  });
});
