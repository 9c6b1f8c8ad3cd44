/** `npm run simulate`: see arguments.ts for how it is used. A bug that is planted must be planted before what it is in is imported. */
import { parseSimulateArguments, type SimulateArguments, USAGE } from './arguments.ts';
import { plantMutation } from './mutations/plant-mutation.ts';

const PROGRESS_EVERY_MS = 500;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: SimulateArguments;
  try {
    options = parseSimulateArguments(process.argv.slice(2));
    if (options.mutation !== null) plantMutation(options.mutation);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  if (options.isWorker) return work();
  if (options.checksMutations) return checkAll(options);
  return options.seed === null ? playMany(options) : playOne(options.seed, options);
}

/** Plays what it is sent until it is ended. */
async function work(): Promise<number> {
  const { runSeeds } = await import('./run-seeds.ts');
  process.on('message', ({ first, count }: { readonly first: number; readonly count: number }) => {
    void runSeeds(first, count).then((totals) => process.send?.(totals));
  });
  return 0;
}

async function playOne(seed: number, { mutation }: SimulateArguments): Promise<number> {
  const { describeSeed } = await import('./run-seeds.ts');
  const { text, isSound } = await describeSeed(seed);
  const again = `again: npm run simulate -- --seed ${seed}${mutation === null ? '' : ` --mutation ${mutation}`}`;
  process.stdout.write(`${text}\n${isSound ? '' : `\n${again}\n`}`);
  return isSound ? 0 : 1;
}

async function playMany(options: SimulateArguments): Promise<number> {
  const { spreadSeeds } = await import('./spread-seeds.ts');
  const { renderTotals } = await import('./figures.ts');
  const startedAt = performance.now();
  let shownAt = startedAt;
  const totals = await spreadSeeds({
    ...options,
    onProgress({ seeds }) {
      if (!process.stderr.isTTY || performance.now() - shownAt < PROGRESS_EVERY_MS) return;
      shownAt = performance.now();
      process.stderr.write(`\r${seeds} of ${options.seeds} seeds`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(`${options.isJson ? JSON.stringify({ seconds, ...totals }) : renderTotals(totals, seconds)}\n`);
  const found = totals.violations[0];
  return found === undefined ? 0 : playOne(found.seed, options);
}

async function checkAll(options: SimulateArguments): Promise<number> {
  const { checkMutations } = await import('./check-mutations.ts');
  const survivorCount = await checkMutations(options, (line) => process.stdout.write(`${line}\n`));
  return survivorCount === 0 ? 0 : 1;
}
