/** Each thing that can be wrong, made wrong in a real folder. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkDataDisk } from '../../src/cli/doctor/check-folders.ts';
import { checkNativeModule, checkNode, MINIMUM_NODE } from '../../src/cli/doctor/check-runtime.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { lockDataDirectory } from '../../src/state/data-directory-lock.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { readProjectFile } from '../repo/project-files.ts';
import { recordedContext } from './command-fixtures.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('doctor: only root gives files to another user; that is not tried');
const isWindows = process.platform === 'win32';
if (isWindows) console.log('doctor: files have no modes here; these are not looked at');

type Env = Readonly<Record<string, string>>;

/** Runs the doctor in a folder; its findings, and its exit code. */
async function examine(cwd: string, env: Env = {}, { now = Date.now(), args = [] as readonly string[] } = {}) {
  const settings = { ACKSTREAM_PORT: '0', ACKSTREAM_DATA_DIR: 'data', ACKSTREAM_LOG_DIR: 'logs', ...env };
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const { context, written } = recordedContext({ cwd, env: settings, clock });
  const code = await runCommandLine(['doctor', '--json', ...args], context);
  const findings = written.out
    .trimEnd()
    .split('\n')
    .map((line): Finding => JSON.parse(line));
  return { code, findings, bad: findings.filter(({ verdict }) => verdict !== 'ok') };
}

/** A folder that a service has worked in. */
async function usedFolder(): Promise<string> {
  const folder = tempFolder();
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const service = await startService(folder);
  await service.stop();
  return folder;
}

async function startServer(answer: string): Promise<number> {
  const server = createServer((_incoming, outgoing) => outgoing.end(answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('ackstream doctor', () => {
  it('finds nothing wrong where nothing is yet, and makes nothing', async () => {
    const folder = tempFolder();
    const { code, bad } = await examine(folder);
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finds nothing wrong beside a service, and knows that it is that', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'data'), { mode: 0o700 });
    const { url } = await startService(folder);
    const { code, findings, bad } = await examine(folder, { ACKSTREAM_PORT: new URL(url).port });
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(findings).toContainEqual({
      check: 'address',
      verdict: 'ok',
      seen: `${url} is that of this service`,
      remedy: null,
    });
  });

  it('tells a person in a line each, with what to do', async () => {
    const { context, written } = recordedContext({
      cwd: tempFolder(),
      env: { ACKSTREAM_SOURCE_ROOTS: 'feeds', ACKSTREAM_PORT: '0' },
    });
    expect(await runCommandLine(['doctor'], context)).toBe(1);
    expect(written.out).toMatch(/^ok {7}runtime {9}Node v/);
    expect(written.out).toMatch(
      /^problem {2}source root {5}.*feeds does not exist\n {25}Make the folder, or correct ACKSTREAM_SOURCE_ROOTS\.$/m,
    );
    expect(written.out).toMatch(/\n\n1 problem: a service does not start or work as it is\.\n$/);
  });

  it.each<[string, Env, string, RegExp]>([
    ['settings', { ACKSTREAM_MAX_RUNNING: '0' }, 'settings', /ACKSTREAM_MAX_RUNNING must be/],
    ['a data directory that is a file', { ACKSTREAM_DATA_DIR: 'file' }, 'data directory', /is no folder/],
    ['a key file that is not there', { ACKSTREAM_STATE_KEY_FILE: 'key' }, 'key file', /does not exist/],
    ['a source root that is a file', { ACKSTREAM_SOURCE_ROOTS: 'file' }, 'source root', /is no folder/],
    ['an allow-list that cannot be read', { ACKSTREAM_CALLBACK_ALLOW: '10.0.0.0/99' }, 'callbacks', /./],
    [
      'authorities that are none',
      { ACKSTREAM_CALLBACK_CA: 'file' },
      'authorities',
      /file: ACKSTREAM_CALLBACK_CA must be/,
    ],
    ['a service that others reach without a token', { ACKSTREAM_HOST: '0.0.0.0' }, 'tokens', /to listen on 0\.0\.0\.0/],
    ['a log folder that is a file', { ACKSTREAM_LOG_DIR: 'file' }, 'log folder', /is no folder/],
    [
      'an address of another machine',
      { ACKSTREAM_HOST: '192.0.2.1', ACKSTREAM_API_TOKEN: 'a-token-of-some-length' },
      'address',
      /EADDRNOTAVAIL/,
    ],
  ])('sees %s', async (_what, env, check, seen) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), '');
    const { code, bad } = await examine(folder, env);
    expect(bad).toContainEqual({
      check,
      verdict: 'problem',
      seen: expect.stringMatching(seen),
      remedy: expect.any(String),
    });
    expect(code).toBe(1);
  });

  it.each<[string, Env, string, RegExp]>([
    [
      'an allow-list of everything',
      { ACKSTREAM_CALLBACK_ALLOW: 'shop.example,0.0.0.0/0' },
      'callbacks',
      /every address may be called/,
    ],
    ['a source root that is the whole machine', { ACKSTREAM_SOURCE_ROOTS: '/' }, 'source root', /all of this machine/],
  ])('warns of %s', async (_what, env, check, seen) => {
    const { code, bad } = await examine(tempFolder(), env);
    expect(bad).toEqual([{ check, verdict: 'warning', seen: expect.stringMatching(seen), remedy: expect.any(String) }]);
    expect(code).toBe(0);
  });

  it('sees a state that is not what was written, and leaves it as it is', async () => {
    const folder = await usedFolder();
    truncateSync(join(folder, 'data', 'ackstream.db'), 0);
    const { code, bad } = await examine(folder);
    expect(bad).toEqual([
      expect.objectContaining({ check: 'state', verdict: 'problem', seen: expect.stringMatching(/^STATE_DAMAGED: /) }),
    ]);
    expect(code).toBe(1);
  });

  it('sees a clock that went back', async () => {
    const folder = await usedFolder();
    expect((await examine(folder, {}, { now: 0 })).bad).toEqual([
      expect.objectContaining({ check: 'clock', verdict: 'problem' }),
    ]);
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(join(folder, 'data', 'ackstream.db'), tomorrow, tomorrow);
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({ check: 'clock', seen: expect.stringContaining('the state was written') }),
    ]);
  });

  it('sees files that others may read', async () => {
    if (isWindows) return;
    const folder = await usedFolder();
    const key = join(folder, 'data', 'state.key');
    expect(existsSync(key)).toBe(true);
    chmodSync(key, 0o644);
    const tokens = join(folder, 'data', 'tokens.json');
    writeFileSync(tokens, '{"version":1,"tokens":[]}');
    chmodSync(tokens, 0o644);
    chmodSync(join(folder, 'data'), 0o755);
    const { bad } = await examine(folder);
    expect(bad.map(({ check, verdict }) => `${check}: ${verdict}`)).toEqual([
      'data directory: warning',
      'key file: problem',
      'tokens: problem',
    ]);
  });

  it('sees what else is at the address', async () => {
    const other = String(await startServer('<h1>hello</h1>'));
    expect((await examine(tempFolder(), { ACKSTREAM_PORT: other })).bad).toEqual([
      expect.objectContaining({
        check: 'address',
        verdict: 'problem',
        seen: expect.stringContaining('another program'),
      }),
    ]);
    const ours = String(await startServer('{"live":true}'));
    expect((await examine(tempFolder(), { ACKSTREAM_PORT: ours })).bad).toEqual([
      expect.objectContaining({
        check: 'address',
        verdict: 'warning',
        seen: expect.stringContaining('another Ackstream'),
      }),
    ]);
  });

  it('sees a service that has the data directory and does not answer', async () => {
    const folder = await usedFolder();
    const lock = lockDataDirectory(join(folder, 'data'), { pid: 4711, what: 'ackstream' });
    onTestFinished(() => lock.release());
    expect((await examine(folder)).bad).toEqual([]);
    lock.setUrl(`http://127.0.0.1:${await startServer('')}`);
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({ check: 'lock', verdict: 'problem', seen: expect.stringContaining('process 4711') }),
    ]);
  });

  it('sees tokens that have all expired', async () => {
    const folder = tempFolder();
    const { context } = recordedContext({ cwd: folder, env: { ACKSTREAM_DATA_DIR: 'data' } });
    await runCommandLine(['token', 'create', '--name', 'pim', '--scope', 'read', '--expires', '1h'], context);
    expect((await examine(folder)).bad).toEqual([]);
    expect((await examine(folder, {}, { now: Date.now() + 3_700_000 })).bad).toEqual([
      expect.objectContaining({ check: 'tokens', verdict: 'warning' }),
    ]);
  });
});

describe('the data directory', () => {
  it('that cannot be used is told of once', async () => {
    const folder = tempFolder();
    symlinkSync(join(folder, 'nowhere'), join(folder, 'data'));
    const { code, bad } = await examine(folder);
    expect(bad).toEqual([
      expect.objectContaining({
        check: 'data directory',
        seen: expect.stringContaining('link to what does not exist'),
      }),
    ]);
    expect(code).toBe(1);
  });

  it.runIf(isRoot)('may have no files of another user in it', async () => {
    const folder = await usedFolder();
    chownSync(join(folder, 'data', 'ackstream.db'), 4711, 4711);
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({
        check: 'data directory',
        verdict: 'problem',
        seen: expect.stringMatching(/^ackstream\.db in .* belongs to another user/),
        remedy: expect.stringContaining('chown -R'),
      }),
    ]);
  });

  it('is judged by its disk', () => {
    const GIB = 1024 ** 3;
    const roomy = { bavail: 4, bsize: GIB, files: 1000, ffree: 500, type: 0xef53 };
    const verdicts = (changes: Partial<typeof roomy>) =>
      checkDataDisk({ dataDir: tempFolder() }, () => ({ ...roomy, ...changes })).map(
        ({ verdict, seen }) => `${verdict}: ${seen}`,
      );
    expect(verdicts({})).toEqual(['ok: 4,096 MiB are free']);
    expect(verdicts({ bavail: 1, bsize: GIB / 2 })).toEqual(['warning: 512 MiB are free']);
    expect(verdicts({ bavail: 0 })).toEqual(['problem: 0 MiB are free']);
    expect(verdicts({ ffree: 3 })).toEqual(['problem: 3 files may be made on its disk']);
    expect(verdicts({ files: 0, ffree: 0 })).toEqual(['ok: 4,096 MiB are free']);
    expect(verdicts({ type: 0x6969 })[1]).toMatch(/^warning: .* is on NFS/);
  });

  it('is free where its last holder died', async () => {
    const folder = await usedFolder();
    const holder = { pid: 4711, what: 'ackstream', url: 'http://127.0.0.1:9', since: '2026-03-01T12:00:00.000Z' };
    writeFileSync(join(folder, 'data', 'lock.json'), JSON.stringify(holder), { mode: 0o600 });
    expect((await examine(folder)).bad).toEqual([]);
  });

  it('may not be of a newer version', async () => {
    const folder = await usedFolder();
    const database = new SqliteConnection(join(folder, 'data', 'ackstream.db'), { busyTimeoutMs: 0 });
    database.execute('PRAGMA user_version = 99');
    database.close();
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({ check: 'state', seen: expect.stringMatching(/^STATE_SCHEMA_TOO_NEW: /) }),
    ]);
  });

  it('has its key', async () => {
    const folder = await usedFolder();
    rmSync(join(folder, 'data', 'state.key'));
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({ check: 'key file', verdict: 'warning', seen: expect.stringContaining('no') }),
    ]);
    writeFileSync(join(folder, 'data', 'state.key'), 'half a key', { mode: 0o600 });
    expect((await examine(folder)).bad).toEqual([
      expect.objectContaining({ check: 'key file', verdict: 'problem', remedy: expect.any(String) }),
    ]);
  });
});

describe('the settings', () => {
  it('that are unknown are told with the nearest that are known', async () => {
    const { bad } = await examine(tempFolder(), { ACKSTREAM_DATADIR: 'x' });
    expect(bad).toEqual([
      expect.objectContaining({
        check: 'settings',
        seen: 'ACKSTREAM_DATADIR is not a setting; did you mean ACKSTREAM_DATA_DIR?',
      }),
    ]);
  });

  it.skipIf(isWindows)('that are secrets stand in no file that others read', async () => {
    const folder = tempFolder();
    const file = join(folder, '.env');
    writeFileSync(file, 'ACKSTREAM_MAX_RUNNING=2\n');
    chmodSync(file, 0o644);
    expect((await examine(folder)).bad).toEqual([]);
    writeFileSync(file, 'ACKSTREAM_API_TOKEN=a-token-of-some-length\n');
    expect((await examine(folder)).bad).toEqual([
      {
        check: 'settings',
        verdict: 'warning',
        seen: `${file} holds ACKSTREAM_API_TOKEN and has mode 0644: others may read it`,
        remedy: expect.stringContaining(`chmod 600 ${file}`),
      },
    ]);
    chmodSync(file, 0o600);
    expect((await examine(folder)).bad).toEqual([]);
  });
});

describe('a callback', () => {
  const reach = async (url: string, env: Env = {}) => {
    const { findings, code } = await examine(tempFolder(), env, { args: ['--callback', url] });
    return { code, finding: findings.find(({ check }) => check === 'callback') };
  };

  it('is connected to, and sent nothing', async () => {
    const port = await startServer('');
    expect(await reach(`http://127.0.0.1:${port}/feed`)).toEqual({
      code: 0,
      finding: {
        check: 'callback',
        verdict: 'ok',
        seen: `http://127.0.0.1:${port} can be connected to`,
        remedy: null,
      },
    });
    expect(await reach(`https://127.0.0.1:${port}/feed`)).toMatchObject({
      code: 1,
      finding: {
        verdict: 'problem',
        seen: expect.stringMatching(/: the receiver does not speak TLS at this port; is it http:\/\/\? \(\w+\)$/),
        remedy: expect.stringContaining('http or https'),
      },
    });
  });

  it.each<[string, string, RegExp, RegExp]>([
    ['nobody listens', 'http://127.0.0.1:1/', /ECONNREFUSED/, /Start the receiver/],
    ['the service may not call it', 'http://10.0.0.1/', /^CALLBACK_NOT_ALLOWED/, /ACKSTREAM_CALLBACK_ALLOW/],
    ['it is no URL', 'shop.example', /is no URL/, /https:/],
  ])('is told of where %s', async (_what, url, seen, remedy) => {
    const { code, finding } = await reach(url);
    expect(finding).toEqual({
      check: 'callback',
      verdict: 'problem',
      seen: expect.stringMatching(seen),
      remedy: expect.stringMatching(remedy),
    });
    expect(code).toBe(1);
  });
});

describe('the runtime', () => {
  it('is judged as the launcher does', () => {
    const [, launcherMinimum = ''] = /MINIMUM_NODE = \[([^\]]+)\]/.exec(readProjectFile('bin/runtime.js')) ?? [];
    expect(MINIMUM_NODE).toBe(launcherMinimum.replace(', ', '.'));
    expect(['v22.19.0', 'v22.20.1', 'v24.0.0', 'v26.10.0'].map((version) => checkNode(version).verdict)).toEqual(
      Array(4).fill('ok'),
    );
    expect(['v22.18.9', 'v22.9.0', 'v8.99.0'].map((version) => checkNode(version).verdict)).toEqual(
      Array(3).fill('problem'),
    );
  });

  it('needs a native module that loads', () => {
    const open = () => {
      throw new Error('was compiled against a different Node.js version');
    };
    expect(checkNativeModule(open)).toEqual([
      expect.objectContaining({
        verdict: 'problem',
        seen: expect.stringContaining('different Node.js'),
        remedy: expect.stringContaining('npm rebuild'),
      }),
    ]);
  });
});
