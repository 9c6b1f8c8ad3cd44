import { describe, expect, it } from 'vitest';
import { playScenario } from './random-scenario.ts';

const BLOWS = 4;

describe('a delivery whose processes are killed at random', { timeout: 120_000 }, () => {
  it.each([1, 2, 3])('arrives whole and in order with seed %d', async (seed) => {
    const figures = await playScenario(seed, BLOWS);
    expect(figures.chunks).toBeGreaterThan(0);
  });
});
