import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';

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
