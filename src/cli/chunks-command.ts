import { EXIT_DONE, type RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { printAllPages } from './print-all-pages.ts';
import { renderChunks } from './render-chunks.ts';
import { showFirstPage } from './show-first-page.ts';

/** As many as one looks through. */
const MAX_SHOWN = 100;

/** `ackstream chunks`. */
export const runChunks: RunCommand<'chunks'> = async ({ ingestion, from = 0, json: isJson, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    const askFor = (cursor: string | null) =>
      service.client.listChunks(ingestionId, { limit: MAX_SHOWN, cursor, fromChunk: from });
    if (isJson === true) return await printAllPages(askFor, jsonLine, context);
    const more = `Only ${MAX_SHOWN} are shown; --from ${from + MAX_SHOWN} shows those that follow, --json prints all.`;
    showFirstPage(await askFor(null), { render: renderChunks, more }, context);
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};
