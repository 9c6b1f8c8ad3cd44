import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after so long: for what happens at any moment, which no event marks. */
export async function wait(durationMs: number): Promise<void> {
  await delay(durationMs);
}
