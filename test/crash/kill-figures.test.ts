import { describe, expect, it } from 'vitest';
import { addFigures, NO_FIGURES, violationRateBound, withKill } from './kill-figures.ts';

describe('the bound of the violation rate', () => {
  it.each([
    // 1 - 0.05^(1/n), and of tables for the others.
    [0, 1, 0.95],
    [0, 500, 0.005974],
    [1, 100, 0.04656],
    [5, 100, 0.10225],
    [3, 3, 1],
    [0, 0, 1],
  ])('is, for %d violations in %d kills, %d', (violations, kills, bound) => {
    expect(violationRateBound(violations, kills)).toBeCloseTo(bound, 4);
  });
});

it('counts each kill with its victims and its moment', () => {
  const one = withKill(withKill(NO_FIGURES, 'both', 'at random'), 'service', 'committed');
  const sum = addFigures(one, withKill(NO_FIGURES, 'service', 'committed'));
  expect(sum).toMatchObject({
    kills: 3,
    killsOf: { service: 2, receiver: 0, both: 1 },
    killsAt: { 'at random': 1, committed: 2 },
  });
});
