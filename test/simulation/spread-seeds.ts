import { fork } from 'node:child_process';
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
        add(totals, await worker.play(batch));
        onProgress?.(totals);
      }
    } finally {
      worker.end();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  totals.violations.sort((one, other) => one.seed - other.seed);
  return totals;
}

function startWorker(mutation: string | null) {
  const args = mutation === null ? ['--worker'] : ['--worker', '--mutation', mutation];
  const worker = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), args);
  let playing: Batch | null = null;
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  worker.once('exit', () => reject(new Error(`the process that plays ends at ${JSON.stringify(playing)}`)));
  return {
    async play(batch: Batch): Promise<Totals> {
      playing = batch;
      worker.send(batch);
      const [totals] = (await Promise.race([once(worker, 'message'), ended])) as [Totals];
      return totals;
    },
    end: () => void worker.kill(),
  };
}
