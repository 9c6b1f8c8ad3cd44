import type { Writable } from 'node:stream';
import type { Clock } from '../model/clock.ts';
import type { CommandName, CommandValues } from './command-table.ts';

/** What a command needs of its process. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Standard output. */
  readonly write: (text: string) => void;
  /** Standard output for bytes, which says when it is full. */
  readonly standardOutput: Writable;
  /** All of standard input, as UTF-8. Rejects where it cannot be read, and where the command is interrupted before its end. */
  readonly readStandardInput: () => Promise<string>;
  /** Standard error. */
  readonly writeError: (text: string) => void;
  /** Columns of the terminal that standard output is, as they are now; null where it is none. */
  readonly terminalColumns: () => number | null;
  /** Whether standard output shows colours. */
  readonly hasColour: boolean;
  /** Whether a person reads standard error. */
  readonly isErrorTerminal: boolean;
  /** Asks the person at the terminal; gives back what is typed, null where nothing is or the command is interrupted. Null: there is none to be asked. */
  readonly ask: ((question: string) => Promise<string | null>) | null;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Runs a command and gives back the exit code (docs/cli.md). Throws ServiceError for what it cannot do. */
export type RunCommand<Name extends CommandName> = (
  values: CommandValues<Name>,
  context: CommandContext,
) => Promise<number>;

/** Ended as asked for. */
export const EXIT_DONE = 0;
/** The ingestion ended otherwise than COMPLETED, or the installation has problems. */
export const EXIT_FAILED = 1;
/** Ended by Ctrl-C or SIGTERM before its end: 128 + SIGINT, as shells have it. */
export const EXIT_INTERRUPTED = 130;
