import { STATUSES, type Status } from '../model/ingestion.ts';
import { type Command, EXIT_DONE } from './command.ts';
import { openService } from './open-service.ts';
import { commandInvalid, parseArguments } from './parse-arguments.ts';
import { renderIngestions } from './render-ingestion.ts';

/** As many as one looks through; the API has pages for more. */
const MAX_LISTED = 100;

const usage = `usage: ackstream list [options]

Lists the newest ${MAX_LISTED} ingestions: of a running service, or where none answers as the data directory has them.

  --status <s>  only those in this state: ${STATUSES.join(', ')}
  --json        print one JSON document per line
  --url <url>   the service to talk to
  --help        print this

Exit codes: 0 listed, 2 wrong use or settings, 3 unreachable or locked.
`;

/** `ackstream list`. */
export const listCommand: Command = {
  usage,
  async run(args, context) {
    const { values } = parseArguments(args, {
      options: { status: { type: 'string' }, json: { type: 'boolean' }, url: { type: 'string' } },
      positionals: [],
    });
    const status = values.status === undefined ? {} : { status: toStatus(values.status) };
    const service = await openService(context, { url: values.url, delivers: false });
    try {
      const { items, next_cursor: nextCursor } = await service.client.listIngestions({ ...status, limit: MAX_LISTED });
      if (values.json === true) context.write(items.map((view) => `${JSON.stringify(view)}\n`).join(''));
      else context.write(renderIngestions(items));
      if (items.length === 0) context.writeError('There are none.\n');
      if (nextCursor !== null) context.writeError(`Only the newest ${MAX_LISTED} are shown.\n`);
      return EXIT_DONE;
    } finally {
      await service.close();
    }
  },
};

function toStatus(text: string): Status {
  const status = STATUSES.find((candidate) => candidate === text.toUpperCase());
  if (status === undefined) throw commandInvalid(`--status must be one of ${STATUSES.join(', ')}`);
  return status;
}
