import { once } from 'node:events';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

/** Of a thread: its niceness once it has given way. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { getPriority } = require('node:os');
import(workerData).then(({ giveWay }) => {
  giveWay();
  parentPort.postMessage(getPriority());
});`;

describe('giveWay', () => {
  it('makes the thread that calls it nicer, and no other', async ({ skip }) => {
    if (process.platform !== 'linux') skip('threads have no priority of their own here');
    const before = getPriority();
    const module = new URL('../../src/ingestion/give-way.ts', import.meta.url).href;
    const [niceness] = (await once(new Worker(SCRIPT, { eval: true, workerData: module }), 'message')) as [number];
    expect(niceness).toBe(Math.min(before + 5, 19));
    expect(getPriority()).toBe(before);
  });
});
