import { type Command, EXIT_DONE } from './command.ts';
import { openService } from './open-service.ts';
import { parseArguments } from './parse-arguments.ts';
import { renderRejects } from './render-rejects.ts';
import type { RejectPageView, ServiceClient } from './service-client.ts';

/** As many as one looks through. */
const MAX_SHOWN = 100;

const usage = `usage: ackstream rejects <ingestion id> [options]

Shows the first ${MAX_SHOWN} bad records that an ingestion set aside, in the order of its source: of a running service, or where none answers as the
data directory has them.

  --json, --ndjson  print all of them, one JSON document per line
  --url <url>       the service to talk to
  --help            print this

Exit codes: 0 shown, 2 wrong use or settings, or no such ingestion; 3 unreachable or locked.
`;

/** `ackstream rejects`. */
export const rejectsCommand: Command = {
  usage,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, {
      options: { json: { type: 'boolean' }, ndjson: { type: 'boolean' }, url: { type: 'string' } },
      positionals: ['<ingestion id>'],
    });
    const isJson = values.json === true || values.ndjson === true;
    const service = await openService(context, { url: values.url, delivers: false });
    try {
      for await (const { items, next_cursor: nextCursor } of pagesOf(service.client, positionals[0] ?? '')) {
        if (isJson) {
          context.write(items.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
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
  },
};

async function* pagesOf(client: ServiceClient, ingestionId: string): AsyncGenerator<RejectPageView> {
  let cursor: string | null = null;
  do {
    const page: RejectPageView = await client.listRejects(ingestionId, { limit: MAX_SHOWN, cursor });
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
