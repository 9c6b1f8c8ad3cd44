import { afterAll, describe, expect, it } from 'vitest';
import { backoffCeilingMs, expectCell } from './expect-cell.ts';
import { COURSES, type FaultGroup, POSITIONS } from './fault.ts';
import { setFaultStage } from './fault-stage.ts';
import { type CellResult, runCell } from './run-cell.ts';

/** Several faults are under way at once, and other tests beside them. */
const TIMEOUT_MS = 60_000;
/** Fewer than this say nothing about how waits are spread. */
const FEWEST_WAITS = 100;

/** Strikes every position with every fault of a group, and lets the receiver heal or stay as it is: eight deliveries at once for each fault. */
export function describeFaults({ title, faults }: FaultGroup): void {
  describe.concurrent(`a receiver at fault: ${title}`, { timeout: TIMEOUT_MS }, () => {
    const waits: number[] = [];

    it.for(faults)('$name', async (fault, context) => {
      const stage = await setFaultStage(context);
      const cells = POSITIONS.flatMap((position) => COURSES.map((course) => ({ fault, position, course })));
      const results = await Promise.all(
        cells.map((cell, index) => runCell(cell, faults.indexOf(fault) * cells.length + index, stage)),
      );
      for (const result of results) {
        expectCell(result);
        expect(result.accepted, `${fault.name}, ${result.cell.position}: what arrived`).toEqual(stage.expected);
        waits.push(...backoffsOf(result));
      }
    });

    afterAll(() => {
      if (waits.length < FEWEST_WAITS) return;
      const mean = waits.reduce((sum, wait) => sum + wait) / waits.length;
      console.log(`${title}: ${waits.length} waits with jitter, on average ${mean.toFixed(2)} of the longest`);
      expect(Math.abs(mean - 0.5), 'full jitter spreads evenly').toBeLessThan(0.1);
    });
  });
}

/** The waits of a backoff, as parts of the longest that each could have been. */
function backoffsOf({ cell: { fault }, attempts, watchedFailures }: CellResult): number[] {
  if (fault.taken.nextTry.kind !== 'backoff') return [];
  const watched = attempts.slice(0, watchedFailures);
  return watched
    .slice(1)
    .map(({ begunAt }, index) => (begunAt - (watched[index]?.endedAt ?? Number.NaN)) / backoffCeilingMs(index));
}
