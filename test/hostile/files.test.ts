/*
 * What a request could name to have the service read what it must not, wait for what never comes, or tell what there is outside of its folders.
 */

import { createHook } from 'node:async_hooks';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServiceError } from '../../src/errors.ts';
import { openFileSource, openPinnedFile } from '../../src/sources/file-source.ts';
import { openSourceSet } from '../../src/sources/source-set.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** A root with `feed.json` in it, and a folder beside it that is outside. */
function scene(): { readonly root: string; readonly outside: string } {
  const folder = tempFolder();
  const root = join(folder, 'root');
  const outside = join(folder, 'root-secret');
  for (const path of [join(root, 'sub'), join(outside, 'closed')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'feed.json'), '[{"id":1}]');
  for (const path of ['secret.json', 'unreadable.json', 'closed/secret.json'])
    writeFileSync(join(outside, path), '["secret"]');
  chmodSync(join(outside, 'unreadable.json'), 0);
  chmodSync(join(outside, 'closed'), 0);
  onTestFinished(() => chmodSync(join(outside, 'closed'), 0o700));
  return { root, outside };
}

const open = (root: string, path: string) => openSourceSet(path, { roots: [root], fileType: 'json' });

function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  return work.then(
    () => expect.unreachable('it was opened'),
    (error: ServiceError) => error,
  );
}

/** How many requests to the file system a piece of work makes: the fewest of some tries, for others make some of their own. */
async function countFileRequests(work: () => Promise<unknown>): Promise<number> {
  const counts: number[] = [];
  for (let tried = 0; tried < 3; tried += 1) counts.push(await countFileRequestsOnce(work));
  return Math.min(...counts);
}

async function countFileRequestsOnce(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'FSREQPROMISE' || type === 'FSREQCALLBACK') count += 1;
    },
  }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return count;
}

/** Paths outside of a root of all kinds, by what is there. */
function pathsOutside({ root, outside }: ReturnType<typeof scene>) {
  return {
    'a file': join(outside, 'secret.json'),
    nothing: join(outside, 'missing.json'),
    'nothing, in a folder that is not there': join(outside, 'a', 'b', 'c.json'),
    'a file that may not be read': join(outside, 'unreadable.json'),
    'a file in a folder that may not be entered': join(outside, 'closed', 'secret.json'),
    'a path through a file': join(outside, 'secret.json', 'x.json'),
    'a folder': outside,
    'a pattern': join(outside, '*.json'),
    'a pattern of folders': join(outside, '**', '*.json'),
    'the folder above': join(root, '..'),
    'a path that leaves and comes back': join(root, '..', 'root-secret', '..', 'root-secret', 'secret.json'),
    'a system file': '/etc/shadow',
    'a device': '/dev/zero',
    'a file of a process': '/proc/self/environ',
    'a name that is too long': `/${'x'.repeat(300)}`,
  };
}

/** Links in the root to each of these, all equally deep. */
function linksTo(root: string, targets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(targets).map(([what, target], index) => {
      const link = join(root, `link-${String(index).padStart(2, '0')}`);
      symlinkSync(target, link);
      return [`a link to ${what}`, link];
    }),
  );
}

if (process.platform !== 'linux') console.log('skipped: only Linux shows itself in /proc, /sys and /dev');

describe('what is outside of the roots', () => {
  it('is answered alike and after as much work, whether it is there or not', async () => {
    const place = scene();
    const direct = pathsOutside(place);
    const links = linksTo(place.root, direct);
    for (const group of [direct, links]) {
      const seen = new Set<string>();
      for (const path of Object.values(group)) {
        let failure: ServiceError | undefined;
        const requestCount = await countFileRequests(async () => {
          failure = await failureOf(open(place.root, path));
        });
        seen.add(JSON.stringify([failure?.code, failure?.message.replaceAll(path, '…'), failure?.cause, requestCount]));
      }
      expect([...seen]).toHaveLength(1);
      expect([...seen][0]).toMatch(
        /^\["SOURCE_NOT_ALLOWED","The file is outside of the folders the service may read\. \(…\)",null,\d\]$/,
      );
    }
  });

  it('is answered alike by the API, where it is ingested and where it is looked at', async () => {
    const place = scene();
    const receiver = await startReceiver();
    const service = await startService(place.root);
    const paths = { ...pathsOutside(place), ...linksTo(place.root, pathsOutside(place)) };
    const answers = new Set<string>();
    for (const path of Object.values(paths)) {
      for (const [route, fields] of [
        ['/api/ingest', { callback_url: receiver.callbackUrl }],
        ['/api/preview', {}],
      ] as const) {
        const { status, body } = await service.api.callForText('POST', route, { file_path: path, ...fields });
        const { code, title, detail } = JSON.parse(body) as Record<string, string>;
        answers.add(JSON.stringify([status, code, title, detail?.replaceAll(path, '…')]));
      }
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toMatch(/^\[403,"SOURCE_NOT_ALLOWED"/);
    expect(receiver.attempts).toEqual([]);
  });

  it('is not reached by names that only look like ways out', async () => {
    const { root } = scene();
    const names = [
      '%2e%2e/root-secret/secret.json',
      '..%2froot-secret%2fsecret.json',
      '%252e%252e',
      '．．',
      '..\\root-secret\\secret.json',
      'C:\\secret.json',
      '\\\\server\\share\\x.json',
      '\\\\?\\C:\\x.json',
      'CON',
      'feed.json::$DATA',
      '~',
      '$HOME',
      'file:',
      '-',
    ];
    for (const name of names)
      expect((await failureOf(open(root, `${root}/${name}`))).code, name).toBe('SOURCE_NOT_FOUND');
    for (const name of ['..\\a.json', 'C:\\a.json', '%2e%2e.json', 'CON']) {
      writeFileSync(`${root}/${name}`, '[]');
      expect((await open(root, `${root}/${name}`)).files[0]?.path, name).toBe(`${root}/${name}`);
    }
  });

  it('is not reached through a zero byte', async () => {
    const { root, outside } = scene();
    for (const path of [`${root}/feed.json\0`, `${root}/\0/../feed.json`, `${outside}/secret.json\0${root}/feed.json`])
      expect((await failureOf(open(root, path))).code).toBe('SOURCE_NOT_ALLOWED');
  });

  it('may have a second name inside: a hard link is a file like others', async () => {
    const { root, outside } = scene();
    linkSync(join(outside, 'secret.json'), join(root, 'hard-link.json'));
    expect((await open(root, join(root, 'hard-link.json'))).files).toHaveLength(1);
  });
});

describe.runIf(process.platform === 'linux')('what the kernel shows as files', () => {
  const KERNEL_FILES = [
    '/proc/version',
    '/proc/self/environ',
    '/proc/self/mem',
    '/proc/1/root/etc/passwd',
    '/proc/self/cwd/package.json',
    '/proc/self/fd/0',
    '/sys/kernel/mm/transparent_hugepage/enabled',
    '/dev/zero',
    '/dev/stdin',
    '/dev/fd/0',
    '/dev/shm',
    '/proc',
    '/sys/',
    '/proc/*/environ',
  ];

  it.each(KERNEL_FILES)('is refused whatever the roots say: %s', async (path) => {
    for (const root of ['/', '/proc', '/sys', '/dev']) {
      expect((await failureOf(open(root, path))).code).toBe('SOURCE_NOT_ALLOWED');
    }
    const link = join(tempFolder(), 'link.json');
    symlinkSync(path, link);
    expect((await failureOf(open('/', link))).code).toBe('SOURCE_NOT_ALLOWED');
  });

  it('is not among the files of a folder', async () => {
    const { root } = scene();
    symlinkSync('/proc', join(root, 'sub', 'kernel'));
    symlinkSync('/proc/version', join(root, 'sub', 'version.json'));
    expect((await open(root, root)).files).toHaveLength(1);
    expect((await failureOf(open('/', '/pr?c/version'))).code).toBe('SOURCE_NOT_FOUND');
  });

  it('is known by its file system, wherever that is mounted', async () => {
    for (const path of ['/proc/version', '/proc/uptime']) {
      expect((await failureOf(openFileSource(path))).code, path).toBe('SOURCE_NOT_ALLOWED');
      const pinned = { path, stat: { size: 0, mtimeNs: '0', ctimeNs: '0', inode: '0:0' } };
      expect((await failureOf(openPinnedFile(pinned, { fileIndex: 0, bytesBefore: 0 }))).code).toBe(
        'SOURCE_NOT_ALLOWED',
      );
    }
  });
});

describe('what is the service’s own', () => {
  /** As by default, in the midst of the feeds: state and logs, the settings, and a key. */
  async function ownScene() {
    const root = tempFolder();
    writeFileSync(join(root, '.env'), 'ACKSTREAM_CALLBACK_SECRET=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n');
    const key = join(root, 'seal.key');
    writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
    writeFileSync(join(root, 'feed.json'), '[{"id":1}]');
    symlinkSync('data', join(root, 'link'));
    mkdirSync(join(root, 'logs'));
    const service = await startService(root, { env: { ACKSTREAM_STATE_KEY_FILE: key } });
    for (const folder of ['data', 'logs']) writeFileSync(join(root, folder, 'own.json'), '[{"id":"own"}]');
    return { root, service };
  }

  it('is no feed, wherever the roots are, and is answered as what is outside of them', async () => {
    const { root, service } = await ownScene();
    const names = [
      '.env',
      'seal.key',
      'data/../.env',
      'data',
      'data/',
      'data/ackstream.db',
      'data/lock.sqlite',
      'data/none',
    ];
    const others = ['data/*', 'data/**/x', 'link', 'link/own.json', 'logs', 'logs/own.json', 'logs/../data/own.json'];
    for (const name of [...names, ...others]) {
      for (const [route, fields] of [
        ['/api/ingest', { callback_url: 'http://127.0.0.1:9/' }],
        ['/api/preview', { file_type: 'csv' }],
      ] as const) {
        const file_path = `${root}/${name}`;
        const { status, body } = await service.api.callForText('POST', route, { file_path, ...fields });
        const { code, detail } = JSON.parse(body) as Record<string, string>;
        expect([status, code, detail?.replace(/\(.*\)/, '(…)')], `${route} ${name}`).toEqual([
          403,
          'SOURCE_NOT_ALLOWED',
          'The file is outside of the folders the service may read. (…)',
        ]);
      }
    }
  });

  it('is not among the files of a folder or pattern', async () => {
    const { root, service } = await ownScene();
    for (const name of ['', '**/*', '*/own.json', '{data,logs,.}/*.json']) {
      const answer = await service.api.callForText('POST', '/api/preview', { file_path: `${root}/${name}` });
      expect(answer.body, name).not.toContain('own.json",');
    }
    const { body } = await service.api.callForText('POST', '/api/preview', { file_path: root });
    expect((JSON.parse(body) as { files: unknown }).files).toEqual([{ path: join(root, 'feed.json'), size: 10 }]);
  });
});

/** Has a process listen at a Unix socket in a folder, by its name there: a whole path may be longer than a socket's may. */
async function listenIn(folder: string, name: string): Promise<void> {
  const script = 'require("node:net").createServer().listen(process.argv[1], () => console.log("listens"))';
  const listener = spawn(process.execPath, ['-e', script, name], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void listener.kill());
  await once(listener.stdout, 'data');
}

describe('what is no regular file', () => {
  it('is refused at once, however many ask for it, and nobody else waits', async () => {
    const { root } = scene();
    for (let index = 0; index < 8; index += 1) execFileSync('mkfifo', [join(root, `fifo-${index}.json`)]);
    await listenIn(root, 'socket.json');
    const paths = [...Array.from({ length: 8 }, (_, index) => `fifo-${index}.json`), 'socket.json'];
    // Nobody writes to these pipes: whoever opens one to read waits for ever.
    const refusals = Promise.all([...paths, ...paths, ...paths].map((path) => failureOf(open(root, join(root, path)))));
    expect(await readFile(join(root, 'feed.json'), 'utf8')).toBe('[{"id":1}]');
    for (const { code } of await refusals) expect(code).toBe('SOURCE_NOT_A_FILE');
  });

  it('is not among the files of a folder or pattern', async () => {
    const { root } = scene();
    execFileSync('mkfifo', [join(root, 'fifo.json')]);
    mkdirSync(join(root, 'folder.json'));
    symlinkSync('feed.json', join(root, 'link.json'));
    for (const path of [root, join(root, '*.json'), join(root, '**')]) {
      expect((await open(root, path)).files.map((file) => file.path)).toEqual([join(root, 'feed.json')]);
    }
  });
});
