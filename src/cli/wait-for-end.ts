import { ServiceError } from '../errors.ts';
import { type CommandContext, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED } from './command.ts';
import { followIngestion, hasEnded } from './follow-ingestion.ts';
import type { OpenedService } from './open-service.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { renderEnd } from './render-ingestion.ts';
import type { FailedAttemptView, IngestionView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** What is waited for, and how that is shown. */
export interface WaitOptions {
  readonly ingestionId: string;
  readonly isJson: boolean;
  /** Whether it was begun just now, so that all its retries are to be counted. */
  readonly isNew?: boolean;
}

/** Shows how an ingestion gets on until it ends or the command is interrupted; gives back the exit code. Throws what {@link followIngestion} throws. */
export async function waitForEnd(
  service: OpenedService,
  { ingestionId, isJson, isNew = false }: WaitOptions,
  context: CommandContext,
): Promise<number> {
  const { clock, signal } = context;
  const reporter = createProgressReporter(context, { isJson });
  const view = await followIngestion(service.client, ingestionId, { clock, signal, reporter, fromStart: isNew });
  if (view === null || !hasEnded(view)) {
    context.writeError(interruptedText(service, ingestionId));
    return EXIT_INTERRUPTED;
  }
  if (!isJson) context.write(renderEnd(view, { hasColour: context.hasColour, failed: await failureOf(service, view) }));
  return view.status === 'COMPLETED' ? EXIT_DONE : EXIT_FAILED;
}

/** The attempt that an ingestion has stopped at; null: it has not stopped at one. */
async function failureOf({ client }: OpenedService, view: IngestionView): Promise<FailedAttemptView | null> {
  if (view.status === 'COMPLETED' || view.last_error === null) return null;
  try {
    const failed = await client.getLastFailedAttempt(view.ingestion_id);
    const isPast = failed?.chunk_number != null && failed.chunk_number < view.totals.chunks;
    return isPast ? null : failed;
  } catch (error) {
    // How it ended is known, and is what was asked for.
    if (error instanceof ServiceError) return null;
    throw error;
  }
}

function interruptedText({ isOwn, client, urlOption }: OpenedService, ingestionId: string): string {
  return isOwn
    ? 'Stopping. What is acknowledged stays so; the same command, or `ackstream serve`, goes on from there.\n'
    : `The service at ${terminalText(client.url)} goes on delivering. Go on watching: ackstream status ${ingestionId} --watch${urlOption}\n`;
}
