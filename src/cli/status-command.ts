import { type Command, EXIT_DONE } from './command.ts';
import { openService } from './open-service.ts';
import { parseArguments } from './parse-arguments.ts';
import { renderIngestion } from './render-ingestion.ts';

const usage = `usage: ackstream status <ingestion id> [options]

Shows one ingestion: of a running service, or where none answers as the data directory has it.

  --json        print it as one JSON document
  --url <url>   the service to talk to
  --help        print this

Exit codes: 0 shown, whatever its state; 2 wrong use or settings, or no such ingestion; 3 unreachable or locked.
`;

/** `ackstream status`. */
export const statusCommand: Command = {
  usage,
  async run(args, context) {
    const { values, positionals } = parseArguments(args, {
      options: { json: { type: 'boolean' }, url: { type: 'string' } },
      positionals: ['<ingestion id>'],
    });
    const service = await openService(context, { url: values.url, delivers: false });
    try {
      const view = await service.client.getIngestion(positionals[0] ?? '');
      context.write(values.json === true ? `${JSON.stringify(view)}\n` : renderIngestion(view));
      return EXIT_DONE;
    } finally {
      await service.close();
    }
  },
};
