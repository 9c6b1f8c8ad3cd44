import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKernelPath } from '../../src/sources/kernel-files.ts';
import { resolveInsideRoots, sourceRoots } from '../../src/sources/source-roots.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function resolve(path: string, folders: readonly string[]): Promise<string> {
  return resolveInsideRoots(path, await sourceRoots(folders), isKernelPath);
}

/** A root with a file and links, and beside it what must not be reached. */
async function scene(): Promise<{ readonly root: string; readonly outside: string }> {
  const folder = tempFolder();
  const root = join(folder, 'root');
  const outside = join(folder, 'root-secret');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, 'sub', 'feed.json'), '[]');
  await writeFile(join(outside, 'secret.json'), '[]');
  const links: readonly (readonly [string, string])[] = [
    ['sub/feed.json', 'link.json'],
    ['../root-secret/secret.json', 'out.json'],
    ['../root-secret/missing.json', 'dangling.json'],
    ['../root-secret', 'out'],
    ['nothing.json', 'broken.json'],
    ['loop.json', 'loop.json'],
    [join(folder, 'root'), 'self'],
  ];
  for (const [target, name] of links) await symlink(target, join(root, name));
  return { root, outside };
}

describe('resolveInsideRoots', () => {
  it('gives the real path of a file in a root, through links as well', async () => {
    const { root } = await scene();
    const real = join(root, 'sub', 'feed.json');
    for (const path of ['sub/feed.json', 'link.json', 'sub/../sub/./feed.json', 'self/self/link.json']) {
      expect(await resolve(join(root, path), ['/nowhere', root])).toBe(real);
    }
  });

  it('gives the real path of a folder in a root, and of the root itself', async () => {
    const { root } = await scene();
    expect(await resolve(join(root, 'sub'), [root])).toBe(join(root, 'sub'));
    for (const path of [root, `${root}/`, join(root, 'self')]) expect(await resolve(path, [root])).toBe(root);
  });

  it('takes a root that is a link', async () => {
    const { root } = await scene();
    expect(await resolve(join(root, 'link.json'), [join(root, 'self')])).toBe(join(root, 'sub', 'feed.json'));
  });

  it('gives one answer for everything outside, whether it exists or not', async () => {
    const { root, outside } = await scene();
    for (const path of [
      join(outside, 'secret.json'),
      join(outside, 'missing.json'),
      join(outside, 'missing', 'file.json'),
      join(root, 'out.json'),
      join(root, 'dangling.json'),
      join(root, 'out', 'secret.json'),
      join(root, 'out', 'missing.json'),
      join(root, '..', 'root-secret', 'secret.json'),
      join(root, '..'),
      `${root}/sub/feed.json\0.txt`,
      '/etc/passwd',
    ]) {
      await expect(resolve(path, [root]), path).rejects.toMatchObject({
        code: 'SOURCE_NOT_ALLOWED',
      });
    }
  });

  it('says that a file inside is missing', async () => {
    const { root } = await scene();
    for (const path of ['none.json', 'none/none.json', 'broken.json', 'sub/feed.json/none', 'x'.repeat(300)]) {
      await expect(resolve(join(root, path), [root]), path).rejects.toMatchObject({
        code: 'SOURCE_NOT_FOUND',
      });
    }
  });

  it('does not follow links for ever', async () => {
    const { root } = await scene();
    await expect(resolve(join(root, 'loop.json'), [root])).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
    });
  });
});
