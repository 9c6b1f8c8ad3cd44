// A thread that makes paths mean something else, again and again, until it is told to stop.
import { linkSync, renameSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const { stopFlag, kind, target, variants } = workerData;

/** The same name for one file after the other: a file, a link, a FIFO. */
function swapFiles() {
  for (const variant of variants) {
    linkSync(variant, `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

/** The same name for a folder and for a link to another. */
function swapFolders() {
  const [link] = variants;
  renameSync(target, `${target}.away`);
  renameSync(link, target);
  renameSync(target, link);
  renameSync(`${target}.away`, target);
}

parentPort.postMessage('begun');
const swap = kind === 'files' ? swapFiles : swapFolders;
for (let round = 0; Atomics.load(stopFlag, 0) === 0; round += 1) {
  swap();
  // Now and then long enough for something to be opened from its start to its end.
  if (round % 64 === 63) Atomics.wait(stopFlag, 0, 0, 1);
}
