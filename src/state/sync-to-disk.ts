import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const FILE_MODE = 0o600;

/** Has a file's bytes, or a folder's entries, on the disk when it returns. */
export function syncToDisk(path: string): void {
  // Windows opens no folders, and keeps their entries by itself.
  if (process.platform === 'win32' && statSync(path).isDirectory()) return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a file in place that only its owner may access: whole and on the disk when this returns, and as it was until then, whatever ends the process. */
export function replaceFile(path: string, text: string): void {
  const partial = `${path}.new`;
  // One that was left over may have other rights.
  rmSync(partial, { force: true });
  writeFileSync(partial, text, { mode: FILE_MODE, flag: 'wx', flush: true });
  renameSync(partial, path);
  syncToDisk(dirname(path));
}
