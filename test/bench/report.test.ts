import { describe, expect, it } from 'vitest';
import type { LatencyFigures } from '../../bench/api-latency.ts';
import type { ComparisonFigures } from '../../bench/compare-ways.ts';
import type { DeliveryFigures } from '../../bench/delivery.ts';
import type { StepFigures } from '../../bench/recording.ts';
import { type BenchFigures, judge, renderReport } from '../../bench/report.ts';

function comparison(ratio: number): ComparisonFigures {
  const speeds = { megabytesPerSecond: 100, recordsPerSecond: 50_000, peakMemoryMegabytes: 80 };
  const ours = { way: 'ackstream', ...speeds } as const;
  return { what: 'reading CSV', minRatio: 1.5, ratio, ours, baseline: { ...ours, way: 'csv-parse' } };
}

/** A delivery at all its bounds, with what a test says otherwise. */
function delivery(changes: Partial<DeliveryFigures> = {}): DeliveryFigures {
  return {
    megabytes: 100,
    recordCount: 1000,
    delivery: 120,
    rawSender: 240,
    reading: 200,
    toRawSender: 0.5,
    toReading: 0.6,
    peakMemoryMegabytes: 200,
    ...changes,
  };
}

const step = (throughputCost: number): StepFigures => ({
  keeps: 'everything',
  megabytesPerSecond: 100,
  recordsPerSecond: 50_000,
  peakMemoryMegabytes: 80,
  throughputCost,
  cpuCost: 0.04,
});

const latency = (operation: LatencyFigures['operation'], p99Ms: number): LatencyFigures => ({
  operation,
  requestCount: 1000,
  p50Ms: 5,
  p99Ms,
  maxMs: 600,
});

function figures(changes: Partial<BenchFigures>): BenchFigures {
  return {
    machine: 'a machine',
    node: 'v1.2.3',
    rounds: 3,
    comparisons: [],
    deliveries: [],
    resumeMs: null,
    recording: [],
    latencies: [],
    ...changes,
  };
}

const missedBy = (measured: BenchFigures) =>
  judge(measured)
    .filter(({ isMet }) => !isMet)
    .map(({ expectation }) => expectation);

describe('the report of the benchmark', () => {
  it('finds nothing missed where every figure is at its bound', () => {
    const deliveries = [delivery(), delivery({ megabytes: 1000, peakMemoryMegabytes: 220 })];
    const measured = figures({ comparisons: [comparison(1.5)], deliveries, resumeMs: 200 });
    expect(judge(measured)).toHaveLength(9);
    expect(missedBy(measured)).toEqual([]);
  });

  it('names each expectation that is missed', () => {
    const poor = delivery({ megabytes: 1000, toRawSender: 0.49, toReading: 0.59, peakMemoryMegabytes: 250 });
    const measured = figures({ comparisons: [comparison(1.49)], deliveries: [delivery(), poor], resumeMs: 201 });
    expect(missedBy(measured)).toEqual([
      'reading CSV: at least 1.5 × as fast as csv-parse',
      '1000 MB: delivery at least 50 % as fast as a sender that parses nothing',
      '1000 MB: delivery at least 60 % as fast as reading',
      '1000 MB: peak memory of the service below 250 MB',
      'peak memory equal for all files: within 10 % of each other',
      'first chunk within 200 ms of asking for a resume at 90 %',
    ]);
  });

  it('judges what everything on record costs, not the steps before, and the answers to all operations together', () => {
    const measured = (cost: number, p99Ms: number) =>
      missedBy(
        figures({
          recording: [step(0.5), step(cost)],
          latencies: [latency('all', p99Ms), latency('ingest', 500)],
        }),
      );
    expect(measured(0.029, 49.9)).toEqual([]);
    expect(measured(-0.01, 1)).toEqual([]);
    expect(measured(0.03, 50)).toEqual([
      'ledger, events and metrics cost less than 3 % of throughput',
      '99 % of answers of the API within 50 ms during four deliveries',
    ]);
  });

  it('shows a cost as what is lost, and what nothing was measured of not at all', () => {
    const report = renderReport(figures({ recording: [step(0), step(0.021)] }));
    expect(report).toMatch(/everything +100 +50000 +80 +-2\.1 % +\+4\.0 %/);
    expect(report).not.toContain('p99');
  });

  it('says nothing of what was not measured', () => {
    expect(judge(figures({ comparisons: [comparison(2)] }))).toHaveLength(1);
    expect(judge(figures({ resumeMs: 90 }))).toHaveLength(1);
  });

  it('says nothing of memory where the system does not tell it', () => {
    const unknown = { peakMemoryMegabytes: null };
    const measured = figures({ deliveries: [delivery(unknown), delivery(unknown)] });
    expect(judge(measured).filter(({ expectation }) => expectation.includes('memory'))).toEqual([]);
    expect(renderReport(measured)).toMatch(/delivering 100 MB +ackstream +120 +1200 *\n/);
  });
});
