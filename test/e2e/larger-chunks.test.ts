/** What was set aside as too large for its chunk, when larger chunks are asked for: a record is delivered or set aside, never both. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';

const LARGE = 'x'.repeat(300);
const record = (index: number, isLarge: boolean) => `{"id":${index},"text":"${isLarge ? LARGE : 'short'}"}`;

/** Delivers lines in small chunks until that fails, and the rest in large ones. Fails unless each line is accounted for once. */
async function deliverInTwoSizes(scene: Scene, lines: readonly string[], small: object): Promise<void> {
  const filePath = join(scene.folder, 'lines.ndjson');
  writeFileSync(filePath, lines.join('\n'));
  const asked = { file_path: filePath, on_bad_record: 'quarantine' };
  expect(await scene.deliver({ ...asked, chunk_size_by_memory: 300, ...small })).toMatchObject({ status: 'FAILED' });
  scene.receiver.setFaults();
  const larger = { chunk_size_by_records: 1_000, chunk_size_by_memory: 1_000_000, max_bad_records: '100%' };
  const shown = await scene.deliver({ ...asked, ...larger });
  expect(shown.status).toBe('COMPLETED');
  const records = await scene.receiver.records(shown.ingestion_id);
  const rejects = await scene.service.api.rejects(shown.ingestion_id);
  expect(rejects.length).toBe(shown.totals.rejected_records);
  const rejected = new Set(rejects.map(({ raw_text: text }) => text));
  expect(records).toEqual(lines.filter((line) => !rejected.has(line)));
  expect(records.length + rejects.length).toBe(lines.length);
}

describe('larger chunks after smaller ones', () => {
  it('take records of a flood, or leave them aside', async () => {
    const scene = await setScene({ recordCount: 0 });
    const lines = Array.from({ length: 1_600 }, (_, index) => record(index, index > 10 && index < 1_599));
    await deliverInTwoSizes(scene, lines, { max_bad_records: 500 });
  });

  it('take records of the half of a chunk that was cut off, or leave them aside', async () => {
    const scene = await setScene({ recordCount: 0 });
    const lines = Array.from({ length: 40 }, (_, index) => record(index, index % 5 === 4));
    scene.receiver.setFaults(
      { fault: 'too-large', chunk: 0, max_bytes: 450 },
      { fault: 'nack', chunk: 0, error: 'not now' },
    );
    await deliverInTwoSizes(scene, lines, {});
  });
});

describe('smaller chunks after larger ones', () => {
  it('that nothing left fits into end in RECORD_TOO_LARGE: the last chunk was not said to be the last', async () => {
    const scene = await setScene({ recordCount: 0 });
    const filePath = join(scene.folder, 'lines.ndjson');
    writeFileSync(filePath, Array.from({ length: 6 }, (_, index) => record(index, true)).join('\n'));
    const asked = { file_path: filePath, on_bad_record: 'quarantine', chunk_size_by_records: 2 };
    scene.receiver.setFaults({ fault: 'status', status: 410, chunk: 1 });
    expect(await scene.deliver(asked)).toMatchObject({ status: 'FAILED', totals: { records: 2 } });
    scene.receiver.setFaults();
    const small = await scene.deliver({ ...asked, chunk_size_by_memory: 50 });
    const plannedAlready = 4;
    expect(small).toMatchObject({
      status: 'FAILED',
      totals: { records: plannedAlready },
      last_error: { code: 'RECORD_TOO_LARGE' },
    });
    const shown = await scene.deliver({ ...asked, chunk_size_by_memory: 10_000 });
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: 6, rejected_records: 0 } });
  });
});
