// Builds what is published: the code, the types of what is exported, and the files that the code reads.
//   npm run build [-- <folder, by default dist>]
import { execFileSync } from 'node:child_process';
import { cpSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { projectRoot } from './runtime.js';

const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');

/** The endings of what a compiler makes something of, or is told by. */
const NOT_READ = new Set(['.ts', '.json']);

/** Builds into a folder. */
export function build(outFolder) {
  for (const config of ['tsconfig.build.json', 'tsconfig.types.json']) {
    execFileSync(process.execPath, [tsc, '-p', join(projectRoot, config), '--outDir', outFolder], { stdio: 'inherit' });
  }
  cpSync(join(projectRoot, 'src'), join(outFolder, 'src'), {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || !NOT_READ.has(extname(path)),
  });
}

if (import.meta.filename === resolve(process.argv[1])) build(resolve(process.argv[2] ?? join(projectRoot, 'dist')));
