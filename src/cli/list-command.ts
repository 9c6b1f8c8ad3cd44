import { EXIT_DONE, type RunCommand } from './command.ts';
import { openService } from './open-service.ts';
import { renderIngestions } from './render-ingestion.ts';

/** As many as one looks through; the API has pages for more. */
const MAX_LISTED = 100;

/** `ackstream list`. */
export const runList: RunCommand<'list'> = async ({ status, json, url }, context) => {
  const service = await openService(context, { url, delivers: false });
  try {
    const query = { limit: MAX_LISTED, ...(status === undefined ? {} : { status }) };
    const { items, next_cursor: nextCursor } = await service.client.listIngestions(query);
    if (json === true) context.write(items.map((view) => `${JSON.stringify(view)}\n`).join(''));
    else context.write(renderIngestions(items, context.hasColour));
    if (items.length === 0) context.writeError('There are none.\n');
    if (nextCursor !== null) context.writeError(`Only the newest ${MAX_LISTED} are shown.\n`);
    return EXIT_DONE;
  } finally {
    await service.close();
  }
};
