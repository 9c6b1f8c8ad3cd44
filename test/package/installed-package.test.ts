import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as protocol from '../../src/protocol/index.ts';
import { endWithThisProcess } from '../harness/end-with-this-process.ts';
import { projectRoot } from '../repo/project-files.ts';
import { deliverFeeds } from './deliver-feeds.ts';
import { packRelease, unpackTarball } from './packed-release.ts';

const run = promisify(execFile);

/** A build and an npm, on a machine that may have other things to do. */
const TIMEOUT_MS = 60_000;

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-installed-'));
  await unpackTarball(await packRelease(folder), folder);
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, with no more beside it than its dependencies', () => {
  it('has the dependencies of the project and nothing that only a checkout needs', () => {
    const { version, dependencies } = readManifest(projectRoot);
    const installed = readManifest(join(folder, 'node_modules', 'ackstream'));
    expect(installed).toMatchObject({ version, dependencies });
    for (const name of ['optionalDependencies', 'devDependencies', 'overrides', 'scripts']) {
      expect(installed).not.toHaveProperty(name);
    }
  });

  it('delivers a feed by its command', { timeout: TIMEOUT_MS }, async () => {
    await deliverFeeds(process.execPath, folder, [['json', 'feed.json']]);
  });

  it('serves the dashboard with all that its page loads', { timeout: TIMEOUT_MS }, async () => {
    const command = join(folder, 'node_modules', 'ackstream', 'bin', 'ackstream.js');
    const service = spawn(process.execPath, [command, 'serve'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ACKSTREAM_PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    endWithThisProcess(service);
    try {
      const [line] = (await once(createInterface(service.stdout), 'line')) as [string];
      const page = await fetch(line.slice(line.indexOf('http')));
      expect(page.status).toBe(200);
      const loaded = [...(await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
      expect(loaded.length).toBeGreaterThan(3);
      const statuses = await Promise.all(
        loaded.map(async (path) => [path, (await fetch(new URL(path, page.url))).status]),
      );
      expect(statuses).toEqual(loaded.map((path) => [path, 200]));
    } finally {
      service.kill();
      await once(service, 'exit');
    }
  });

  it('exports the protocol, what it says of itself, and nothing else', async () => {
    const script = `
      const found = await import('ackstream/protocol');
      const closed = await import('ackstream/dist/src/compose.js').catch((error) => error.code);
      const { default: { version } } = await import('ackstream/package.json', { with: { type: 'json' } });
      console.log(JSON.stringify({ names: Object.keys(found).sort(), closed, version }));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      names: Object.keys(protocol).toSorted(),
      closed: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      version: readManifest(projectRoot).version,
    });
  });

  it.each([
    ['nodenext', ['--module', 'nodenext']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('has types that %s resolution finds, and that hold', async (_name, flags) => {
    const consumer = `
      import { canonicalizeJson, type ReceivedChunk, chunkEnvelopeSchema, verifySignature } from 'ackstream/protocol';
      const chunk: ReceivedChunk = chunkEnvelopeSchema.parse({});
      export const bytes: Uint8Array = canonicalizeJson(new Uint8Array(), { numberForm: 'exact', maxDepth: 8 });
      export const offset: number | undefined = chunk.record_offset;
      // @ts-expect-error: a number is no checksum.
      export const checksum: number = chunk.checksum;
      // @ts-expect-error: a secret is missing.
      verifySignature({ id: '', timestamp: null, signature: null, body: '', nowSeconds: 0 });`;
    writeFileSync(join(folder, 'consumer.ts'), consumer);
    const tsc = join(projectRoot, 'node_modules', '.bin', 'tsc');
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022'];
    await run(process.execPath, [join(projectRoot, 'bin', 'with-node.js'), tsc, ...options, ...flags, 'consumer.ts'], {
      cwd: folder,
    });
  });

  it('type-checks the TypeScript receiver', async () => {
    const receiver = join(folder, 'node_modules', 'ackstream', 'examples', 'receivers', 'receiver.ts');
    writeFileSync(join(folder, 'receiver.ts'), readFileSync(receiver));
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--erasableSyntaxOnly'];
    const types = ['--typeRoots', join(projectRoot, 'node_modules', '@types'), '--types', 'node'];
    const args = ['tsc', ...options, ...types, '--module', 'nodenext', '--target', 'es2024', 'receiver.ts'];
    await run(process.execPath, [join(projectRoot, 'bin', 'with-node.js'), ...args], { cwd: folder });
  });
});
