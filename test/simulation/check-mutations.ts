import { MUTATIONS } from './mutations/plant-mutation.ts';
import { type SpreadOptions, spreadSeeds } from './spread-seeds.ts';

/**
 * Plants one bug after the other and looks for it, in so many seeds at most. Prints a line for each. Gives back how many were not found, or found by
 * something that has nothing to do with them.
 */
export async function checkMutations(
  options: Pick<SpreadOptions, 'from' | 'seeds' | 'workers'>,
  print: (line: string) => void,
): Promise<number> {
  let survivorCount = 0;
  for (const { name, breaks } of MUTATIONS) {
    const totals = await spreadSeeds({ ...options, mutation: name });
    const found = totals.violations[0];
    if (found === undefined) {
      survivorCount += 1;
      print(`SURVIVED  ${name}: nothing in ${totals.seeds} seeds`);
      continue;
    }
    const { seed, violation } = found;
    const isExpected = breaks.includes(violation.invariant);
    if (!isExpected) survivorCount += 1;
    const word = isExpected ? 'found' : 'BY CHANCE';
    const [detail = ''] = violation.detail.split('\n');
    print(`${word.padEnd(9)} ${name}: seed ${seed}, ${totals.seeds} played, ${violation.invariant}: ${detail}`);
  }
  return survivorCount;
}
