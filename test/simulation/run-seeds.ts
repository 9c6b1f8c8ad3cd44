import { add, noTotals, type Totals, totalsOf } from './figures.ts';
import { generateScenario } from './generate-scenario.ts';
import { INVARIANTS } from './oracle/violation.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

/** Plays seeds one after the other, and ends after the first with a violation. */
export async function runSeeds(first: number, count: number): Promise<Totals> {
  const totals = noTotals();
  for (let seed = first; seed < first + count && totals.violations.length === 0; seed += 1) {
    add(totals, totalsOf(seed, await simulate(generateScenario(seed))));
  }
  return totals;
}

/** Plays a seed, and tells what happened: all of it where it holds, else the smallest scenario in which the same is broken. */
export async function describeSeed(seed: number): Promise<{ readonly text: string; readonly isSound: boolean }> {
  const scenario = generateScenario(seed);
  const { violation, trace } = await simulate(scenario);
  if (violation === null) return { text: `${trace}\nseed ${seed} holds`, isSound: true };
  const { scenario: smallest, attemptCount } = await shrink(scenario, violation.invariant);
  const shrunk = await simulate(smallest);
  const lines = [
    `seed ${seed} breaks ${violation.invariant}: ${INVARIANTS[violation.invariant]}`,
    `  ${shrunk.violation?.detail ?? violation.detail}`,
    '',
    `the smallest scenario of ${attemptCount} that were tried:`,
    JSON.stringify(smallest),
    '',
    shrunk.trace,
  ];
  return { text: lines.join('\n'), isSound: false };
}
