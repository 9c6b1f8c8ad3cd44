import { median } from './median.ts';
import { megabytesPerSecond, type Round, recordsPerSecond, runWay, type WayName } from './run-way.ts';

/** One of our ways, held against another way to do the same with the same file. */
export interface Comparison {
  /** What is done, for people. */
  readonly what: string;
  readonly path: string;
  readonly ours: WayName;
  /** What our way is told beside the path. */
  readonly args: readonly string[];
  readonly baseline: WayName;
  /** How many times as fast as the baseline ours shall be at least. */
  readonly minRatio: number;
}

/** The medians of the rounds of one way, and its highest memory. */
export interface WayFigures {
  readonly way: WayName;
  readonly megabytesPerSecond: number;
  /** Null: it does not look at records. */
  readonly recordsPerSecond: number | null;
  readonly peakMemoryMegabytes: number;
}

/** A comparison that was made. */
export interface ComparisonFigures extends Pick<Comparison, 'what' | 'minRatio'> {
  readonly ours: WayFigures;
  readonly baseline: WayFigures;
  /** The median of the rounds' ratios, each of two runs that followed each other. */
  readonly ratio: number;
}

/** Runs the two ways in turn. Throws where they do not agree on what is in the file. */
export async function compareWays(comparison: Comparison, rounds: number): Promise<ComparisonFigures> {
  const { what, path, ours, args, baseline, minRatio } = comparison;
  const pairs: (readonly [ours: Round, baseline: Round])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    pairs.push([await runWay(ours, path, ...args), await runWay(baseline, path)]);
  }
  for (const found of ['recordCount', 'byteCount'] as const) {
    const values = new Set(pairs.flat().map((round) => round[found]));
    if (values.size !== 1)
      throw new Error(`${ours} and ${baseline} disagree on ${path}: ${found} ${[...values].join(', ')}`);
  }
  return {
    what,
    minRatio,
    ours: figuresOf(
      ours,
      pairs.map(([round]) => round),
    ),
    baseline: figuresOf(
      baseline,
      pairs.map(([, round]) => round),
    ),
    ratio: median(pairs.map(([mine, other]) => other.durationMs / mine.durationMs)),
  };
}

function figuresOf(way: WayName, rounds: readonly Round[]): WayFigures {
  const looksAtRecords = rounds.every(({ recordCount }) => recordCount > 0);
  return {
    way,
    megabytesPerSecond: median(rounds.map(megabytesPerSecond)),
    recordsPerSecond: looksAtRecords ? median(rounds.map(recordsPerSecond)) : null,
    peakMemoryMegabytes: Math.max(...rounds.map(({ peakMemoryBytes }) => peakMemoryBytes)) / 1e6,
  };
}
