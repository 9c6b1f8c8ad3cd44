import { type CommandContext, EXIT_DONE, EXIT_INTERRUPTED } from './command.ts';
import { jsonLine } from './json-line.ts';
import type { OpenedService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import type { SubmissionView } from './service-client.ts';
import { waitForEnd } from './wait-for-end.ts';

/** How a delivery was asked for on the command line. */
export interface SubmitOptions {
  readonly isJson: boolean;
  /** Whether the command ends with the delivery; otherwise with its acceptance. */
  readonly waits: boolean;
}

/** Asks a service for a delivery, says what it answers, and waits for the end; gives back the exit code. `body` is that of POST /api/ingest. */
export async function submit(
  service: OpenedService,
  body: Readonly<Record<string, unknown>>,
  { isJson, waits, context }: SubmitOptions & { readonly context: CommandContext },
): Promise<number> {
  if (service.isOwn && !waits) throw commandInvalid('--no-wait needs a running service, and none answers');
  if (context.signal.aborted) return endUnsubmitted(context);
  const answer = await service.client.submit(body);
  context.write(isJson ? jsonLine(answer) : answerText(answer));
  const isNew = answer.status === 'STARTED';
  return waits ? waitForEnd(service, { ingestionId: answer.ingestion_id, isJson, isNew }, context) : EXIT_DONE;
}

/** Says that a command was interrupted before it asked for anything; gives back the exit code. */
export function endUnsubmitted({ writeError }: CommandContext): number {
  writeError('Interrupted: no delivery was asked for.\n');
  return EXIT_INTERRUPTED;
}

function answerText({ status, ingestion_id, changed }: SubmissionView): string {
  const takenOver = changed === undefined ? '' : `, with another ${changed.join(', ')}`;
  return `${status}${takenOver}: ingestion ${ingestion_id}\n`;
}
