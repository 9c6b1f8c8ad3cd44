import { once } from 'node:events';
import { availableParallelism, getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GIVE_WAY, startReadingThread } from '../../src/ingestion/reading-thread.ts';

/** Of a thread: its niceness once it has given way. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { getPriority } = require('node:os');
import(workerData).then(({ giveWay }) => {
  giveWay();
  parentPort.postMessage(getPriority());
});`;

/** Says each message that it gets. */
const ECHO = new URL(
  "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', (message) => parentPort.postMessage(message));",
);

describe('startReadingThread', () => {
  it('lets all give way once there are as many of them as cores', async () => {
    const workers: Worker[] = [];
    onTestFinished(async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    });
    const start = () =>
      void workers.push(startReadingThread({ script: ECHO, start: null, memoryBytes: 64 * 1024 ** 2 }));
    /** What each says next; to be listened for before the first of them may say it. */
    const nextWords = () => Promise.all(workers.map((worker) => once(worker, 'message')));
    for (let count = 1; count < availableParallelism(); count += 1) start();
    const first = nextWords();
    for (const worker of workers) worker.postMessage('nothing yet');
    expect(await first).toEqual(workers.map(() => ['nothing yet']));
    start();
    expect(await nextWords()).toEqual(workers.map(() => [GIVE_WAY]));
  });
});

describe('giveWay', () => {
  it('makes the thread that calls it nicer, and no other', async ({ skip }) => {
    if (process.platform !== 'linux') skip('threads have no priority of their own here');
    const before = getPriority();
    const module = new URL('../../src/ingestion/give-way.ts', import.meta.url).href;
    const [niceness] = (await once(new Worker(SCRIPT, { eval: true, workerData: module }), 'message')) as [number];
    expect(niceness).toBe(Math.min(before + 15, 19));
    expect(getPriority()).toBe(before);
  });
});
