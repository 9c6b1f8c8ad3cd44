import { describe, expect, it } from 'vitest';
import { tempFolder } from '../harness/temp-folder.ts';
import { playScenario } from './play-scenario.ts';
import { planScenario } from './scenario-plan.ts';

const STRIKES = 4;

describe('a delivery whose processes are killed', { timeout: 120_000 }, () => {
  it.each([1, 2, 4])('arrives whole and in order with seed %d', async (seed) => {
    const figures = await playScenario(planScenario(seed, STRIKES), tempFolder());
    expect(figures.chunks).toBeGreaterThan(0);
    expect(figures.kills).toBeGreaterThan(0);
  });
});
