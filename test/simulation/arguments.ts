import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What the command is asked for. */
export interface SimulateArguments {
  /** The one seed to look into; null: many are played. */
  readonly seed: number | null;
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  readonly isJson: boolean;
  /** Whether the planted bugs are looked for. */
  readonly checksMutations: boolean;
  /** The bug that is planted; null: none. */
  readonly mutation: string | null;
  /** Whether this is a process that plays what another one tells it. */
  readonly isWorker: boolean;
}

/** How the command is used. */
export const USAGE = `usage: npm run simulate -- [--seeds 10000] [--from 0] [--workers 2] [--json]
       npm run simulate -- --seed 42         all that happens in it, made small where something is broken
       npm run simulate -- --mutations       whether each planted bug is found within --seeds
       ... --mutation <name>                 with that bug planted`;

const MAX_WORKERS = 64;

/** Reads the command line. Throws what util.parseArgs throws, and a RangeError for numbers that are none. */
export function parseSimulateArguments(args: readonly string[]): SimulateArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      from: { type: 'string', default: '0' },
      seeds: { type: 'string', default: '10000' },
      workers: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      mutation: { type: 'string' },
      worker: { type: 'boolean', default: false },
    },
  });
  return {
    seed: values.seed === undefined ? null : wholeNumber(values.seed),
    from: wholeNumber(values.from),
    seeds: wholeNumber(values.seeds),
    workers: Math.min(MAX_WORKERS, Math.max(1, wholeNumber(values.workers))),
    isJson: values.json,
    checksMutations: values.mutations,
    mutation: values.mutation ?? null,
    isWorker: values.worker,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`${text} is no whole number`);
  return Number(text);
}
