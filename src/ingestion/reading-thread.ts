import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ServiceError } from '../errors.ts';

const MIB = 1024 ** 2;

/**
 * MiB, of which V8 gives a thread three spaces of 16: the size that the process sets for all of its threads (cli/run-process.ts), which a limit on the
 * other objects would otherwise take the place of.
 */
const YOUNG_SPACES_MIB = 48;

/** What a thread runs, and may use. */
export interface ThreadOptions {
  readonly script: URL;
  /** What it is started with. */
  readonly start: unknown;
  /** Most bytes of JavaScript objects. Bodies of chunks, and blocks of files, lie outside of them. */
  readonly memoryBytes: number;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** The scripts of the threads, of the sources or of the build. */
export const THREAD_SCRIPTS = {
  chunks: new URL(`./chunk-worker.${extension}`, import.meta.url),
  preview: new URL(`./preview-worker.${extension}`, import.meta.url),
};

/** What tells a thread to give way from now on; it is not answered. */
export const GIVE_WAY = 'give-way';

/** Those of this process, as its cores are. */
const threads = new Set<Worker>();

/** Starts a thread that reads. Taking more than its memory ends it, and nothing else, with what {@link threadFailure} tells. */
export function startReadingThread({ script, start, memoryBytes }: ThreadOptions): Worker {
  const worker = new Worker(script, {
    workerData: start,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(memoryBytes / MIB),
      maxYoungGenerationSizeMb: YOUNG_SPACES_MIB,
    },
  });
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
  // Where each has a core for itself beside the main thread, giving way would only let others have it.
  if (threads.size >= availableParallelism()) for (const thread of threads) thread.postMessage(GIVE_WAY);
  return worker;
}

/** Why a thread ended: WORKER_OUT_OF_MEMORY, or INTERNAL with the detail and what it threw. */
export function threadFailure(detail: string, cause?: unknown): ServiceError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ServiceError('WORKER_OUT_OF_MEMORY', { cause });
  }
  return new ServiceError('INTERNAL', { detail, cause });
}
