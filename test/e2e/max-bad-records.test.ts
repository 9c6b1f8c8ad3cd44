import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';

const BAD = 'bad';

/** A scene around a feed of such lines: `g` a record, anything else a bad one. */
async function setLineScene(content: string) {
  const scene = await setScene({ recordCount: 0 });
  const filePath = join(scene.folder, 'lines.ndjson');
  const lines = [...content].map((kind, index) => (kind === 'g' ? `{"id":${index}}` : BAD));
  writeFileSync(filePath, lines.join('\n'));
  const asked = { file_path: filePath, chunk_size_by_records: 10, on_bad_record: 'quarantine' };
  return {
    ...scene,
    expected: lines.filter((line) => line !== BAD),
    badCount: lines.filter((line) => line === BAD).length,
    deliver: (fields: object = {}) => scene.deliver({ ...asked, ...fields }),
  };
}

/** Fails with one bound, and with the other goes on to the end: what was delivered is not sent again, each bad record is on record once. */
async function failThenComplete(
  content: string,
  bounds: readonly [number | string, number | string],
  fields: object = {},
) {
  const scene = await setLineScene(content);
  const failed = await scene.deliver({ ...fields, max_bad_records: bounds[0] });
  expect(failed).toMatchObject({
    status: 'FAILED',
    max_bad_records: bounds[0],
    last_error: { code: 'TOO_MANY_BAD_RECORDS' },
  });
  const before = await scene.receiver.records(failed.ingestion_id);
  expect(before).toEqual(scene.expected.slice(0, before.length));
  expect(await scene.receiver.report(failed.ingestion_id)).toMatchObject({ claimed: null });
  const shown = await scene.deliver({ ...fields, max_bad_records: bounds[1] });
  expect(shown.ingestion_id).toBe(failed.ingestion_id);
  expect(shown).toMatchObject({ status: 'COMPLETED', totals: { rejected_records: scene.badCount } });
  await scene.expectDelivered(shown.ingestion_id, scene.expected);
  expect(await scene.receiver.report(shown.ingestion_id)).toMatchObject({ duplicates: 0 });
  expect((await scene.service.api.rejects(shown.ingestion_id)).length).toBe(scene.badCount);
  return { failed, before };
}

const spread = (groups: number) => `${'g'.repeat(9)}bg`.repeat(groups);

describe('max_bad_records as a number', () => {
  it('ends the ingestion behind what is sound up to there, and more let it go on', async () => {
    const { failed, before } = await failThenComplete(spread(12), [3, 12]);
    // Chunks before the one with whose plan the fourth came.
    expect(before.length).toBe(30);
    expect(failed.last_error?.message).toContain('4 records are bad');
  });

  it.each([
    ['of none', 0],
    ['less than they are by one', 11],
  ])('%s ends it', async (_, bound) => {
    await failThenComplete(spread(12), [bound, '100%']);
  });

  it('lets just so many pass', async () => {
    const scene = await setLineScene(spread(12));
    expect(await scene.deliver({ max_bad_records: 12 })).toMatchObject({
      status: 'COMPLETED',
      totals: { rejected_records: 12 },
    });
  });

  it('ends a flood of them long before its end', async () => {
    const { failed } = await failThenComplete(`g${'b'.repeat(5_000)}g`, [10, 5_000]);
    expect(failed.totals.rejected_records).toBeLessThan(3_000);
  });

  it.each(['b', 'gb'])('holds for those behind the last record of %j', async (content) => {
    await failThenComplete(content, [0, 1]);
  });
});

describe('max_bad_records as a share', () => {
  it('is not judged by the first few', async () => {
    const scene = await setLineScene('b'.repeat(100) + 'g'.repeat(950));
    expect(await scene.deliver({ max_bad_records: '10%', chunk_size_by_records: 100 })).toMatchObject({
      status: 'COMPLETED',
      totals: { rejected_records: 100 },
    });
  });

  it('is judged from a thousand records on', async () => {
    const content = `${'b'.repeat(200)}${'g'.repeat(4_000)}`;
    const { before } = await failThenComplete(content, ['5%', '20%'], { chunk_size_by_records: 100 });
    expect(before.length).toBe(700);
  });

  it('is judged at the end of the file, by all there are', async () => {
    const { before } = await failThenComplete('gggbgggggg'.repeat(3), ['9.99%', '10%']);
    expect(before.length).toBe(20);
  });

  it('may come to all there are', async () => {
    await failThenComplete('bbb', ['99.99%', '100%']);
  });
});
