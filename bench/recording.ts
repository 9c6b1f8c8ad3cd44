import { median } from './median.ts';
import { startListening } from './process.ts';
import { megabytesPerSecond, type Round, recordsPerSecond, runWay } from './run-way.ts';

/** What is kept of a delivery: each step keeps what the one before keeps, and one thing more. */
const STEPS = [
  { keeps: 'the position', kept: '' },
  { keeps: '+ the ledger', kept: 'ledger' },
  { keeps: '+ events', kept: 'ledger,events' },
  { keeps: '+ metrics', kept: 'ledger,events,metrics' },
] as const;

/** The medians of one step. */
export interface StepFigures {
  readonly keeps: string;
  readonly megabytesPerSecond: number;
  readonly recordsPerSecond: number;
  readonly peakMemoryMegabytes: number;
  /** Share of the first step's throughput that is lost, the median of the rounds' shares. */
  readonly throughputCost: number;
  /** By what share of the first step's time the cores are busy for longer, the same. */
  readonly cpuCost: number;
}

/**
 * Delivers a file once for each step in each round, the steps forwards and backwards in turn, each to a receiver of its own.
 * @param chunkBytes the size of the chunks, 0: the service's own bounds
 */
export async function measureRecording(
  path: string,
  { rounds, chunkBytes }: { readonly rounds: number; readonly chunkBytes: number },
): Promise<readonly StepFigures[]> {
  const bySteps: Round[][] = STEPS.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...STEPS.keys()];
    for (const step of round % 2 === 0 ? order : order.toReversed()) {
      bySteps[step]?.push(await deliver(path, STEPS[step]?.kept ?? '', String(chunkBytes)));
    }
  }
  return STEPS.map(({ keeps }, step) => figuresOf(keeps, bySteps[step] ?? [], bySteps[0] ?? []));
}

async function deliver(path: string, ...how: readonly string[]): Promise<Round> {
  const receiver = await startListening('bench/digest-receiver.ts');
  try {
    return await runWay('recorded delivery', path, receiver.url, ...how);
  } finally {
    await receiver.stop();
  }
}

function figuresOf(keeps: string, rounds: readonly Round[], first: readonly Round[]): StepFigures {
  const share = (of: 'durationMs' | 'cpuMs') =>
    median(rounds.map((round, index) => (first[index]?.[of] ?? Number.NaN) / round[of]));
  return {
    keeps,
    megabytesPerSecond: median(rounds.map(megabytesPerSecond)),
    recordsPerSecond: median(rounds.map(recordsPerSecond)),
    peakMemoryMegabytes: Math.max(...rounds.map(({ peakMemoryBytes }) => peakMemoryBytes)) / 1e6,
    throughputCost: 1 - share('durationMs'),
    cpuCost: 1 / share('cpuMs') - 1,
  };
}
