// Makes the tarball that is published: a fresh build beside the documents, without what only a checkout needs. Above all without the pinned runtime,
// which npm would link as `node` in the project of whoever installs Ackstream, and without overrides, which npm heeds in no dependency. A checkout is
// private so that nobody publishes it as it stands; a script of its own could not mend that, since .npmrc has npm run none.
//   npm run pack:release [-- <folder the tarball is put into>]
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from './build.js';
import { projectRoot } from './runtime.js';

const destination = resolve(process.argv[2] ?? '.');
const {
  private: _,
  optionalDependencies,
  devDependencies,
  overrides,
  scripts,
  ...manifest
} = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'ackstream-pack-'));
try {
  build(join(folder, 'dist'));
  for (const name of manifest.files.filter((name) => name !== 'dist')) {
    cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  // By the environment: on Windows npm is run by a shell, which would part a path with spaces.
  const env = { ...process.env, npm_config_pack_destination: destination };
  execFileSync('npm', ['pack', '--silent'], {
    cwd: folder,
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
