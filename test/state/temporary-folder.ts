import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const SHARED_MEMORY = '/dev/shm';

/** A folder of its own below the system's temporary one, with the function that removes it. */
export function temporaryFolder(below = tmpdir()): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(below, 'ackstream-state-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** One in memory where the system has a place for that: for what makes hundreds of states and needs no disk. */
export function memoryFolder(): ReturnType<typeof temporaryFolder> {
  return temporaryFolder(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir());
}
