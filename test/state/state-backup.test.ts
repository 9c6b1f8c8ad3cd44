/** What keeps a copy of the state from being made of, or in the place of, something else. */
import { chmodSync, copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import { backUpState } from '../../src/state/state-backup.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { claimed, NOW, planAfter, sampleIngestion, submitted, withoutRejects } from './sample-state.ts';

const isRoot = process.getuid?.() === 0;
if (isRoot) console.log('backup: run as root, whom no folder refuses; one that may not be written is not tried');

/** A state with one ingestion, and a folder for backups. */
async function sampleState() {
  const path = join(tempFolder(), 'ackstream.db');
  const add = async (name: string) => {
    const store = openSqliteStateStore({ path });
    await submitted(store, sampleIngestion(name));
    await store.close();
  };
  await add('first');
  return { path, folder: tempFolder(), add };
}

/** The name of a file in `folder`. */
function writeFile(folder: string): string {
  writeFileSync(join(folder, 'file'), '');
  return 'file';
}

describe('a backup', () => {
  it('is not made of a state that is older than its marker says, which would then be restored as if nothing was lost', async () => {
    const { path, folder, add } = await sampleState();
    copyFileSync(path, join(folder, 'older'));
    await add('second');
    copyFileSync(join(folder, 'older'), path);
    expect(() => backUpState(path, join(folder, 'backup'), { isForced: false })).toThrow(
      expect.objectContaining({
        code: 'STATE_DAMAGED',
        detail: expect.stringContaining('commits that are missing: 1'),
      }),
    );
    expect(readdirSync(folder)).toEqual(['older']);
  });

  it('is not made of rows that are not what was written, also of those that a start would not look at', async () => {
    const { path, folder } = await sampleState();
    const store = openSqliteStateStore({ path });
    const run = await claimed(store);
    await store.planChunk(run, withoutRejects(planAfter(null, 10)), NOW);
    await store.close();
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    connection.execute('UPDATE chunks SET byte_count = byte_count + 1');
    connection.close();
    await openSqliteStateStore({ path }).close();
    expect(() => backUpState(path, join(folder, 'backup'), { isForced: false })).toThrow(
      expect.objectContaining({ code: 'STATE_DAMAGED', detail: expect.stringContaining('the row of chunks') }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not made of an empty file', async () => {
    const path = join(tempFolder(), 'ackstream.db');
    writeFileSync(path, '');
    expect(() => backUpState(path, join(tempFolder(), 'backup'), { isForced: false })).toThrow(
      expect.objectContaining({ code: 'STATE_UNAVAILABLE', detail: `There is no state at ${path}.` }),
    );
  });

  const unwritable = [
    ['whose folder is not there, such as one that is not mounted', () => join('lost', 'backup')],
    ['that the disk takes no file for', () => 'x'.repeat(250)],
    ['in what is no folder', (folder: string) => join(writeFile(folder), 'backup')],
  ] as const;
  it.each(unwritable)('that cannot be written is no wrong use: %s', async (_why, nameIn) => {
    const { path, folder } = await sampleState();
    const target = join(folder, nameIn(folder));
    expect(() => backUpState(path, target, { isForced: false })).toThrow(
      expect.objectContaining({
        code: 'STATE_UNAVAILABLE',
        detail: expect.stringMatching(
          /^No backup was made at .*: E[A-Z]+: .*\. Its folder must be there, mounted, and writable\.$/,
        ),
      }),
    );
  });

  it.skipIf(isRoot)('that may not be written is no wrong use', async () => {
    const { path, folder } = await sampleState();
    for (const mode of [0o500, 0o000]) {
      chmodSync(folder, mode);
      expect(() => backUpState(path, join(folder, 'backup'), { isForced: false })).toThrow(
        expect.objectContaining({ code: 'STATE_UNAVAILABLE', detail: expect.stringContaining('EACCES') }),
      );
    }
    chmodSync(folder, 0o700);
  });

  it('is made where one that was killed left half of it under the same process id', async () => {
    const { path, folder } = await sampleState();
    writeFileSync(join(folder, `.backup.${process.pid}.partial`), 'half of it', { mode: 0o644 });
    expect(backUpState(path, join(folder, 'backup'), { isForced: false }).ingestionCount).toBe(1);
    expect(readdirSync(folder)).toEqual(['backup']);
    expect(statSync(join(folder, 'backup')).mode & 0o777).toBe(0o600);
  });
});
