/**
 * The benchmark, see README.md beside it: `npm run bench -- [--only a,b] [--quick] [--rounds n] [--chunk-bytes n] [--json] [--clean]`. Ends with 1 where an expectation is
 * missed.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type LatencyFigures, measureApiLatency } from './api-latency.ts';
import { type ComparisonFigures, compareWays } from './compare-ways.ts';
import { COMPARISON_NAMES, prepareComparison } from './comparisons.ts';
import { type DeliveryFigures, measureDelivery, measureResume } from './delivery.ts';
import { deleteFeedFiles, feedFile } from './feed-file.ts';
import { measureRecording, type StepFigures } from './recording.ts';
import { type BenchFigures, judge, renderReport } from './report.ts';

/** About 100 MB and 1 GB of JSON. */
const DELIVERED_RECORDS = [86_000, 860_000];
const QUICK_SCALE = 0.2;
const DEFAULT_ROUNDS = 3;
const PARTS = [...COMPARISON_NAMES, 'delivery', 'resume', 'recording', 'api'] as const;
type Part = (typeof PARTS)[number];

const { values: options } = parseArgs({
  options: {
    /** The parts to run, with commas between them. */
    only: { type: 'string', default: PARTS.join(',') },
    /** Smaller files: says whether it works, not how fast it is. */
    quick: { type: 'boolean', default: false },
    /** An odd number, for the median to be one of them. */
    rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
    /** Of `recording`: the size of its chunks, 0: as the service cuts them where a request names none. */
    'chunk-bytes': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
    /** Deletes the generated files and measures nothing. */
    clean: { type: 'boolean', default: false },
  },
});

if (options.clean) process.stdout.write(`${deleteFeedFiles()} generated files deleted\n`);
else await bench(partsOf(options.only), options.quick ? QUICK_SCALE : 1, Number(options.rounds));

async function bench(parts: ReadonlySet<Part>, scale: number, rounds: number): Promise<void> {
  if (!Number.isInteger(rounds) || rounds % 2 === 0) throw new Error('--rounds must be an odd number');
  const figures: BenchFigures = {
    machine: machine(),
    node: process.version,
    rounds,
    comparisons: await compareAll(parts, scale, rounds),
    deliveries: parts.has('delivery') ? await deliverAll(scale, rounds) : [],
    resumeMs: parts.has('resume') ? await resume(scale, rounds) : null,
    recording: parts.has('recording') ? await record(scale, rounds) : [],
    latencies: parts.has('api') ? await askApi(scale) : [],
  };
  const verdicts = judge(figures);
  process.stdout.write(options.json ? `${JSON.stringify({ ...figures, verdicts }, null, 2)}\n` : renderReport(figures));
  process.exitCode = verdicts.every(({ isMet }) => isMet) ? 0 : 1;
}

function partsOf(names: string): ReadonlySet<Part> {
  return new Set(
    names.split(',').map((name) => {
      const part = PARTS.find((candidate) => candidate === name);
      if (part === undefined) throw new Error(`--only takes ${PARTS.join(', ')}`);
      return part;
    }),
  );
}

async function compareAll(parts: ReadonlySet<Part>, scale: number, rounds: number): Promise<ComparisonFigures[]> {
  const compared: ComparisonFigures[] = [];
  for (const name of COMPARISON_NAMES.filter((candidate) => parts.has(candidate))) {
    const comparison = await tell(`${name}: generating`, () => prepareComparison(name, scale));
    compared.push(await tell(`${name}: comparing`, () => compareWays(comparison, rounds)));
  }
  return compared;
}

async function deliverAll(scale: number, rounds: number): Promise<DeliveryFigures[]> {
  const delivered: DeliveryFigures[] = [];
  for (const recordCount of DELIVERED_RECORDS) {
    const path = await deliveredFile(recordCount * scale);
    delivered.push(await tell(`delivering ${recordCount * scale} records`, () => measureDelivery(path, rounds)));
  }
  return delivered;
}

async function resume(scale: number, rounds: number): Promise<number> {
  const path = await largestFile(scale);
  return tell('resuming at 90 %', () => measureResume(path, rounds));
}

async function record(scale: number, rounds: number): Promise<readonly StepFigures[]> {
  const path = await largestFile(scale);
  return tell('delivering with more and more on record', () =>
    measureRecording(path, { rounds, chunkBytes: Number(options['chunk-bytes']) }),
  );
}

/** Once, whatever the rounds: a quantile needs many requests, not many starts. */
async function askApi(scale: number): Promise<readonly LatencyFigures[]> {
  const path = await largestFile(scale);
  return tell('asking the API during four deliveries', () => measureApiLatency(path));
}

function largestFile(scale: number): Promise<string> {
  return deliveredFile(Math.max(...DELIVERED_RECORDS) * scale);
}

function deliveredFile(recordCount: number): Promise<string> {
  return tell(`generating ${recordCount} records`, () => feedFile({ format: 'json', compression: null, recordCount }));
}

/** Says on standard error what takes its time, and how long it took. */
async function tell<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const begunAt = performance.now();
  process.stderr.write(`${what} … `);
  const result = await work();
  process.stderr.write(`${((performance.now() - begunAt) / 1000).toFixed(1)} s\n`);
  return result;
}

function machine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim()}, ${gigabytes} GiB, ${process.platform} ${process.arch}`;
}
