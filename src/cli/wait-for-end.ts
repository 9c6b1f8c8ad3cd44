import { type CommandContext, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED } from './command.ts';
import { followIngestion, hasEnded } from './follow-ingestion.ts';
import type { OpenedService } from './open-service.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { renderEnd } from './render-ingestion.ts';
import { terminalText } from './terminal-text.ts';

/** Shows how an ingestion gets on until it ends or the command is interrupted; gives back the exit code. Throws what {@link followIngestion} throws. */
export async function waitForEnd(
  service: OpenedService,
  { ingestionId, isJson }: { readonly ingestionId: string; readonly isJson: boolean },
  context: CommandContext,
): Promise<number> {
  const { clock, signal } = context;
  const reporter = createProgressReporter(context, { isJson });
  const view = await followIngestion(service.client, ingestionId, { clock, signal, reporter });
  if (!hasEnded(view)) {
    context.writeError(interruptedText(service, ingestionId));
    return EXIT_INTERRUPTED;
  }
  if (!isJson) context.write(renderEnd(view, context.hasColour));
  return view.status === 'COMPLETED' ? EXIT_DONE : EXIT_FAILED;
}

function interruptedText({ isOwn, client }: OpenedService, ingestionId: string): string {
  return isOwn
    ? 'Stopping. What is acknowledged stays so; the same command, or `ackstream serve`, goes on from there.\n'
    : `The service at ${terminalText(client.url)} goes on. See \`ackstream status ${ingestionId}\`.\n`;
}
