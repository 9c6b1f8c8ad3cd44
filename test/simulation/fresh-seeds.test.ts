import { expect, it } from 'vitest';
import { runSeedsOrTell } from './run-seeds-or-tell.ts';

const SEED_COUNT = 500;

it(`holds in ${SEED_COUNT} worlds that nobody has seen before`, { timeout: 300_000 }, async () => {
  const first = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
  console.log(`simulation: npm run simulate -- --from ${first} --seeds ${SEED_COUNT}`);
  const { seeds } = await runSeedsOrTell(first, SEED_COUNT);
  expect(seeds).toBe(SEED_COUNT);
});
