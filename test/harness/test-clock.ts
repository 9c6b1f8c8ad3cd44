import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/model/clock.ts';

/** A clock that runs like the machine's, and can be put forward: waits that are over by then end at once. */
export class TestClock implements Clock {
  #aheadMs = 0;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    const woken = new AbortController();
    const sleeper = { until: this.now() + durationMs, wake: () => woken.abort() };
    this.#sleepers.add(sleeper);
    const ends = signal === undefined ? woken.signal : AbortSignal.any([signal, woken.signal]);
    await delay(durationMs, undefined, { signal: ends }).catch(() => {});
    this.#sleepers.delete(sleeper);
  }

  /** Puts the clock forward. */
  advance(durationMs: number): void {
    this.#aheadMs += durationMs;
    for (const { until, wake } of this.#sleepers) if (until <= this.now()) wake();
  }
}
