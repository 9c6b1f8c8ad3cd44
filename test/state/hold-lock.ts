/**
 * The child of data-directory-lock.test.ts: `--expose-gc hold-lock.ts <directory> <url>` takes the lock, lets go of the object that stands for it, prints a
 * line, and stays until it is killed.
 */
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { lockDataDirectory } from '../../src/state/data-directory-lock.ts';

const [, , directory = '', url = ''] = process.argv;
lockDataDirectory(directory, { pid: process.pid, what: 'a test' }).setUrl(url);
for (let collection = 0; collection < 3; collection += 1) {
  await setImmediate();
  await globalThis.gc?.({ execution: 'async' });
}
writeSync(process.stdout.fd, 'locked\n');
setInterval(() => {}, 60_000);
