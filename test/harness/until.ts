import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 15;
const DEADLINE_MS = 15_000;

/** Asks again and again until `accept` holds, and fails with what was seen last once the deadline is over. */
export async function until<Value>(
  ask: () => Value | Promise<Value>,
  accept: (value: Value) => boolean,
  deadlineMs = DEADLINE_MS,
): Promise<Value> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (accept(value)) return value;
    if (performance.now() > giveUpAt) throw new Error(`waited ${deadlineMs} ms; last seen: ${JSON.stringify(value)}`);
    await delay(POLL_INTERVAL_MS);
  }
}

/** Whether a promise is settled before the deadline is over. */
export async function endsWithin(promise: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const timer = new AbortController();
  const isOver = delay(deadlineMs, false, { signal: timer.signal }).catch(() => false);
  const ended = await Promise.race([promise.then(() => true), isOver]);
  timer.abort();
  return ended;
}
