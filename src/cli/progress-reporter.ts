import type { Clock } from '../model/clock.ts';
import type { CommandContext } from './command.ts';
import { progressBar, progressLine } from './render-progress.ts';
import type { IngestionView } from './service-client.ts';

/** Shows how an ingestion gets on. */
export interface ProgressReporter {
  show(view: IngestionView): void;
  /** Nothing follows: leaves the cursor at the begin of a line. */
  end(): void;
}

/** To the begin of the line, and everything behind erased (ECMA-48 CR, EL). */
const REWRITE_LINE = '\r\x1b[2K';

/** The reporter that suits an output: JSON lines where asked for, a bar on a terminal, plain lines elsewhere. */
export function createProgressReporter(
  { write, terminalColumns, clock }: CommandContext,
  { isJson }: { readonly isJson: boolean },
): ProgressReporter {
  if (isJson) return reportJson(write);
  return terminalColumns() === null ? reportLines(write, clock) : reportBar(write, terminalColumns, clock);
}

/** One line for each change. */
function reportJson(write: (text: string) => void): ProgressReporter {
  let shown: string | undefined;
  return {
    show(view) {
      if (view.updated_at === shown) return;
      shown = view.updated_at;
      write(`${JSON.stringify(view)}\n`);
    },
    end() {},
  };
}

/** A line when the state changes or something else goes wrong, and nothing in between: whoever reads it later wants no clock. */
function reportLines(write: (text: string) => void, clock: Clock): ProgressReporter {
  let said: string | undefined;
  return {
    show(view) {
      const what = `${view.status} ${view.last_error?.code} ${view.last_error?.message}`;
      if (what === said) return;
      said = what;
      write(`${progressLine(view, clock.now())}\n`);
    },
    end() {},
  };
}

/** One line that is written over. */
function reportBar(write: (text: string) => void, columns: () => number | null, clock: Clock): ProgressReporter {
  let isShown = false;
  return {
    show(view) {
      isShown = true;
      write(`${REWRITE_LINE}${progressBar(view, { now: clock.now(), columns: columns() ?? 80 })}`);
    },
    end() {
      if (isShown) write('\n');
    },
  };
}
