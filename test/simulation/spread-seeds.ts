import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { add, noTotals, type Totals } from './figures.ts';

/** Few enough that all processes end at about the same time. */
const SEEDS_PER_BATCH = 20;

/** Some seeds in a row: what a worker is sent; it sends back their {@link Totals}. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

/** What is played, and by how many processes. */
export interface SpreadOptions {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  readonly mutation: string | null;
  /** Called after each batch. */
  readonly onProgress?: (totals: Totals) => void;
}

/** Plays seeds in several processes at once, and begins no more behind the first violation. */
export async function spreadSeeds({ from, seeds, workers, mutation, onProgress }: SpreadOptions): Promise<Totals> {
  const totals = noTotals();
  const end = from + seeds;
  let next = from;
  const work = async (): Promise<void> => {
    const worker = startWorker(mutation);
    try {
      while (next < end && totals.violations.length === 0) {
        const batch: Batch = { first: next, count: Math.min(SEEDS_PER_BATCH, end - next) };
        next += batch.count;
        add(totals, await play(worker, batch));
        onProgress?.(totals);
      }
    } finally {
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  totals.violations.sort((one, other) => one.seed - other.seed);
  return totals;
}

function startWorker(mutation: string | null): ChildProcess {
  const args = mutation === null ? ['--worker'] : ['--worker', '--mutation', mutation];
  return fork(fileURLToPath(new URL('./main.ts', import.meta.url)), args);
}

async function play(worker: ChildProcess, batch: Batch): Promise<Totals> {
  const answered = once(worker, 'message') as Promise<[Totals]>;
  const ended = once(worker, 'exit').then(() => {
    throw new Error(`the process that plays seeds ${batch.first} to ${batch.first + batch.count - 1} ended`);
  });
  ended.catch(() => {});
  worker.send(batch);
  const [totals] = await Promise.race([answered, ended]);
  return totals;
}
