import type { Clock } from '../../src/model/clock.ts';

/** A clock that stands still until time passes for it. */
export class ManualClock implements Clock {
  #now: number;
  /** What has passed: waits are as long whatever the clock is set to. */
  #passedMs = 0;
  readonly sleepers = new Set<{ readonly until: number; readonly durationMs: number; readonly wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || durationMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { until: this.#passedMs + durationMs, durationMs, wake: resolve };
    this.sleepers.add(sleeper);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.sleepers.delete(sleeper);
  }

  /** Time passes. */
  advance(durationMs: number): void {
    this.#now += durationMs;
    this.#passedMs += durationMs;
    for (const { until: due, wake } of this.sleepers) if (due <= this.#passedMs) wake();
  }

  /** Somebody sets the clock; no time passes. */
  set(now: number): void {
    this.#now = now;
  }
}

/** Until all that was set going by now has come to rest. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
