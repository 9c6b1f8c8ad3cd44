import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { projectRoot } from '../repo/project-files.ts';

const run = promisify(execFile);
const binFolder = join(projectRoot, 'bin');

const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string; dependencies: object };

/** A whole build, an npm and a delivery, on a machine that may have other things to do. */
const TIMEOUT_MS = 30_000;

it('packs a build that delivers, and leaves the pinned runtime behind', { timeout: TIMEOUT_MS }, async () => {
  const folder = tempFolder();
  await run(process.execPath, [join(binFolder, 'with-node.js'), join(binFolder, 'pack-release.js'), folder]);
  const { version, dependencies } = readManifest(projectRoot);
  await run('tar', ['-xzf', `ackstream-${version}.tgz`], { cwd: folder });
  const packed = join(folder, 'package');
  expect(readManifest(packed)).toMatchObject({ version, dependencies });
  expect(readManifest(packed)).not.toHaveProperty('optionalDependencies');

  symlinkSync(join(projectRoot, 'node_modules'), join(packed, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2}]');
  const { callbackUrl, report } = await startReceiver();
  const ingest = [join(packed, 'bin', 'ackstream.js'), 'ingest', 'products.json', '--callback', callbackUrl, '--json'];
  const { stdout } = await run(process.execPath, ingest, {
    cwd: folder,
    env: { PATH: process.env.PATH, ACKSTREAM_PORT: '0' },
  });
  const [answer = ''] = stdout.split('\n');
  const { ingestion_id: ingestionId } = JSON.parse(answer) as { readonly ingestion_id: string };
  expect(await report(ingestionId)).toMatchObject({ records: 2, verdict_ok: true });
});
