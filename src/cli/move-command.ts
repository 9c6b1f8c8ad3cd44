import { EXIT_DONE, type RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import type { Move } from './service-client.ts';
import { colouredStatus } from './status-colour.ts';
import { terminalText } from './terminal-text.ts';
import { waitForEnd } from './wait-for-end.ts';

/** `ackstream pause`, `resume` and `cancel`. Where no service runs, resuming is a delivery by this process, as `ingest` is. */
export function runMove(move: Move): RunCommand<Move> {
  return async ({ ingestion, json, url }, context) => {
    const service = await openService(context, { url, delivers: move === 'resume' });
    try {
      const view = await service.client.move(await ingestionIdOf(service.client, ingestion), move);
      const isJson = json === true;
      const status = colouredStatus(view.status, context.hasColour);
      const text = `${status} ${terminalText(view.file_path)}: ingestion ${view.ingestion_id}\n`;
      context.write(isJson ? jsonLine(view) : text);
      const goesOnHere = service.isOwn && move === 'resume';
      return goesOnHere ? await waitForEnd(service, { ingestionId: view.ingestion_id, isJson }, context) : EXIT_DONE;
    } finally {
      await service.close();
    }
  };
}
