import type { Totals } from './figures.ts';
import { describeSeed, runSeeds } from './run-seeds.ts';

/** Plays seeds. Throws what a person can read of the first in which something is broken. */
export async function runSeedsOrTell(first: number, count: number): Promise<Totals> {
  const totals = await runSeeds(first, count);
  const [found] = totals.violations;
  if (found === undefined) return totals;
  const { text } = await describeSeed(found.seed);
  throw new Error(`${text}\n\nagain: npm run simulate -- --seed ${found.seed}`);
}
