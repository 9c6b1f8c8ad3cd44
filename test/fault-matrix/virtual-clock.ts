import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/model/clock.ts';

/** A clock that stands still but for waits, and these take no time: three days of retrying pass in some milliseconds. */
export class VirtualClock implements Clock {
  #now: number;
  #nextWaitEndsAt = 0;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(durationMs: number): Promise<void> {
    this.waitUntil(this.#now + durationMs);
    await nextTurn();
  }

  waitUntil(time: number): void {
    this.#now = Math.max(this.#now, time, this.#nextWaitEndsAt);
    this.#nextWaitEndsAt = 0;
  }

  /** Whatever is waited for next takes until this time, as for a service that was stopped meanwhile. */
  delayNextWaitUntil(time: number): void {
    this.#nextWaitEndsAt = time;
  }
}
