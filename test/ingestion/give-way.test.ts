import { once } from 'node:events';
import { availableParallelism, getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { startReadingThread } from '../../src/ingestion/reading-thread.ts';

/** Of a thread: its niceness once it has given way. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { getPriority } = require('node:os');
import(workerData).then(({ giveWay }) => {
  giveWay();
  parentPort.postMessage(getPriority());
});`;

/** Tells whether it was told to give way, and lives on. */
const TELLS = new URL(
  "data:text/javascript,import { parentPort, workerData } from 'node:worker_threads'; parentPort.once('message', () => {}); parentPort.postMessage(workerData.givesWay);",
);

describe('startReadingThread', () => {
  it('lets those give way that have no core for themselves beside the main thread', async () => {
    const started = Array.from({ length: availableParallelism() + 1 }, () =>
      startReadingThread({ script: TELLS, start: null, memoryBytes: 64 * 1024 ** 2 }),
    );
    const told = await Promise.all(started.map(async (worker) => (await once(worker, 'message'))[0] as boolean));
    expect(told).toEqual(started.map((_, index) => index >= availableParallelism() - 1));
    await Promise.all(started.map((worker) => worker.terminate()));
    const next = startReadingThread({ script: TELLS, start: null, memoryBytes: 64 * 1024 ** 2 });
    expect(await once(next, 'message')).toEqual([availableParallelism() === 1]);
    await next.terminate();
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
