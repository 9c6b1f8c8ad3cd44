import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './model/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(durationMs, signal) {
    if (signal?.aborted === true) return;
    // Aborting ends the wait; that is what was asked for, not a failure.
    await delay(durationMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  },
};
