import type { Clock } from '../../src/model/clock.ts';

/** A clock that stands still until it is put forward. */
export class ManualClock implements Clock {
  #now: number;
  readonly sleepers = new Set<{ readonly until: number; readonly durationMs: number; readonly wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { until: this.#now + durationMs, durationMs, wake: resolve };
    this.sleepers.add(sleeper);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.sleepers.delete(sleeper);
  }

  advance(durationMs: number): void {
    this.#now += durationMs;
    for (const { until: due, wake } of this.sleepers) if (due <= this.#now) wake();
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
