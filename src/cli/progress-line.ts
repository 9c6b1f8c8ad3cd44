import type { CommandContext } from './command.ts';

/** To the begin of the line, and everything behind erased (ECMA-48 CR, EL). */
const ERASE_LINE = '\r\x1b[2K';

/** A line on a terminal that is written over while something goes on. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  #shown = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Shows a text in the place of the one before. */
  show(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    this.#write(`${ERASE_LINE}${text}`);
  }

  /** Takes it away: something else takes its place. */
  erase(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#write(ERASE_LINE);
  }

  /** Leaves it as it is, and the cursor at the begin of the next line. */
  end(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#write('\n');
  }
}

/** The line on standard error of a command whose result goes to standard output; null where no person reads it. */
export function progressLineFor({ isErrorTerminal, writeError }: CommandContext): ProgressLine | null {
  return isErrorTerminal ? new ProgressLine(writeError) : null;
}
