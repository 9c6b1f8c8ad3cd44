import { EXIT_DONE, type RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { renderRejects } from './render-rejects.ts';
import type { RejectPageView, ServiceClient } from './service-client.ts';

/** As many as one looks through. */
const MAX_SHOWN = 100;

/** `ackstream rejects`. */
export const runRejects: RunCommand<'rejects'> = async ({ ingestion, json: isJson, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    for await (const { items, next_cursor: nextCursor } of pagesOf(service.client, ingestionId)) {
      if (isJson === true) {
        context.write(items.map(jsonLine).join(''));
        continue;
      }
      context.write(renderRejects(items));
      if (items.length === 0) context.writeError('There are none.\n');
      if (nextCursor !== null) context.writeError(`Only the first ${MAX_SHOWN} are shown; --json prints all.\n`);
      break;
    }
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};

async function* pagesOf(client: ServiceClient, ingestionId: string): AsyncGenerator<RejectPageView> {
  let cursor: string | null = null;
  do {
    const page: RejectPageView = await client.listRejects(ingestionId, { limit: MAX_SHOWN, cursor });
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
