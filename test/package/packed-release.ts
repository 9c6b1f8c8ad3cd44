import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';

const run = promisify(execFile);

/** A package as the lock file has it: what it is needed for. */
interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Where packages stand that are not below another one: what those need is found from where they really are. */
const TOP_LEVEL = /^node_modules\/(?:@[^/]+\/)?[^/]+$/;

const readProjectJson = (path: string): unknown => JSON.parse(readProjectFile(path));

/** Packs the release into `folder` with `npm run pack:release`'s own script; the tarball's path. */
export async function packRelease(folder: string): Promise<string> {
  const bin = join(projectRoot, 'bin');
  await run(process.execPath, [join(bin, 'with-node.js'), join(bin, 'pack-release.js'), folder]);
  const { version } = readProjectJson('package.json') as { readonly version: string };
  return join(folder, `ackstream-${version}.tgz`);
}

/** Installs a tarball into the empty `folder` as a user does. Needs the registry. */
export async function installTarball(tarball: string, folder: string): Promise<void> {
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', tarball], { cwd: folder });
}

/**
 * Installs a tarball into `folder` without npm: beside it stand those packages of this checkout that the lock file has for run time, and none that only
 * development has.
 */
export async function unpackTarball(tarball: string, folder: string): Promise<void> {
  const unpacked = join(folder, 'node_modules', 'ackstream');
  mkdirSync(unpacked, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1']);
  const { packages } = readProjectJson('package-lock.json') as LockFile;
  const names = Object.entries(packages).flatMap(([path, { dev, optional, devOptional }]) =>
    TOP_LEVEL.test(path) && !dev && !optional && !devOptional ? [path] : [],
  );
  for (const path of names) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(projectRoot, path), join(folder, path), 'junction');
  }
}
