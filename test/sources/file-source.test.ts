import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileSource, openPinnedFile } from '../../src/sources/file-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { describeSource } from '../contracts/source-suite.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function openBytes(bytes: Uint8Array): Promise<Source> {
  const path = join(tempFolder(), 'feed.json');
  await writeFile(path, bytes);
  return (await openFileSource(path)).source;
}

async function drain(blocks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const drained: Uint8Array[] = [];
  for (let next = await blocks.next(); next.done !== true; next = await blocks.next())
    drained.push(Buffer.from(next.value));
  return Buffer.concat(drained);
}

if (process.platform !== 'linux') console.log('skipped: only Linux says what was opened');

describeSource('A file', openBytes);

describe('A file', () => {
  it('that does not exist is not found', async () => {
    const folder = tempFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(openFileSource(join(folder, 'none'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await expect(openFileSource(join(folder, 'file', 'none'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('that is a folder, a FIFO or a device is refused at once', async () => {
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
    const { source } = await openFileSource(path);
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
    const { source } = await openFileSource(path);
    await writeFile(path, 'abcdef');
    expect((await drain(source.open(0)[Symbol.asyncIterator]())).toString()).toBe('abc');
    await source.close();
  });

  it('stays the one that was opened when another takes its name', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'old');
    const { source, stat } = await openFileSource(path);
    await rm(path);
    await writeFile(path, 'new and longer');
    expect(source.size).toBe(stat.size);
    expect(Buffer.from(await source.readAt(0, 10)).toString()).toBe('old');
    await source.close();
  });

  it('tells times to the nanosecond', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'x');
    await utimes(path, 1_700_000_000, 1_700_000_000);
    const { source, stat } = await openFileSource(path);
    expect(stat).toMatchObject({ size: 1, mtimeNs: '1700000000000000000' });
    await source.close();
  });

  it('tells its index and the bytes of the files before it', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'abc');
    const { source } = await openFileSource(path, { fileIndex: 3, bytesBefore: 100 });
    expect(source).toMatchObject({ name: path, fileIndex: 3 });
    expect(source.sourceBytesAt(2)).toBe(102);
    await source.close();
  });

  it.runIf(process.platform === 'linux')(
    'is not opened through links that its path did not have when it was resolved',
    async () => {
      const folder = tempFolder();
      await mkdir(join(folder, 'real'));
      await writeFile(join(folder, 'real', 'feed.json'), 'x');
      await symlink('real', join(folder, 'link'));
      await symlink('real/feed.json', join(folder, 'feed.json'));
      for (const path of [join(folder, 'link', 'feed.json'), join(folder, 'feed.json')]) {
        await expect(openFileSource(path), path).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      }
    },
  );
});

describe('A pinned file', () => {
  it('is opened while it is the one that was pinned, and refused afterwards', async () => {
    const path = join(tempFolder(), 'feed.json');
    await writeFile(path, 'abc');
    const opened = await openFileSource(path);
    await opened.source.close();
    const pinned = { path, stat: opened.stat };
    const place = { fileIndex: 1, bytesBefore: 10 };
    const source = await openPinnedFile(pinned, place);
    expect(source).toMatchObject({ fileIndex: 1, size: 3 });
    await source.close();
    await writeFile(path, 'abcd');
    await expect(openPinnedFile(pinned, place)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await rm(path);
    await expect(openPinnedFile(pinned, place)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });
});
