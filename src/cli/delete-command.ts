import { type CommandContext, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, type RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { commandInvalid } from './option-values.ts';
import type { IngestionView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** `ackstream delete`. */
export const runDelete: RunCommand<'delete'> = async ({ ingestion, yes, json, url }, context) => {
  if (yes !== true && context.ask === null) {
    throw commandInvalid('--yes is needed where nobody can be asked whether it is meant');
  }
  const service = await openService(context, { url, delivers: false });
  try {
    const view = await service.client.getIngestion(await ingestionIdOf(service.client, ingestion));
    if (yes !== true && !(await isMeant(view, context))) return context.signal.aborted ? EXIT_INTERRUPTED : EXIT_FAILED;
    await service.client.deleteIngestion(view.ingestion_id);
    const text = `deleted ${terminalText(view.file_path)}: ingestion ${view.ingestion_id}\n`;
    context.write(json === true ? jsonLine({ ingestion_id: view.ingestion_id, file_path: view.file_path }) : text);
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};

async function isMeant(view: IngestionView, { ask, writeError }: CommandContext): Promise<boolean> {
  const what = `${view.status} ${terminalText(view.file_path)}, asked for ${view.created_at}: ingestion ${view.ingestion_id}`;
  const answer = await ask?.(`${what}\nDelete its ledger, attempts and bad records for good? [y/N] `);
  if (/^\s*y(?:es)?\s*$/i.test(answer ?? '')) return true;
  writeError('Nothing is deleted.\n');
  return false;
}
