import { once } from 'node:events';
import { availableParallelism, getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
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
    const start = () => startReadingThread({ script: ECHO, start: null, memoryBytes: 64 * 1024 ** 2 });
    const workers = Array.from({ length: availableParallelism() - 1 }, start);
    for (const worker of workers) worker.postMessage('nothing yet');
    for (const worker of workers) expect(await once(worker, 'message')).toEqual(['nothing yet']);
    workers.push(start());
    const told = await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(told).toEqual(workers.map(() => [GIVE_WAY]));
    await Promise.all(workers.map((worker) => worker.terminate()));
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
