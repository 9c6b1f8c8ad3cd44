/** How much of a file the baselines read at a time: more than Node's default, which costs them calls. */
export const BLOCK_BYTES = 256 * 1024;

/** What one way did with a whole file. */
export interface Tally {
  readonly recordCount: number;
  /** Bytes that were read; of compressed files as they expand. */
  readonly byteCount: number;
}

/** One way to do something with a file: what is measured, ours or a baseline. A function that a process of its own runs once. */
export type Way = (path: string, ...args: readonly string[]) => Promise<Tally>;
