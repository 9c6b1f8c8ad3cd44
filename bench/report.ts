import { type Column, renderTable } from '../src/cli/render-table.ts';
import type { DeliveryFigures } from './delivery.ts';
import type { ReadingFigures, ReadingWay } from './reading.ts';

/** The largest peak may be above the smallest by this share. */
const FLAT_WITHIN = 0.1;
const MIN_RATIO_TO_STREAM_JSON = 3;
const MIN_DELIVERY_SHARE = 0.6;
const MAX_PEAK_MEGABYTES = 250;
const MAX_RESUME_MS = 200;

/** The figures of one file. */
export interface FileFigures {
  readonly megabytes: number;
  readonly reading: readonly ReadingFigures[];
  readonly delivery: DeliveryFigures;
}

/** All figures of one run. */
export interface BenchFigures {
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  /** The smaller file first. */
  readonly files: readonly FileFigures[];
  /** On the largest file, ms. */
  readonly resumeMs: number;
}

/** What is expected of a figure, and whether it is so. */
export interface Verdict {
  readonly expectation: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Holds the figures against what is expected of them. Memory counts only where the system tells it. */
export function judge({ files, resumeMs }: BenchFigures): readonly Verdict[] {
  const peaks = files.flatMap(({ delivery }) => delivery.peakMemoryMegabytes ?? []);
  return [
    ...files.flatMap(judgeFile),
    ...(peaks.length < files.length ? [] : [judgeFlatness(peaks)]),
    {
      expectation: `first chunk within ${MAX_RESUME_MS} ms of asking for a resume at 90 %`,
      measured: `${resumeMs.toFixed(0)} ms`,
      isMet: resumeMs <= MAX_RESUME_MS,
    },
  ];
}

function judgeFile(file: FileFigures): readonly Verdict[] {
  const { megabytes, delivery } = file;
  const { megabytesPerSecond, peakMemoryMegabytes } = delivery;
  const ratio = speedOf(file, 'ackstream') / speedOf(file, 'stream-json');
  const share = megabytesPerSecond / speedOf(file, 'ackstream');
  const verdicts: Verdict[] = [
    {
      expectation: `${megabytes} MB: reading at least ${MIN_RATIO_TO_STREAM_JSON} × as fast as stream-json`,
      measured: `${ratio.toFixed(1)} ×`,
      isMet: ratio >= MIN_RATIO_TO_STREAM_JSON,
    },
    {
      expectation: `${megabytes} MB: delivery at least ${percent(MIN_DELIVERY_SHARE)} as fast as reading`,
      measured: percent(share),
      isMet: share >= MIN_DELIVERY_SHARE,
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

function judgeFlatness(peaks: readonly number[]): Verdict {
  const [smallest, largest] = [Math.min(...peaks), Math.max(...peaks)];
  return {
    expectation: `peak memory equal for both files: within ${percent(FLAT_WITHIN)} of each other`,
    measured: `${((largest / smallest - 1) * 100).toFixed(1)} %`,
    isMet: largest <= smallest * (1 + FLAT_WITHIN),
  };
}

function speedOf({ reading }: FileFigures, way: ReadingWay): number {
  return reading.find((figures) => figures.way === way)?.megabytesPerSecond ?? Number.NaN;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

interface Line {
  readonly file: FileFigures;
  readonly what: string;
  readonly megabytesPerSecond: number;
  readonly peakMemoryMegabytes: number | null;
}

const LINE_COLUMNS: readonly Column<Line>[] = [
  { title: 'file', cell: ({ file }) => `${file.megabytes} MB`, align: 'right' },
  { title: 'records', cell: ({ file }) => String(file.reading[0]?.recordCount), align: 'right' },
  { title: 'what', cell: ({ what }) => what },
  { title: 'MB/s', cell: ({ megabytesPerSecond }) => megabytesPerSecond.toFixed(0), align: 'right' },
  {
    title: 'by reading',
    cell: ({ file, megabytesPerSecond }) => percent(megabytesPerSecond / speedOf(file, 'ackstream')),
    align: 'right',
  },
  { title: 'peak MB', cell: ({ peakMemoryMegabytes }) => peakMemoryMegabytes?.toFixed(0) ?? '?', align: 'right' },
];

const VERDICT_COLUMNS: readonly Column<Verdict>[] = [
  { title: '', cell: ({ isMet }) => (isMet ? 'met' : 'MISSED') },
  { title: 'measured', cell: ({ measured }) => measured, align: 'right' },
  { title: 'expected', cell: ({ expectation }) => expectation },
];

/** The figures and what they are worth, for people. */
export function renderReport(figures: BenchFigures): string {
  const { machine, node, rounds, files } = figures;
  const lines = files.flatMap((file): Line[] => [
    ...file.reading.map(({ way, ...speeds }) => ({ file, what: `reading, ${way}`, ...speeds })),
    { file, what: 'delivery, ackstream', ...file.delivery },
  ]);
  return [
    `${machine}, Node ${node}\nmedian speed and highest memory of ${rounds} rounds, each in processes of its own\n`,
    renderTable(lines, LINE_COLUMNS),
    renderTable(judge(figures), VERDICT_COLUMNS),
  ].join('\n');
}
