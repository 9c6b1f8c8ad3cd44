/** Seeds 1 to 25, or those that ACKSTREAM_SEEDS names: one, as in `17`, or a range, as in `1-60`. */
import { describe, it } from 'vitest';
import { playScenario } from './random-scenario.ts';

const BLOWS = 9;

describe('a delivery whose processes are killed at random', () => {
  it.each(seeds(process.env.ACKSTREAM_SEEDS ?? '1-25'))('arrives whole and in order with seed %d', async (seed) => {
    console.log(JSON.stringify(await playScenario(seed, BLOWS)));
  });
});

function seeds(range: string): number[] {
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  if (!(last >= first)) throw new Error(`ACKSTREAM_SEEDS is no seed and no range: ${range}`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
