import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServiceError } from '../../src/errors.ts';
import { FILE_TYPES, type FileType } from '../../src/model/ingestion.ts';
import { fileTypeOfPath } from '../../src/protocol/file-types.ts';
import { compareFingerprints } from '../../src/sources/compare-fingerprints.ts';
import { describeNamesOfType } from '../../src/sources/expand-file-type.ts';
import { listFiles } from '../../src/sources/expand-folder.ts';
import type { SourceSet } from '../../src/sources/source.ts';
import { isUntouched, openSourceSet } from '../../src/sources/source-set.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** A root in which there are these files. */
async function rootWith(...names: readonly string[]): Promise<string> {
  const root = join(tempFolder(), 'root');
  await mkdir(root);
  for (const name of names) await addFile(root, name);
  return root;
}

async function addFile(root: string, name: string, text = `["${name.length}"]`): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), text);
}

const open = (root: string, path: string, fileType: FileType = 'json'): Promise<SourceSet> =>
  openSourceSet(join(root, path), { roots: [root], fileType });

async function namesIn(root: string, path: string, fileType: FileType = 'json'): Promise<string[]> {
  return (await open(root, path, fileType)).files.map((file) => relative(root, file.path));
}

async function errorOf(opening: Promise<SourceSet>): Promise<ServiceError> {
  return opening.then(
    () => expect.unreachable(),
    (error: ServiceError) => error,
  );
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

if (process.getuid?.() === 0) console.log('skipped: root may list every folder');

describe('The files of a path', () => {
  it('are the one file that it names, through links as well, with the digests of its ends', async () => {
    const root = await rootWith();
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index & 0xff));
    await writeFile(join(root, 'feed.dat'), bytes);
    await symlink('feed.dat', join(root, 'link.json'));
    const { files, fingerprint } = await open(root, 'link.json');
    expect(files.map(({ path }) => path)).toEqual([join(root, 'feed.dat')]);
    expect(fingerprint).toEqual({
      ...files[0]?.stat,
      headDigest: sha256(bytes.subarray(0, 65_536)),
      tailDigest: sha256(bytes.subarray(-65_536)),
    });
    expect(fingerprint).not.toHaveProperty('fileCount');
  });

  it('may be empty', async () => {
    const root = await rootWith();
    await writeFile(join(root, 'empty.json'), '');
    const { fingerprint } = await open(root, 'empty.json');
    expect(fingerprint).toMatchObject({ size: 0, headDigest: sha256(''), tailDigest: sha256('') });
  });

  it('of a folder are those with a name of the type, sorted by the bytes of their paths', async () => {
    const root = await rootWith(
      'b.json',
      'B.JSON',
      'a/z.json',
      'a.json',
      'a-.json',
      'a/b/c.json.gz',
      'é.json',
      '\u{1f600}.json',
      '\uff5e.json',
      'x.jsonl',
      'json',
      'x.json.part',
      'x.json.zip',
    );
    const expected = [
      'B.JSON',
      'a-.json',
      'a.json',
      'a/b/c.json.gz',
      'a/z.json',
      'b.json',
      'x.json.zip',
      'é.json',
      '\uff5e.json',
      '\u{1f600}.json',
    ];
    for (const path of ['', '.', 'a/..']) expect(await namesIn(root, path)).toEqual(expected);
    expect(await namesIn(root, 'a')).toEqual(['a/b/c.json.gz', 'a/z.json']);
  });

  it.each([
    ['json', ['.json']],
    ['ndjson', ['.jsonl', '.ndjson']],
    ['csv', ['.csv', '.tsv']],
    ['excel', ['.xlsm', '.xlsx']],
    ['xml', ['.xml']],
  ] as const)('of a folder of %s end with %j, compressed or not', async (fileType, endings) => {
    const all = ['.json', '.jsonl', '.ndjson', '.csv', '.tsv', '.xlsm', '.xlsx', '.xls', '.xml', '.txt', ''];
    const compressed = ['', '.bz2', '.gz', '.zip', '.zst'];
    const root = await rootWith(...all.flatMap((ending) => [...compressed, '.rar'].map((last) => `f${ending}${last}`)));
    const expected = endings.flatMap((ending) => compressed.map((last) => `f${ending}${last}`));
    expect(await namesIn(root, '', fileType)).toEqual(expected);
  });

  it('of a folder have names of which a request would take the type from the end', async () => {
    for (const fileType of FILE_TYPES) {
      for (const name of (describeNamesOfType(fileType).match(/\*\.\w+/g) ?? []).flatMap((one) => [one, `${one}.gz`]))
        expect(fileTypeOfPath(name)?.fileType, name).toBe(fileType);
    }
  });

  it('leave out what is hidden, a link or no file', async () => {
    const root = await rootWith('a.json', '.b.json', '.git/c.json', 'd/.e/f.json', 'g.json/h.json');
    await symlink('a.json', join(root, 'link.json'));
    await symlink('d', join(root, 'folder'));
    await symlink(root, join(root, 'd', 'loop'));
    execFileSync('mkfifo', [join(root, 'fifo.json')]);
    for (const path of ['', '**', '**/*.json', '*{,/*}.json', '**/.*.json', '{.,}*.json', '.*/c.json']) {
      const names = await namesIn(root, path).catch((error: ServiceError) => error.code);
      expect([['a.json', 'g.json/h.json'], ['a.json'], 'SOURCE_NOT_FOUND'], path).toContainEqual(names);
    }
    expect(await namesIn(root, '')).toEqual(['a.json', 'g.json/h.json']);
    // Who names a hidden folder means it.
    expect(await namesIn(root, '.git')).toEqual(['.git/c.json']);
  });

  it('of a pattern are those that it takes, and of the type where it ends with a star', async () => {
    const root = await rootWith('1.json', '2.dat', '3.json.gz', 'a/4.json', 'a/5.dat', 'a/b/6.json', 'c/7.json');
    expect(await namesIn(root, '*')).toEqual(['1.json', '3.json.gz']);
    expect(await namesIn(root, '*.json*')).toEqual(['1.json', '3.json.gz']);
    expect(await namesIn(root, '*.dat')).toEqual(['2.dat']);
    expect(await namesIn(root, '**/*.dat')).toEqual(['2.dat', 'a/5.dat']);
    expect(await namesIn(root, '**')).toEqual(['1.json', '3.json.gz', 'a/4.json', 'a/b/6.json', 'c/7.json']);
    expect(await namesIn(root, '[a-b]/**')).toEqual(['a/4.json', 'a/b/6.json']);
    expect(await namesIn(root, '{a,c}/?.json')).toEqual(['a/4.json', 'c/7.json']);
    expect(await namesIn(root, 'a/b/*.json')).toEqual(['a/b/6.json']);
  });

  it('may have names with line feeds and escapes', async () => {
    const root = await rootWith('a\nb.json', 'c\u001b[2J.json', 'd\n/e\\f.json');
    expect(await namesIn(root, '**/*.json')).toEqual(['a\nb.json', 'c\u001b[2J.json', 'd\n/e\\f.json']);
  });

  it('that bear the name of a pattern come before what it takes', async () => {
    const root = await rootWith('feed[1].json', 'feed1.json', 'x*/a.json', 'xy/b.json');
    expect(await namesIn(root, 'feed[1].json')).toEqual(['feed[1].json']);
    expect(await namesIn(root, 'x*')).toEqual(['x*/a.json']);
    expect(await namesIn(root, 'feed[0-9].json')).toEqual(['feed1.json']);
  });

  it('of a folder that holds one are that file, but a set', async () => {
    const root = await rootWith('d/a.json');
    const set = await open(root, 'd');
    expect(set.files).toEqual((await open(root, 'd/a.json')).files);
    expect(set.fingerprint.fileCount).toBe(1);
  });

  it('that are none are not found, and it is said what was looked for', async () => {
    const root = await rootWith('a.json');
    expect((await errorOf(open(root, '', 'ndjson'))).detail).toBe(
      'The folder holds no file with a name such as *.ndjson or *.jsonl, or one of these with .gz, .zst, .bz2, .zip behind. For files of another type send `file_type` (`--type`).',
    );
    expect((await errorOf(open(root, '*.xml'))).detail).toBe('No file matches the pattern.');
    expect((await errorOf(open(root, '*', 'xml'))).detail).toContain('*.xml');
    for (const path of ['', '*.xml', '*', 'none', 'none/*', 'a.json/*', '{a,b}'.repeat(60)]) {
      const opening = open(root, path, 'xml');
      expect(['SOURCE_NOT_FOUND', 'REQUEST_INVALID'], path).toContain((await errorOf(opening)).code);
    }
  });

  it('are refused outside of the roots, whether there is something or not', async () => {
    const root = await rootWith('a.json');
    const outside = join(root, '..', 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret.json'), '[]');
    await symlink('../outside', join(root, 'out'));
    await symlink('../outside/secret.json', join(root, '[a].json'));
    for (const path of [
      '../*',
      '../*/a.json',
      '../outside',
      '../outside/*',
      '../none/*',
      'out',
      'out/*',
      'out/**/none',
      '../{root,outside}/*.json',
      '../r?ot/a.json',
      '[a].json',
    ]) {
      expect((await errorOf(open(root, path))).code, path).toBe('SOURCE_NOT_ALLOWED');
    }
    expect(await namesIn(root, '**/*.json')).toEqual(['a.json']);
  });

  it('may lie in a folder that is reached through links', async () => {
    const root = await rootWith('d/a.json');
    await symlink('d', join(root, 'link'));
    expect(await namesIn(root, 'link')).toEqual(['d/a.json']);
    expect(await namesIn(root, 'link/*.json')).toEqual(['d/a.json']);
  });

  it('are all or none: a name that is not UTF-8 is refused, unless it is not meant', async () => {
    const root = await rootWith('a.json');
    const bad = (name: string) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
    await writeFile(bad('b\xff.txt'), '');
    expect(await namesIn(root, '')).toEqual(['a.json']);
    await writeFile(bad('b\xff.json'), '[]');
    expect((await errorOf(open(root, ''))).code).toBe('SOURCE_UNREADABLE');
    expect((await errorOf(open(root, '*.json'))).code).toBe('SOURCE_UNREADABLE');
    expect(await namesIn(root, 'a*.json')).toEqual(['a.json']);
    await rm(bad('b\xff.json'));
    await mkdir(bad('c\xff'));
    expect((await errorOf(open(root, ''))).code).toBe('SOURCE_UNREADABLE');
    expect(await namesIn(root, '*.json')).toEqual(['a.json']);
  });

  it.runIf(process.getuid?.() !== 0)('are all or none: a folder that cannot be listed is not passed over', async () => {
    const root = await rootWith('a.json', 'd/b.json');
    await chmod(join(root, 'd'), 0);
    expect((await errorOf(open(root, ''))).code).toBe('SOURCE_UNREADABLE');
    await chmod(join(root, 'd'), 0o755);
  });

  it('are looked for without keeping the process from other work, however much a pattern asks of each name', async () => {
    const root = tempFolder();
    for (let index = 0; index < 200; index += 1) await writeFile(join(root, `${index}.json`), '');
    let atOnce = 0;
    let mostAtOnce = 0;
    let isListing = true;
    const otherWork = () => {
      atOnce = 0;
      if (isListing) setImmediate(otherWork);
    };
    otherWork();
    const matches = () => {
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      return false;
    };
    await listFiles(root, { matches, maxNames: 1, isClosed: () => false });
    isListing = false;
    expect(mostAtOnce).toBe(64);
  });

  it('are at most ten thousand, and their folders at most 64 in each other', { timeout: 30_000 }, async () => {
    const root = await rootWith(`${'d/'.repeat(63)}a.json`);
    expect(await namesIn(root, '')).toHaveLength(1);
    await addFile(root, `${'e/'.repeat(64)}a.json`);
    expect(await namesIn(root, 'e')).toHaveLength(1);
    expect((await errorOf(open(root, ''))).code).toBe('SOURCE_SET_TOO_LARGE');
    await mkdir(join(root, 'many'));
    const names = Array.from({ length: 10_000 }, (_, index) => join(root, 'many', `${index}.json`));
    for (let from = 0; from < names.length; from += 500)
      await Promise.all(names.slice(from, from + 500).map((name) => writeFile(name, '')));
    expect((await open(root, 'many')).fingerprint.fileCount).toBe(10_000);
    await addFile(root, 'many/one-more.json');
    expect((await errorOf(open(root, 'many'))).code).toBe('SOURCE_SET_TOO_LARGE');
  });
});

describe('The fingerprint of several files', () => {
  const NAMES = ['a.json', 'b.json', 'c/d.json'];

  it('is the same while nothing happens to them', async () => {
    const root = await rootWith(...NAMES);
    const { files, fingerprint } = await open(root, '');
    expect(fingerprint).toMatchObject({ fileCount: 3, size: files.reduce((sum, { stat }) => sum + stat.size, 0) });
    expect((await open(root, '**')).fingerprint).toEqual(fingerprint);
    const namedMtimes = files.map(({ path, stat }) => `${relative(root, path)}\0${stat.mtimeNs}\0`).join('');
    expect(fingerprint.mtimeNs).toBe(sha256(namedMtimes));
  });

  it.each([
    ['a file is added', 'changed', (root: string) => addFile(root, 'e.json', '')],
    ['a file is removed', 'changed', (root: string) => rm(join(root, 'b.json'))],
    ['a file is renamed', 'changed', (root: string) => rename(join(root, 'b.json'), join(root, 'bb.json'))],
    ['a file is appended to', 'changed', (root: string) => appendFile(join(root, 'c/d.json'), ' ')],
    ['two files change places', 'changed', swapNames],
    ['a file is written anew', 'changed', (root: string) => addFile(root, 'b.json', '["X"]')],
    ['a file is copied back with its times', 'touched', copyBack],
    ['a file of another type is added', 'same', (root: string) => addFile(root, 'e.xml', '')],
  ] as const)('tells that %s: %s', async (_, drift, change) => {
    const root = await rootWith(...NAMES);
    for (const name of NAMES) await utimes(join(root, name), 1_700_000_000, 1_700_000_000);
    const { fingerprint } = await open(root, '');
    await change(root);
    expect(compareFingerprints(fingerprint, (await open(root, '')).fingerprint)).toBe(drift);
  });

  async function swapNames(root: string): Promise<void> {
    await writeFile(join(root, 'b.json'), '["7"]');
    await utimes(join(root, 'b.json'), 1_700_000_000, 1_700_000_000);
    await rename(join(root, 'a.json'), join(root, 'x'));
    await rename(join(root, 'b.json'), join(root, 'a.json'));
    await rename(join(root, 'x'), join(root, 'b.json'));
  }

  async function copyBack(root: string): Promise<void> {
    await rm(join(root, 'b.json'));
    await addFile(root, 'b.json');
    await utimes(join(root, 'b.json'), 1_700_000_000, 1_700_000_000);
  }
});

describe('Whether files are untouched', () => {
  it('is told of each and of all', async () => {
    const root = await rootWith('a.json', 'b.json', 'c.json');
    const set = await open(root, '');
    const answers = () => Promise.all([0, 1, 2, null].map((fileIndex) => isUntouched(set, fileIndex)));
    expect(await answers()).toEqual([true, true, true, true]);
    await appendFile(join(root, 'b.json'), ' ');
    expect(await answers()).toEqual([true, false, true, false]);
    await rm(join(root, 'c.json'));
    await symlink('a.json', join(root, 'c.json'));
    expect(await answers()).toEqual([true, false, false, false]);
    await rm(join(root, 'a.json'));
    expect(await answers()).toEqual([false, false, false, false]);
  });
});
