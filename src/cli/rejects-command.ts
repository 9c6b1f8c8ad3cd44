import { EXIT_DONE, type RunCommand } from './command.ts';
import { ingestionIdOf } from './ingestion-id.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { printAllPages } from './print-all-pages.ts';
import { renderRejects } from './render-rejects.ts';
import { showFirstPage } from './show-first-page.ts';

/** As many as one looks through. */
const MAX_SHOWN = 100;
const MORE = `Only the first ${MAX_SHOWN} are shown; --json prints all.`;

/** `ackstream rejects`. */
export const runRejects: RunCommand<'rejects'> = async ({ ingestion, json: isJson, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const ingestionId = await ingestionIdOf(service.client, ingestion);
    const askFor = (cursor: string | null) => service.client.listRejects(ingestionId, { limit: MAX_SHOWN, cursor });
    if (isJson === true) return await printAllPages(askFor, jsonLine, context);
    showFirstPage(await askFor(null), { render: renderRejects, more: MORE }, context);
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};
