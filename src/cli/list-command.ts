import { type CommandContext, EXIT_DONE, type RunCommand } from './command.ts';
import type { CommandValues } from './command-table.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { printAllPages } from './print-all-pages.ts';
import { renderIngestions } from './render-ingestion.ts';
import type { IngestionView } from './service-client.ts';
import { showFirstPage } from './show-first-page.ts';

/** As many as one looks through. */
const MAX_LISTED = 100;
const MORE = `Only the newest ${MAX_LISTED} are shown; --json or --ids prints all.`;
/** Enough of an id to tell it from others, and to be named by; all of it is as wide as a terminal. */
const SHORT_ID_LENGTH = 12;

/** `ackstream list`. */
export const runList: RunCommand<'list'> = async (values, context) => {
  const { status, url, serviceOnly } = values;
  const service = await openService(context, { url, delivers: false, isOwnAllowed: serviceOnly !== true });
  try {
    const query = { limit: MAX_LISTED, ...(status === undefined ? {} : { status }) };
    const lineOf = lineFor(values);
    if (lineOf !== null) {
      return await printAllPages((cursor) => service.client.listIngestions({ ...query, cursor }), lineOf, context);
    }
    const style = { hasColour: context.hasColour, columns: context.terminalColumns() };
    const render = (views: readonly IngestionView[]) => renderIngestions(shortened(views, context), style);
    showFirstPage(await service.client.listIngestions(query), { render, more: MORE }, context);
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};

/** What programs get of an ingestion; null: it is a person who looks. */
function lineFor({ json, ids }: CommandValues<'list'>): ((view: IngestionView) => string) | null {
  if (ids === true) return (view) => `${view.ingestion_id}\n`;
  return json === true ? jsonLine : null;
}

/** On a terminal the beginnings of the ids, so that a line is one; what is not read by a person gets the whole. */
function shortened(views: readonly IngestionView[], { terminalColumns }: CommandContext): readonly IngestionView[] {
  if (terminalColumns() === null) return views;
  return views.map((view) => ({ ...view, ingestion_id: view.ingestion_id.slice(0, SHORT_ID_LENGTH) }));
}
