import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
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

/** What a published file is: a document, something to deploy or to copy, the command, or the build. */
const PUBLISHED = [
  /^(?:package\.json|(?:README|ARCHITECTURE|SECURITY|CHANGELOG)\.md|LICENSE)$/,
  /^docs\/[\w-]+\.md$/,
  /^deploy\/[\w.-]+$/,
  /^examples\/receivers\/receiver\.(?:ts|py|php)$/,
  /^bin\/(?:ackstream|with-node|runtime)\.js$/,
  /^dist\/(?:src|mock-receiver)\/[\w/-]+\.js$/,
  /^dist\/src\/[\w/-]+\.d\.ts$/,
  /^dist\/src\/api\/dashboard\/assets\/[\w-]+\.(?:css|html|svg)$/,
];
const MAX_PUBLISHED_BYTES = 4 * 1024 * 1024;

/** What `ackstream/protocol` may load beside Node's own modules. */
const PROTOCOL_MODULES =
  /node_modules\/(?:ackstream\/dist\/src\/(?:protocol\/|model\/|errors\.js|error-entry\.js|error-table\.js)|zod\/|safe-stable-stringify\/)/;

interface Manifest {
  readonly version: string;
  readonly type: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Runs a script as a module of whoever installed the package. */
const runModule = async (script: string): Promise<unknown> => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  return JSON.parse(stdout);
};

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
    for (const name of ['optionalDependencies', 'devDependencies', 'overrides', 'scripts', 'private']) {
      expect(installed).not.toHaveProperty(name);
    }
  });

  it('is made of what is meant to be published, and of all that it names', () => {
    const root = join(folder, 'node_modules', 'ackstream');
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const paths = files.map((file) => relative(root, file).split(sep).join('/'));
    expect(paths.length).toBeGreaterThan(300);
    expect(paths.filter((path) => !PUBLISHED.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(MAX_PUBLISHED_BYTES);
    const { bin, exports, type } = readManifest(root);
    expect(type).toBe('module');
    // A resolver takes the first condition that it knows.
    expect(Object.keys(exports['./protocol'] ?? {})).toEqual(['types', 'default']);
    const named = [bin, ...Object.values(exports)].flatMap((entry) =>
      typeof entry === 'string' ? entry : Object.values(entry),
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
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
      const named = [...(await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
      const loaded = new Set(named.map((path) => new URL(path, page.url).href));
      // What is added on the way is visited too.
      for (const url of loaded) {
        const asset = await fetch(url);
        expect(asset.status, url).toBe(200);
        const imports = url.endsWith('.js') ? (await asset.text()).matchAll(/\bfrom ?['"](\.[^'"]+)['"]/g) : [];
        for (const [, path = ''] of imports) loaded.add(new URL(path, url).href);
      }
      expect([...loaded].join(' ')).toMatch(/uplot[\w.-]*\.js/i);
      expect(loaded.size).toBeGreaterThan(10);
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
    expect(await runModule(script)).toEqual({
      names: Object.keys(protocol).toSorted(),
      closed: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      version: readManifest(projectRoot).version,
    });
  });

  it('loads nothing of the service for the protocol, starts nothing, and can be required', async () => {
    const before = readdirSync(folder);
    const script = `
      import { createRequire, registerHooks } from 'node:module';
      import { pathToFileURL } from 'node:url';
      const urls = [];
      registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
      const found = await import('ackstream/protocol');
      const required = createRequire(pathToFileURL('./x.cjs'))('ackstream/protocol');
      const isSame = required.readDelivery === found.readDelivery;
      console.log(JSON.stringify({ urls, isSame, running: process.getActiveResourcesInfo() }));`;
    const { urls, isSame, running } = (await runModule(script)) as Record<'urls' | 'running', string[]> & {
      isSame: boolean;
    };
    expect(urls.length).toBeGreaterThan(10);
    expect(urls.filter((url) => !url.startsWith('node:') && !PROTOCOL_MODULES.test(url))).toEqual([]);
    expect({ isSame, running, made: readdirSync(folder) }).toEqual({ isSame: true, running: [], made: before });
  });

  it.each([
    ['nodenext', ['--module', 'nodenext']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('has types that %s resolution finds, and that hold without those of Node', async (_name, flags) => {
    const consumer = `
      import {
        acknowledge, canonicalizeJson, chunkEnvelopeSchema, type ReceivedChunk, readDelivery, refuse, verifySignature,
      } from 'ackstream/protocol';
      const chunk: ReceivedChunk = chunkEnvelopeSchema.parse({});
      export const bytes: Uint8Array = canonicalizeJson(new Uint8Array(), { numberForm: 'exact', maxDepth: 8 });
      export const offset: number | undefined = chunk.record_offset;
      const request = new Request('http://receiver.example/');
      const read = { headers: request.headers, body: bytes, secret: null, nowSeconds: 0 };
      const delivery = readDelivery(read);
      export const answer = delivery.kind === 'refused' ? delivery.answer : acknowledge(delivery.envelope);
      export const rows: readonly Uint8Array[] = delivery.kind === 'chunk' ? delivery.records : [];
      readDelivery({ ...read, headers: { 'ackstream-epoch': '1', 'content-digest': undefined, 'x': ['a', 'b'] } });
      refuse(chunk, 'OUT_OF_ORDER_CHUNK', { expected_chunk: 3 });
      refuse(chunk, 'an error of my own');
      // @ts-expect-error: whether signatures are looked at must be said.
      readDelivery({ headers: {}, body: bytes, nowSeconds: 0 });
      // @ts-expect-error: a number is no checksum.
      export const checksum: number = chunk.checksum;
      // @ts-expect-error: a secret is missing.
      verifySignature({ id: '', timestamp: null, signature: null, body: '', nowSeconds: 0 });`;
    writeFileSync(join(folder, 'consumer.ts'), consumer);
    const tsc = join(projectRoot, 'node_modules', '.bin', 'tsc');
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    const options = ['--ignoreConfig', '--noEmit', ...strict, '--target', 'es2022'];
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
