/**
 * A clock that stands still while anything can go on, and then jumps to what happens next. All that is simulated waits for nothing but promises, so one turn of
 * the event loop settles it: a day of retries takes as long as its events do.
 */

/** Who has something scheduled: with its end, nothing of it happens any more. */
export interface Life {
  readonly isAlive: boolean;
}

interface Scheduled {
  readonly at: number;
  readonly life: Life | null;
  readonly happen: () => void;
}

/** Any moment would do; this one makes the times of re-ingestions look like those of the world. */
const BEGINNING_MS = Date.UTC(2030, 0, 1);

/** The time of a simulated world. */
export class VirtualTime {
  #now = BEGINNING_MS;
  /** The next one last. */
  readonly #scheduled: Scheduled[] = [];

  /** Wall clock, ms since 1970. */
  now(): number {
    return this.#now;
  }

  /** Since the world began, ms. */
  elapsed(): number {
    return this.#now - BEGINNING_MS;
  }

  /** Lets something happen after a while, in the order of time and, at one time, of scheduling. */
  schedule(delayMs: number, life: Life | null, happen: () => void): void {
    const at = this.#now + Math.max(0, Math.ceil(delayMs));
    const index = this.#scheduled.findLastIndex((other) => other.at > at) + 1;
    this.#scheduled.splice(index, 0, { at, life, happen });
  }

  /** Goes to what happens next, and lets all follow that follows from it. False: nothing will happen. */
  async advance(): Promise<boolean> {
    for (;;) {
      const next = this.#scheduled.pop();
      if (next === undefined) return false;
      if (next.life?.isAlive === false) continue;
      this.#now = Math.max(this.#now, next.at);
      next.happen();
      await settled();
      return true;
    }
  }
}

/** Resolves when nothing is left that goes on without time passing. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
