// Makes the tarball that is published: a fresh build beside the documents, without what only a checkout needs. Above all without the pinned runtime,
// which npm would link as `node` in the project of whoever installs Ackstream, and without overrides, which npm heeds in no dependency.
//   npm run pack:release [-- <folder the tarball is put into>]
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from './build.js';
import { projectRoot } from './runtime.js';

const destination = resolve(process.argv[2] ?? '.');
const { optionalDependencies, devDependencies, overrides, scripts, ...manifest } = JSON.parse(
  readFileSync(join(projectRoot, 'package.json'), 'utf8'),
);

const folder = mkdtempSync(join(tmpdir(), 'ackstream-pack-'));
try {
  build(join(folder, 'dist'));
  for (const name of manifest.files.filter((name) => name !== 'dist')) {
    cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const pack = ['pack', '--silent', '--pack-destination', destination];
  execFileSync('npm', pack, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
