/*
 * A thread makes paths mean something outside of the root and back, as fast as the file system lets it, while they are opened thousands of times. Whatever is opened is from
 * inside; what is not, is refused without a word of what is outside.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { openPinnedFile } from '../../src/sources/file-source.ts';
import { isUntouched, openSourceSet } from '../../src/sources/source-set.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const OPENINGS = 2_000;
const OPENINGS_AT_ONCE = 8;
const INSIDE = 'inside'.repeat(100);
const OUTSIDE = 'secret'.repeat(100);

/** A root with a folder, and a folder outside that looks the same but for what is in it. */
function scene() {
  const folder = tempFolder();
  const root = join(folder, 'root');
  const outside = join(folder, 'elsewhere');
  for (const path of [join(root, 'folder', 'sub'), join(outside, 'sub')]) mkdirSync(path, { recursive: true });
  for (const name of ['feed.json', 'sub/feed.json']) {
    writeFileSync(join(root, 'folder', name), INSIDE);
    writeFileSync(join(outside, name), OUTSIDE);
  }
  for (const name of ['only-here.json', 'sub/only-here.json']) writeFileSync(join(outside, name), OUTSIDE);
  return { folder, root, outside };
}

/** Swaps while the work is done; resolves when the thread has ended. */
async function whileSwapping(
  swap: { readonly kind: 'files' | 'folders'; readonly target: string; readonly variants: readonly string[] },
  work: () => Promise<void>,
): Promise<void> {
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./swap-paths.js', import.meta.url), { workerData: { ...swap, stopFlag } });
  const ended = once(worker, 'exit');
  await once(worker, 'message');
  try {
    await work();
  } finally {
    Atomics.store(stopFlag, 0, 1);
    expect(await ended).toEqual([0]);
  }
}

/** Opens a path as a request does, then each of its files as a reading thread does; what came of it. */
async function openAndRead(path: string, root: string): Promise<string> {
  try {
    const set = await openSourceSet(path, { roots: [root], fileType: 'json' });
    for (const file of set.files) {
      const source = await openPinnedFile(file, { fileIndex: 0, bytesBefore: 0 });
      const bytes = Buffer.from(await source.readAt(0, 10_000)).toString();
      await source.close();
      expect(bytes).toBe(INSIDE);
      expect(file.path).toMatch(/[/]root[/].*[/]feed\.json$/);
    }
    await isUntouched(set, null);
    return 'read';
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/elsewhere|only-here|secret/);
    return error.code;
  }
}

async function openManyTimes(paths: readonly string[], root: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let opened = 0; opened < OPENINGS; opened += OPENINGS_AT_ONCE) {
    const outcomes = await Promise.all(
      Array.from({ length: OPENINGS_AT_ONCE }, (_, index) =>
        openAndRead(paths[(opened + index) % paths.length] as string, root),
      ),
    );
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

if (process.platform !== 'linux') console.log('skipped: only Linux says what was opened');

describe.runIf(process.platform === 'linux')('a path that is swapped while it is opened', () => {
  it('is never read through a link, and never waits for a FIFO', async () => {
    const { folder, root, outside } = scene();
    const target = join(root, 'folder', 'feed.json');
    const variants = ['file', 'link', 'fifo'].map((name) => join(folder, name));
    writeFileSync(join(folder, 'file'), INSIDE);
    symlinkSync(join(outside, 'feed.json'), join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    let counts: Record<string, number> = {};
    await whileSwapping({ kind: 'files', target, variants }, async () => {
      counts = await openManyTimes([target, join(root, 'folder'), join(root, '*', 'feed.json')], root);
    });
    console.log(`of ${OPENINGS} openings of swapped files: ${JSON.stringify(counts)}`);
    expect(Object.keys(counts).length).toBeGreaterThan(2);
  });

  it('is never read, and its folder never listed, through a folder that became a link', async () => {
    const { folder, root, outside } = scene();
    const target = join(root, 'folder');
    const link = join(folder, 'link');
    symlinkSync(outside, link);
    let counts: Record<string, number> = {};
    await whileSwapping({ kind: 'folders', target, variants: [link] }, async () => {
      counts = await openManyTimes(
        [
          join(target, 'feed.json'),
          join(target, 'sub'),
          join(target, 'sub', '*.json'),
          target,
          join(root, '**', '*.json'),
        ],
        root,
      );
    });
    console.log(`of ${OPENINGS} openings below swapped folders: ${JSON.stringify(counts)}`);
    expect(counts.read).toBeGreaterThan(0);
    expect(Object.keys(counts).length).toBeGreaterThan(2);
  });
});
