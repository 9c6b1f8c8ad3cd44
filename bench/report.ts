import { type Column, renderTable } from '../src/cli/render-table.ts';
import type { LatencyFigures } from './api-latency.ts';
import type { ComparisonFigures } from './compare-ways.ts';
import type { DeliveryFigures } from './delivery.ts';
import type { StepFigures } from './recording.ts';

/** The largest peak may be above the smallest by this share. */
const FLAT_WITHIN = 0.1;
const MIN_SHARE_OF_RAW_SENDER = 0.5;
const MIN_SHARE_OF_READING = 0.6;
const MAX_PEAK_MEGABYTES = 250;
const MAX_RESUME_MS = 200;
const MAX_RECORDING_COST = 0.03;
const MAX_LATENCY_MS = 50;

/** All figures of one run. */
export interface BenchFigures {
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly comparisons: readonly ComparisonFigures[];
  /** Of JSON files, the smaller first; empty where it was not asked for. */
  readonly deliveries: readonly DeliveryFigures[];
  /** On the largest of these files, ms; null where it was not asked for. */
  readonly resumeMs: number | null;
  /** Of one delivery with more and more of it kept, the last with everything; empty where it was not asked for. */
  readonly recording: readonly StepFigures[];
  /** Of the API, the first of all operations together; empty where it was not asked for. */
  readonly latencies: readonly LatencyFigures[];
}

/** What is expected of a figure, and whether it is so. */
export interface Verdict {
  readonly expectation: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Holds the figures against what is expected of them. Memory counts only where the system tells it. */
export function judge({ comparisons, deliveries, resumeMs, recording, latencies }: BenchFigures): readonly Verdict[] {
  return [
    ...comparisons.map(judgeComparison),
    ...deliveries.flatMap(judgeDelivery),
    ...judgeFlatness(deliveries),
    ...(resumeMs === null ? [] : [judgeResume(resumeMs)]),
    ...recording.slice(-1).map(judgeRecording),
    ...latencies.slice(0, 1).map(judgeLatency),
  ];
}

function judgeComparison({ what, baseline, minRatio, ratio }: ComparisonFigures): Verdict {
  return {
    expectation: `${what}: at least ${minRatio} × as fast as ${baseline.way}`,
    measured: `${ratio.toFixed(2)} ×`,
    isMet: ratio >= minRatio,
  };
}

function judgeDelivery(figures: DeliveryFigures): readonly Verdict[] {
  const { megabytes, toRawSender, toReading, peakMemoryMegabytes } = figures;
  const verdicts: Verdict[] = [
    {
      expectation: `${megabytes} MB: delivery at least ${percent(MIN_SHARE_OF_RAW_SENDER)} as fast as a sender that parses nothing`,
      measured: percent(toRawSender),
      isMet: toRawSender >= MIN_SHARE_OF_RAW_SENDER,
    },
    {
      expectation: `${megabytes} MB: delivery at least ${percent(MIN_SHARE_OF_READING)} as fast as reading`,
      measured: percent(toReading),
      isMet: toReading >= MIN_SHARE_OF_READING,
    },
  ];
  if (peakMemoryMegabytes !== null) {
    verdicts.push({
      expectation: `${megabytes} MB: peak memory of the service below ${MAX_PEAK_MEGABYTES} MB`,
      measured: `${peakMemoryMegabytes.toFixed(0)} MB`,
      isMet: peakMemoryMegabytes < MAX_PEAK_MEGABYTES,
    });
  }
  return verdicts;
}

function judgeFlatness(deliveries: readonly DeliveryFigures[]): readonly Verdict[] {
  const peaks = deliveries.flatMap(({ peakMemoryMegabytes }) => peakMemoryMegabytes ?? []);
  if (peaks.length < 2) return [];
  const [smallest, largest] = [Math.min(...peaks), Math.max(...peaks)];
  return [
    {
      expectation: `peak memory equal for all files: within ${percent(FLAT_WITHIN)} of each other`,
      measured: `${((largest / smallest - 1) * 100).toFixed(1)} %`,
      isMet: largest <= smallest * (1 + FLAT_WITHIN),
    },
  ];
}

function judgeResume(resumeMs: number): Verdict {
  return {
    expectation: `first chunk within ${MAX_RESUME_MS} ms of asking for a resume at 90 %`,
    measured: `${resumeMs.toFixed(0)} ms`,
    isMet: resumeMs <= MAX_RESUME_MS,
  };
}

function judgeRecording({ throughputCost }: StepFigures): Verdict {
  return {
    expectation: `ledger, events and metrics cost less than ${percent(MAX_RECORDING_COST)} of throughput`,
    measured: `${(throughputCost * 100).toFixed(1)} %`,
    isMet: throughputCost < MAX_RECORDING_COST,
  };
}

function judgeLatency({ p99Ms }: LatencyFigures): Verdict {
  return {
    expectation: `99 % of answers of the API within ${MAX_LATENCY_MS} ms during four deliveries`,
    measured: `${p99Ms.toFixed(0)} ms`,
    isMet: p99Ms < MAX_LATENCY_MS,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** A line of the table of figures; null where there is no such figure. */
interface Line {
  readonly what: string;
  readonly way: string;
  readonly megabytesPerSecond: number;
  readonly recordsPerSecond: number | null;
  readonly peakMemoryMegabytes: number | null;
}

const LINE_COLUMNS: readonly Column<Line>[] = [
  { title: 'what', cell: ({ what }) => what },
  { title: 'by', cell: ({ way }) => way },
  { title: 'MB/s', cell: ({ megabytesPerSecond }) => megabytesPerSecond.toFixed(0), align: 'right' },
  { title: 'records/s', cell: ({ recordsPerSecond }) => recordsPerSecond?.toFixed(0) ?? '', align: 'right' },
  { title: 'peak MB', cell: ({ peakMemoryMegabytes }) => peakMemoryMegabytes?.toFixed(0) ?? '', align: 'right' },
];

const signedPercent = (share: number): string => `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;

const STEP_COLUMNS: readonly Column<StepFigures>[] = [
  { title: 'kept of a delivery', cell: ({ keeps }) => keeps },
  { title: 'MB/s', cell: (step) => step.megabytesPerSecond.toFixed(0), align: 'right' },
  { title: 'records/s', cell: (step) => step.recordsPerSecond.toFixed(0), align: 'right' },
  { title: 'peak MB', cell: (step) => step.peakMemoryMegabytes.toFixed(0), align: 'right' },
  { title: 'throughput', cell: (step) => signedPercent(-step.throughputCost), align: 'right' },
  { title: 'CPU time', cell: (step) => signedPercent(step.cpuCost), align: 'right' },
];

const LATENCY_COLUMNS: readonly Column<LatencyFigures>[] = [
  { title: 'asked during four deliveries', cell: ({ operation }) => operation },
  { title: 'requests', cell: ({ requestCount }) => String(requestCount), align: 'right' },
  { title: 'p50 ms', cell: ({ p50Ms }) => p50Ms.toFixed(1), align: 'right' },
  { title: 'p99 ms', cell: ({ p99Ms }) => p99Ms.toFixed(1), align: 'right' },
  { title: 'max ms', cell: ({ maxMs }) => maxMs.toFixed(1), align: 'right' },
];

const VERDICT_COLUMNS: readonly Column<Verdict>[] = [
  { title: '', cell: ({ isMet }) => (isMet ? 'met' : 'MISSED') },
  { title: 'measured', cell: ({ measured }) => measured, align: 'right' },
  { title: 'expected', cell: ({ expectation }) => expectation },
];

function linesOf({ megabytes, recordCount, ...figures }: DeliveryFigures): readonly Line[] {
  const what = `delivering ${megabytes} MB`;
  const line = (way: string, megabytesPerSecond: number, peakMemoryMegabytes: number | null = null): Line => {
    const recordsPerSecond = (recordCount * megabytesPerSecond) / megabytes;
    return { what, way, megabytesPerSecond, recordsPerSecond, peakMemoryMegabytes };
  };
  return [
    line('ackstream', figures.delivery, figures.peakMemoryMegabytes),
    line('raw sender', figures.rawSender),
    line('ackstream, reading alone', figures.reading),
  ];
}

/** The figures and what they are worth, for people. */
export function renderReport(figures: BenchFigures): string {
  const { machine, node, rounds, comparisons, deliveries, recording, latencies } = figures;
  const lines = [
    ...comparisons.flatMap(({ what, ours, baseline }) => [
      { what, ...ours },
      { what, ...baseline },
    ]),
    ...deliveries.flatMap(linesOf),
  ];
  return [
    `${machine}, Node ${node}\nmedian speed and highest memory of ${rounds} rounds, each in processes of its own\n`,
    ...renderFilled(lines, LINE_COLUMNS),
    ...renderFilled(recording, STEP_COLUMNS),
    ...renderFilled(latencies, LATENCY_COLUMNS),
    renderTable(judge(figures), VERDICT_COLUMNS),
  ].join('\n');
}

/** A table, where there is anything in it. */
function renderFilled<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): readonly string[] {
  return rows.length === 0 ? [] : [renderTable(rows, columns)];
}
