import type { Invariant } from '../oracle/violation.ts';

/** A bug that is planted to see whether the simulation finds it. */
export interface Mutation {
  readonly name: string;
  /** From the project root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replacement: string;
  /** What is broken by it; which of them is seen first depends on the seed. */
  readonly breaks: readonly Invariant[];
}
