import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after up to `maxMs`: for tests that strike at any moment, which no event marks. */
export async function randomMoment(random: () => number, maxMs: number): Promise<void> {
  await delay(random() * maxMs);
}
