import { describe, expect, it } from 'vitest';
import { takeTurns } from '../../src/sources/take-turns.ts';

describe('work that takes turns', () => {
  it('is never more at once than may be, and begins in its order, whatever becomes of what was before', async () => {
    const inTurns = takeTurns(2);
    const begun: number[] = [];
    let underWay = 0;
    const work = Array.from({ length: 9 }, (_, index) =>
      inTurns(async () => {
        begun.push(index);
        underWay += 1;
        expect(underWay).toBeLessThanOrEqual(2);
        for (let tick = 0; tick < (index % 3) * 5; tick += 1) await Promise.resolve();
        underWay -= 1;
        if (index % 2 === 0) throw new Error(`${index} failed`);
        return index;
      }),
    );
    expect(begun).toEqual([0, 1]);
    const results = (await Promise.allSettled(work)).map((one) => one.status === 'fulfilled' && one.value);
    expect(results).toEqual([false, 1, false, 3, false, 5, false, 7, false]);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('begins at once where there is room again', async () => {
    const inTurns = takeTurns(1);
    expect([await inTurns(async () => 1), await inTurns(async () => 2)]).toEqual([1, 2]);
  });
});
