import { describe, expect, it } from 'vitest';
import { type BenchFigures, type FileFigures, judge, renderReport } from '../../bench/report.ts';

/** A file of which the delivery took so much, read at 200 MB/s. */
function file(megabytes: number, delivery: FileFigures['delivery']): FileFigures {
  const speeds = { recordCount: 10, peakMemoryMegabytes: 100 };
  return {
    megabytes,
    reading: [
      { way: 'ackstream', megabytesPerSecond: 200, ...speeds },
      { way: 'stream-json', megabytesPerSecond: 50, ...speeds },
    ],
    delivery,
  };
}

function figures(deliveries: readonly FileFigures['delivery'][], resumeMs = 100): BenchFigures {
  const files = deliveries.map((delivery, index) => file(100 * 10 ** index, delivery));
  return { machine: 'a machine', node: 'v1.2.3', rounds: 3, files, resumeMs };
}

const missedBy = (measured: BenchFigures) =>
  judge(measured)
    .filter(({ isMet }) => !isMet)
    .map(({ expectation }) => expectation);

describe('the report of the benchmark', () => {
  it('finds nothing missed where every figure is at its bound', () => {
    const delivery = { megabytesPerSecond: 120, peakMemoryMegabytes: 200 };
    expect(missedBy(figures([delivery, { ...delivery, peakMemoryMegabytes: 220 }], 200))).toEqual([]);
  });

  it('names each expectation that is missed', () => {
    const fine = { megabytesPerSecond: 150, peakMemoryMegabytes: 100 };
    const poor = { megabytesPerSecond: 119, peakMemoryMegabytes: 250 };
    expect(missedBy(figures([fine, poor], 201))).toEqual([
      '1000 MB: delivery at least 60 % as fast as reading',
      '1000 MB: peak memory of the service below 250 MB',
      'peak memory equal for both files: within 10 % of each other',
      'first chunk within 200 ms of asking for a resume at 90 %',
    ]);
  });

  it('says nothing of memory where the system does not tell it', () => {
    const delivery = { megabytesPerSecond: 150, peakMemoryMegabytes: null };
    const measured = figures([delivery, delivery]);
    expect(judge(measured).filter(({ expectation }) => expectation.includes('memory'))).toEqual([]);
    expect(renderReport(measured)).toMatch(/delivery, ackstream +150 +75 % +\?/);
  });
});
