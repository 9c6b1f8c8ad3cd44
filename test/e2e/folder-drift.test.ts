/** A folder is one ingestion over its files: what becomes of it when these are no longer what they were. */
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { startWireTap } from '../harness/wire-tap.ts';

const NAMES = ['a.csv', 'b/c.csv', 'd.csv'];
const PER_FILE = 8;

function rows(name: string, count = PER_FILE): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

const EXPECTED = NAMES.flatMap((name) => rows(name)).map((id) => `{"id":"${id}"}`);

/** A folder of three files, in chunks that lie across them. */
async function setFolderScene() {
  const scene = await setScene({ recordCount: 0 });
  const folder = join(scene.folder, 'feeds');
  mkdirSync(join(folder, 'b'), { recursive: true });
  for (const name of NAMES) writeFileSync(join(folder, name), `id\n${rows(name).join('\n')}\n`);
  const asked = { file_path: folder, file_type: 'csv', chunk_size_by_records: 5 };
  return {
    ...scene,
    feeds: folder,
    ingest: (fields: object = {}) => scene.ingest({ ...asked, ...fields }),
    deliver: (fields: object = {}) => scene.deliver({ ...asked, ...fields }),
  };
}

/** {@link setFolderScene}, of which two chunks were delivered. */
async function deliveredInPart() {
  const scene = await setFolderScene();
  scene.receiver.setFaults({ fault: 'nack', chunk: 2, error: 'not now' });
  const failed = await scene.deliver();
  expect(failed).toMatchObject({ status: 'FAILED', file_count: 3, totals: { chunks: 2 } });
  scene.receiver.setFaults();
  return { ...scene, id: failed.ingestion_id };
}

/** What is done to the folder, and what is said of it then. */
const CHANGES: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  ['added', (folder) => writeFileSync(join(folder, 'e.csv'), 'id\n1\n'), /a set of 3 files.* a set of 4 files/],
  ['removed', (folder) => rmSync(join(folder, 'd.csv')), /a set of 3 files.* a set of 2 files/],
  ['changed', (folder) => appendFileSync(join(folder, 'd.csv'), 'more\n'), /Of its 3 files/],
  ['renamed', (folder) => renameSync(join(folder, 'd.csv'), join(folder, 'e.csv')), /Of its 3 files/],
  ['moved before the others', (folder) => renameSync(join(folder, 'd.csv'), join(folder, 'Z.csv')), /Of its 3 files/],
  [
    'put in the place of another',
    (folder) => renameSync(join(folder, 'd.csv'), join(folder, 'a.csv')),
    /a set of 2 files/,
  ],
];

describe('a folder that was delivered in part', () => {
  it.each(CHANGES)('is refused when a file of it was %s since', async (_, change, says) => {
    const scene = await deliveredInPart();
    change(scene.feeds);
    const refused = await scene.ingest();
    expect(refused).toMatchObject({ status: 409, body: { code: 'SOURCE_CHANGED' } });
    expect(refused.body.detail).toMatch(says);
    await scene.service.api.act(scene.id, 'resume');
    const failed = await scene.service.api.untilStatus(scene.id, 'FAILED', 'COMPLETED');
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    expect(failed.last_error?.message).toMatch(says);
    expect(await scene.receiver.records(scene.id)).toEqual(EXPECTED.slice(0, 10));
  });

  it.each<[string, (folder: string) => void]>([
    ['a hidden file', (folder) => writeFileSync(join(folder, '.e.csv'), 'id\n1\n')],
    [
      'a hidden folder',
      (folder) => {
        mkdirSync(join(folder, '.b'));
        writeFileSync(join(folder, '.b', 'e.csv'), 'id\n1\n');
      },
    ],
    ['a file of another type', (folder) => writeFileSync(join(folder, 'e.json'), '[1]')],
    ['a link to a file', (folder) => symlinkSync(join(folder, 'a.csv'), join(folder, 'e.csv'))],
    ['an empty folder', (folder) => mkdirSync(join(folder, 'e.csv'))],
  ])('goes on to its end where %s came', async (_, change) => {
    const scene = await deliveredInPart();
    change(scene.feeds);
    const shown = await scene.deliver();
    expect(shown).toMatchObject({ status: 'COMPLETED', ingestion_id: scene.id, file_count: 3 });
    await scene.expectDelivered(scene.id, EXPECTED);
  });
});

describe('a folder that is being delivered', () => {
  it.each(CHANGES)('fails when a file of it is %s, and is not said to be complete', async (_, change) => {
    const scene = await setFolderScene();
    let isChanged = false;
    const tap = await startWireTap(scene.receiver.callbackUrl, ({ subject }) => {
      if (subject === 1 && !isChanged) change(scene.feeds);
      isChanged ||= subject === 1;
      return undefined;
    });
    const failed = await scene.deliver({ callback_url: tap.url });
    expect(failed).toMatchObject({ status: 'FAILED', last_error: { code: 'SOURCE_CHANGED' } });
    const records = await scene.receiver.records(failed.ingestion_id);
    expect(records).toEqual(EXPECTED.slice(0, records.length));
    expect(await scene.receiver.report(failed.ingestion_id)).toMatchObject({ claimed: null });
  });
});
