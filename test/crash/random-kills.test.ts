/** The crash harness at a size that fits here: `npm run crash` plays it at any size. */
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../harness/temp-folder.ts';
import { playScenario } from './play-scenario.ts';
import { planScenario } from './scenario-plan.ts';

const STRIKES = 4;
const RECORDS = 400;

describe('a delivery whose processes are killed', { timeout: 180_000 }, () => {
  it.each([1, 2, 4])('arrives whole and in order with seed %d', async (seed) => {
    const figures = await playScenario({ ...planScenario(seed, STRIKES), recordCount: RECORDS }, tempFolder());
    expect(figures).toMatchObject({ scenarios: 1, records: RECORDS });
    expect(figures.kills).toBeGreaterThan(0);
  });
});
