/*
 * The package under every Node that package.json says it runs on: the official binaries, from npm. Because it needs the registry, it is part of
 * `npm run test:package` and not of `npm test`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript without types, so that it runs under any Node.
import * as runtime from '../../bin/runtime.js';
import { deliverFeeds, EVERY_FORMAT } from './deliver-feeds.ts';
import { installTarball, packRelease } from './packed-release.ts';

const run = promisify(execFile);

const { MINIMUM_NODE, PINNED_PACKAGES } = runtime as {
  readonly MINIMUM_NODE: readonly number[];
  readonly PINNED_PACKAGES: Readonly<Record<string, string>>;
};
const nodePackage = PINNED_PACKAGES[`${process.platform}-${process.arch}`];
const isAskedFor = process.env.npm_lifecycle_event === 'test:package' && nodePackage !== undefined;
if (!isAskedFor) console.log('runtimes: other versions of Node are tried by `npm run test:package`');

const TIMEOUT_MS = 180_000;

describe.runIf(isAskedFor)('the package, installed by npm in an empty folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-runtimes-'));
    await installTarball(await packRelease(folder), folder);
  }, TIMEOUT_MS);
  // Several hundred MB.
  afterAll(() => rmSync(folder, { recursive: true, force: true }), TIMEOUT_MS);

  it.each([`${MINIMUM_NODE.join('.')}.0`, '22', '24', '26'])(
    'delivers feeds of every format under Node %s',
    { timeout: TIMEOUT_MS },
    async (version) => {
      const prefix = join(folder, `node-${version}`);
      const install = ['install', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
      await run('npm', [...install, `${nodePackage}@${version}`], { cwd: folder });
      const node = join(prefix, 'node_modules', nodePackage ?? '', 'bin', 'node');
      const { stdout } = await run(node, ['--version']);
      expect(stdout.startsWith(`v${version}`)).toBe(true);
      console.log(`runtimes: ${stdout.trim()}`);
      await deliverFeeds(node, folder, EVERY_FORMAT);
      for (const load of ["await import('ackstream/protocol')", "require('ackstream/protocol')"]) {
        const { stdout: exported } = await run(
          node,
          ['-p', `(async () => ${load})().then(({ readDelivery }) => console.log(typeof readDelivery)), ''`],
          { cwd: folder },
        );
        expect(exported.trim(), load).toBe('function');
      }
    },
  );
});
