import type { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { CommandContext } from './command.ts';
import type { HeardFailures } from './event-listener.ts';
import { isRetrying } from './is-retrying.ts';
import { jsonLine } from './json-line.ts';
import { ProgressLine } from './progress-line.ts';
import { lostLine, progressBar, progressLine } from './render-progress.ts';
import type { IngestionView } from './service-client.ts';

/** Shows how an ingestion gets on. */
export interface ProgressReporter {
  /** Called again and again, whether anything has changed or not. */
  show(view: IngestionView, heard: HeardFailures): void;
  /** The service could not be asked, and will be again. */
  lose(error: ServiceError): void;
  /** Nothing follows: leaves the cursor at the begin of a line. */
  end(): void;
}

/** The reporter that suits an output: JSON lines where asked for, a bar on a terminal that can write over it, plain lines elsewhere. */
export function createProgressReporter(
  context: CommandContext,
  { isJson }: { readonly isJson: boolean },
): ProgressReporter {
  const { write, terminalColumns, clock, env } = context;
  if (isJson) return tellingOfLosses(context, showJson(write));
  if (terminalColumns() === null || env.TERM === 'dumb') return tellingOfLosses(context, showLines(write, clock));
  return reportBar(write, terminalColumns, clock);
}

/** Says on standard error that the service has gone, and that it is back; the output is about the ingestion alone. */
function tellingOfLosses({ writeError }: CommandContext, show: ProgressReporter['show']): ProgressReporter {
  let isLost = false;
  return {
    show(view, heard) {
      if (isLost) writeError('The service answers again.\n');
      isLost = false;
      show(view, heard);
    },
    lose(error) {
      if (!isLost) writeError(`${lostLine(error)}\n`);
      isLost = true;
    },
    end() {},
  };
}

/** One line for each change. What is computed for the moment of the answer changes with every look. */
function showJson(write: (text: string) => void): ProgressReporter['show'] {
  let shown: string | undefined;
  return (view) => {
    const what = JSON.stringify({ ...view, records_per_second: null, eta_seconds: null });
    if (what === shown) return;
    shown = what;
    write(jsonLine(view));
  };
}

/** A line when the state changes or something else goes wrong, and nothing in between: whoever reads it later wants no clock. */
function showLines(write: (text: string) => void, clock: Clock): ProgressReporter['show'] {
  let said: string | undefined;
  return (view, heard) => {
    const { status, last_error: error } = view;
    // While it is tried again, an ingestion leaves its place to others and takes it again with every attempt.
    const what = `${isRetrying(view) ? '' : status} ${error?.code} ${error?.message}`;
    if (what === said) return;
    said = what;
    write(`${progressLine(view, { now: clock.now(), heard })}\n`);
  };
}

/** One line that is written over. */
function reportBar(write: (text: string) => void, columns: () => number | null, clock: Clock): ProgressReporter {
  const line = new ProgressLine(write);
  return {
    show: (view, heard) => line.show(progressBar(view, { now: clock.now(), columns: columns() ?? 80, heard })),
    lose: (error) => line.show(lostLine(error, columns() ?? 80)),
    end: () => line.end(),
  };
}
