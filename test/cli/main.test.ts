/** The command as a process, through its launcher: what only a process shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
    stdio: ['ignore', 'pipe', 'pipe'],
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
