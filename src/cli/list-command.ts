import { type CommandContext, EXIT_DONE, type RunCommand } from './command.ts';
import type { CommandValues } from './command-table.ts';
import { jsonLine } from './json-line.ts';
import { openService } from './open-service.ts';
import { renderIngestions } from './render-ingestion.ts';
import type { IngestionPageView, IngestionView, ServiceClient } from './service-client.ts';

/** As many as one looks through. */
const MAX_LISTED = 100;
/** Enough of an id to tell it from others, and to be named by; all of it is as wide as a terminal. */
const SHORT_ID_LENGTH = 12;

/** `ackstream list`. */
export const runList: RunCommand<'list'> = async (values, context) => {
  const service = await openService(context, { url: values.url, delivers: false });
  try {
    const pages = pagesOf(service.client, values.status);
    const lineOf = lineFor(values);
    await (lineOf === null ? showNewest(pages, context) : printAll(pages, lineOf, context));
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};

type Pages = AsyncIterable<IngestionPageView>;

async function showNewest(pages: Pages, context: CommandContext): Promise<void> {
  for await (const { items, next_cursor: nextCursor } of pages) {
    context.write(renderIngestions(shortened(items, context), context.hasColour));
    if (items.length === 0) context.writeError('There are none.\n');
    if (nextCursor !== null) {
      context.writeError(`Only the newest ${MAX_LISTED} are shown; --json or --ids prints all.\n`);
    }
    return;
  }
}

/** As many as there are; fewer where the reader has enough, as in `… | head`. */
async function printAll(
  pages: Pages,
  lineOf: (view: IngestionView) => string,
  { write, signal }: CommandContext,
): Promise<void> {
  for await (const { items } of pages) {
    write(items.map(lineOf).join(''));
    if (signal.aborted) return;
  }
}

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

async function* pagesOf(
  client: ServiceClient,
  status: CommandValues<'list'>['status'],
): AsyncGenerator<IngestionPageView> {
  const query = { limit: MAX_LISTED, ...(status === undefined ? {} : { status }) };
  let cursor: string | null = null;
  do {
    const page: IngestionPageView = await client.listIngestions({ ...query, cursor });
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
