/**
 * The benchmark, see README.md beside it: `npm run bench -- [--quick] [--rounds n] [--json] [--clean]`. Ends with 1 where an expectation is missed.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureDelivery, measureResume } from './delivery.ts';
import { deleteFeedFiles, feedFile } from './feed-file.ts';
import { measureReading } from './reading.ts';
import { type BenchFigures, type FileFigures, judge, renderReport } from './report.ts';

const FILE_MEGABYTES = [100, 1000];
const QUICK_FILE_MEGABYTES = [20, 100];
const DEFAULT_ROUNDS = 3;

const { values: options } = parseArgs({
  options: {
    /** Smaller files: says whether it works, not how fast it is. */
    quick: { type: 'boolean', default: false },
    /** An odd number, for the median to be one of them. */
    rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
    json: { type: 'boolean', default: false },
    /** Deletes the generated files and measures nothing. */
    clean: { type: 'boolean', default: false },
  },
});

if (options.clean) process.stdout.write(`${deleteFeedFiles()} generated files deleted\n`);
else await bench(options.quick ? QUICK_FILE_MEGABYTES : FILE_MEGABYTES, Number(options.rounds));

async function bench(sizes: readonly number[], rounds: number): Promise<void> {
  if (!Number.isInteger(rounds) || rounds % 2 === 0) throw new Error('--rounds must be an odd number');
  const files: FileFigures[] = [];
  let resumeMs = Number.NaN;
  for (const megabytes of sizes) {
    const path = await tell(`generating ${megabytes} MB`, () => feedFile(megabytes * 1e6));
    const reading = await tell(`reading ${megabytes} MB`, () => measureReading(path, rounds));
    const delivery = await tell(`delivering ${megabytes} MB`, () => measureDelivery(path, rounds));
    files.push({ megabytes, reading, delivery });
    if (megabytes === sizes.at(-1))
      resumeMs = await tell(`resuming ${megabytes} MB at 90 %`, () => measureResume(path, rounds));
  }
  const figures: BenchFigures = { machine: machine(), node: process.version, rounds, files, resumeMs };
  const verdicts = judge(figures);
  process.stdout.write(options.json ? `${JSON.stringify({ ...figures, verdicts }, null, 2)}\n` : renderReport(figures));
  process.exitCode = verdicts.every(({ isMet }) => isMet) ? 0 : 1;
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
