import { describe, expect, it } from 'vitest';
import { faultRuleSchema } from '../../mock-receiver/fault-rules.ts';
import { CRASH_POINTS } from '../../src/crash-point.ts';
import { FORMAT_FEEDS } from '../harness/format-feeds.ts';
import { planScenario } from './scenario-plan.ts';

const STRIKES = 9;

describe('the plan of a seed', () => {
  const plans = Array.from({ length: 80 }, (_, seed) => planScenario(seed, STRIKES));
  const strikes = plans.flatMap((plan) => plan.strikes);
  const seen = <Value>(values: readonly Value[]) => new Set(values);

  it('is the same each time', () => {
    expect(planScenario(17, STRIKES)).toEqual(plans[17]);
    expect(planScenario(18, STRIKES).strikes).not.toEqual(plans[17]?.strikes);
  });

  it('has, in a run of 80, every feed with and without bad records, both dialects, every crash point and every fault', () => {
    const kinds = seen(plans.map(({ feed, withBad }) => `${feed.name} ${withBad}`));
    expect(kinds.size).toBe(2 * FORMAT_FEEDS.length - 1);
    expect(seen(plans.map(({ isLegacy }) => isLegacy)).size).toBe(2);

    const points = strikes.flatMap(({ blow }) => (blow.kind === 'kill-at-point' ? [blow.point] : []));
    expect(seen([...points, ...plans.map(({ lastPoint }) => lastPoint)])).toEqual(seen(CRASH_POINTS));

    const kills = strikes.flatMap(({ blow }) => ('victims' in blow ? [`${blow.kind} ${blow.victims}`] : []));
    expect([...seen(kills)].toSorted()).toEqual([
      'kill both',
      'kill receiver',
      'kill service',
      'kill-at-point both',
      'kill-at-point service',
      'kill-receiver-at both',
      'kill-receiver-at receiver',
    ]);

    // Receivers hang where they are killed.
    const faults = strikes.flatMap((strike) => strike.faults.map(({ fault }) => fault));
    expect(seen([...faults, 'hang'])).toEqual(seen(faultRuleSchema.options.map(({ shape }) => shape.fault.value)));
  });

  it('does not have a receiver of the original dialect lose its state', () => {
    const legacy = plans.filter(({ isLegacy }) => isLegacy).flatMap((plan) => plan.strikes);
    expect(legacy.flatMap(({ faults }) => faults).some(({ fault }) => fault === 'forget')).toBe(false);
  });
});
