/** The command as a process, through its launcher: what only a process shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ackstream-main-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Starts `ackstream` in the test's folder; it gives up its life with the test's patience. */
function ackstream(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(projectRoot, 'bin', 'ackstream.js'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ACKSTREAM_PORT: '0', ACKSTREAM_LOG_LEVEL: 'error' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 15_000,
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const errors = text(child.stderr);
  return {
    child,
    lines: createInterface(child.stdout)[Symbol.asyncIterator](),
    code: exited.then(([code]) => code),
    errors,
  };
}

it('prints its version, which is that of the package', async () => {
  const { lines, code } = ackstream('--version');
  expect((await lines.next()).value).toBe(VERSION);
  expect(await code).toBe(0);
  expect((JSON.parse(readProjectFile('package.json')) as { version: string }).version).toBe(VERSION);
});

it('exits with the code of the error', async () => {
  const { code, errors } = ackstream('deliver');
  expect(await errors).toContain('COMMAND_INVALID');
  expect(await code).toBe(2);
});

it('serves, receives, and ends both when it is asked to', async () => {
  writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2}]');
  const receiver = ackstream('receiver', '--port', '0');
  const callback = / (http:\S+)$/.exec((await receiver.lines.next()).value ?? '')?.[1] ?? '';
  const service = ackstream('serve');
  expect((await service.lines.next()).value).toMatch(/^ackstream listens on http:\/\/127\.0\.0\.1:\d+$/);
  const delivery = ackstream('ingest', 'products.json', '--callback', callback);
  expect(await delivery.errors).toBe('');
  expect(await delivery.code).toBe(0);
  for (const { child, code } of [service, receiver]) {
    // As from a supervisor that signals a whole group.
    for (let count = 0; count < 3; count += 1) child.kill('SIGTERM');
    expect(await code).toBe(0);
  }
});

it('refuses a second service on a data directory and says who has it', async () => {
  const service = ackstream('serve');
  await service.lines.next();
  const second = ackstream('serve');
  expect(await second.errors).toMatch(/^DATA_DIR_LOCKED: .*process \d+.*http:/);
  expect(await second.code).toBe(3);
  service.child.kill('SIGINT');
  expect(await service.code).toBe(0);
});

/** More than any pipe holds: what has written it knows that somebody reads. */
const MORE_THAN_A_PIPE = ' '.repeat(4 * 1024 * 1024);

it.each(['SIGINT', 'SIGTERM'] as const)('hears %s while it waits for the end of standard input', async (signal) => {
  const { child, code, errors } = ackstream('ingest', 'a.json', '--callback', 'http://127.0.0.1:1/', '--request', '-');
  await new Promise((resolve) => child.stdin.write(MORE_THAN_A_PIPE, resolve));
  child.kill(signal);
  expect(await errors).toBe('Interrupted: no delivery was asked for.\n');
  expect(await code).toBe(130);
  expect(readdirSync(folder)).toEqual([]);
});

it('tells what it can do without loading a service', async () => {
  const tellLoaded = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;
  const main = join(projectRoot, 'src', 'cli', 'main.ts');
  const args = ['--import', `data:text/javascript,${encodeURIComponent(tellLoaded)}`, main, '--help'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 15_000 });
  const loaded = await text(child.stderr);
  const libraries = new Set([...loaded.matchAll(/node_modules\/((?:@[^/]+\/)?[^/\n]+)/g)].map(([, name]) => name));
  expect([...libraries]).toEqual(['commander']);
});

/** Runs a line of the shell, in which `$ackstream` is the command; what it prints. */
async function shell(line: string): Promise<string> {
  const child = spawn('bash', ['-c', line], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ackstream: `${process.execPath} ${join(projectRoot, 'bin', 'ackstream.js')}`,
      ACKSTREAM_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return printed;
}

const hasFullDevice = existsSync('/dev/full');
if (!hasFullDevice) console.log('main: there is no /dev/full; the streams of the command are not tried');

describe.runIf(hasFullDevice)('the streams of the command', () => {
  it('may end before what is printed', async () => {
    const endless = '$ackstream generate --format csv --records 100000000';
    expect(
      await shell(
        `(${endless}; echo "exit $?" >&2) 2>&1 >/dev/full | tail -n 1; ${endless} 2>err | head -c 3; cat err`,
      ),
    ).toBe('exit 1\nid,');
  });

  it('that are full are told of by the exit code', async () => {
    expect(await shell('$ackstream config 2>&1 >/dev/full; echo "exit $?"')).toMatch(
      /^Standard output cannot be written: ENOSPC.*\nexit 1\n$/,
    );
  });

  it('for errors need not be read by anybody', async () => {
    const unread = '2> >(exec true)';
    expect(
      await shell(`sleep 0.1 | $ackstream config ${unread} | head -c 7; $ackstream config --no ${unread}; echo " $?"`),
    ).toBe('SETTING 2\n');
  });

  it('may be closed', async () => {
    expect(await shell('$ackstream config <&- | head -c 7; $ackstream config >&- 2>&-; echo " $?"')).toBe(
      'SETTING 0\n',
    );
  });
});

it('colours status words where it is told to, though it is no terminal', async () => {
  const doctor = async (env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [join(projectRoot, 'bin', 'ackstream.js'), 'doctor'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ACKSTREAM_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 15_000,
    });
    return text(child.stdout);
  };
  expect((await doctor({ FORCE_COLOR: '1' })).slice(0, 26)).toBe('\u001b[32mok     \u001b[39m  runtime');
  expect((await doctor({})).slice(0, 16)).toBe('ok       runtime');
});
