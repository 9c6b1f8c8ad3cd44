import { execFileSync } from 'node:child_process';
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileSource } from '../../src/sources/file-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { describeSource } from '../contracts/source-suite.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function openBytes(bytes: Uint8Array): Promise<Source> {
  const path = join(tempFolder(), 'feed.json');
  await writeFile(path, bytes);
  return openFileSource(path);
}

async function drain(blocks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const drained: Uint8Array[] = [];
  for (let next = await blocks.next(); next.done !== true; next = await blocks.next())
    drained.push(Buffer.from(next.value));
  return Buffer.concat(drained);
}

describeSource('A file', openBytes);

describe('A file', () => {
  it('that does not exist is not found', async () => {
    const folder = tempFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(openFileSource(join(folder, 'none'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await expect(openFileSource(join(folder, 'file', 'none'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('that is a folder, a FIFO or a device is refused at once', { timeout: 2000 }, async () => {
    const folder = tempFolder();
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    await mkdir(join(folder, 'sub'));
    for (const path of [fifo, join(folder, 'sub'), '/dev/null']) {
      await expect(openFileSource(path), path).rejects.toMatchObject({ code: 'SOURCE_NOT_A_FILE' });
    }
  });

  it('that becomes shorter while it is read does not end soundly', async () => {
    const folder = tempFolder();
    const path = join(folder, 'feed.json');
    await writeFile(path, Buffer.alloc(1 << 20, 'x'));
    const source = await openFileSource(path);
    const blocks = source.open(0)[Symbol.asyncIterator]();
    await blocks.next();
    await truncate(path, 1000);
    await expect(drain(blocks)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
    await source.close();
  });

  it('that is appended to is read to where it ended when it was opened', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'abc');
    const source = await openFileSource(path);
    await writeFile(path, 'abcdef');
    expect((await drain(source.open(0)[Symbol.asyncIterator]())).toString()).toBe('abc');
    expect((await source.stat()).size).toBe(6);
    await source.close();
  });

  it('stays the one that was opened when another takes its name, and tells its own times', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'old');
    const source = await openFileSource(path);
    const before = await source.stat();
    await rm(path);
    await writeFile(path, 'new and longer');
    expect(Buffer.from(await source.readAt(0, 10)).toString()).toBe('old');
    expect((await source.stat()).mtimeNs).toBe(before.mtimeNs);
    await source.close();
  });

  it('tells times to the nanosecond', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'x');
    await utimes(path, 1_700_000_000, 1_700_000_000);
    const source = await openFileSource(path);
    expect((await source.stat()).mtimeNs).toBe('1700000000000000000');
    await source.close();
  });
});
