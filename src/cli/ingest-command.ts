import { type Command, type CommandContext, EXIT_DONE, EXIT_INTERRUPTED, EXIT_NOT_COMPLETED } from './command.ts';
import { FEED_OPTIONS, FEED_USAGE, feedFieldsOf, numberIfWhole } from './feed-arguments.ts';
import { followIngestion, hasEnded } from './follow-ingestion.ts';
import { type OpenedService, openService } from './open-service.ts';
import { commandInvalid, parseArguments, wholeNumber } from './parse-arguments.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { renderEnd } from './render-ingestion.ts';
import type { SubmissionView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

const usage = `usage: ackstream ingest <file> --callback <url> [options]

Delivers a file, or the files of a folder or pattern, and waits for the end. Talks to a running service; where none answers and the data
directory is free, it delivers this itself.

  --callback <url>        where the chunks are posted (required)
${FEED_USAGE}
  --on-bad-record <b>     fail (default), or quarantine: set it aside and go on
  --max-bad-records <n>   how many are set aside before it fails, or their share such as 1%; if left out, any number
  --chunk-records <n>     most records of a chunk
  --chunk-bytes <n>       most bytes of a chunk's records; with neither bound, 1,000 records and 4 MiB
  --re-ingest             deliver the file anew, from its start
  --no-wait               end as soon as the service has accepted it
  --json                  print one JSON document per line: the answer, then each change
  --url <url>             the service to talk to
  --help                  print this

Ctrl-C leaves a service at its work; a delivery of this process it stops so that it can go on later.
Exit codes: 0 COMPLETED (with --no-wait: accepted), 1 FAILED, PAUSED or CANCELLED, 2 wrong use or settings, 3 unreachable, locked or
busy, 4 conflict with an earlier request, 130 interrupted.
`;

const options = {
  callback: { type: 'string' },
  ...FEED_OPTIONS,
  'on-bad-record': { type: 'string' },
  'max-bad-records': { type: 'string' },
  'chunk-records': { type: 'string' },
  'chunk-bytes': { type: 'string' },
  're-ingest': { type: 'boolean' },
  'no-wait': { type: 'boolean' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

/** What the command line asks for. */
interface IngestArguments {
  /** The body of POST /api/ingest. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly url: string | undefined;
  readonly isJson: boolean;
  readonly waits: boolean;
}

/** `ackstream ingest`. */
export const ingestCommand: Command = {
  usage,
  async run(args, context) {
    const asked = readArguments(args, context.cwd);
    const service = await openService(context, { url: asked.url, delivers: true });
    try {
      if (service.isOwn && !asked.waits) {
        throw commandInvalid('--no-wait needs a running service, and none answers');
      }
      const answer = await service.client.submit(asked.body);
      context.write(asked.isJson ? `${JSON.stringify(answer)}\n` : answerText(answer));
      return asked.waits ? await waitForEnd(service, { answer, asked, context }) : EXIT_DONE;
    } finally {
      await service.close();
    }
  },
};

function readArguments(args: readonly string[], cwd: string): IngestArguments {
  const { values, positionals } = parseArguments(args, { options, positionals: ['<file>'] });
  if (values.callback === undefined) throw commandInvalid('--callback is missing');
  const body = {
    ...feedFieldsOf(cwd, positionals[0] ?? '', values),
    callback_url: values.callback,
    on_bad_record: values['on-bad-record'],
    max_bad_records: numberIfWhole(values['max-bad-records']),
    chunk_size_by_records: wholeNumber('--chunk-records', values['chunk-records']),
    chunk_size_by_memory: wholeNumber('--chunk-bytes', values['chunk-bytes']),
    re_ingestion: values['re-ingest'],
  };
  return { body, url: values.url, isJson: values.json === true, waits: values['no-wait'] !== true };
}

function answerText({ status, ingestion_id, changed }: SubmissionView): string {
  const takenOver = changed === undefined ? '' : `, with another ${changed.join(', ')}`;
  return `${status}${takenOver}: ingestion ${ingestion_id}\n`;
}

async function waitForEnd(
  service: OpenedService,
  {
    answer,
    asked,
    context,
  }: { readonly answer: SubmissionView; readonly asked: IngestArguments; readonly context: CommandContext },
): Promise<number> {
  const { clock, signal } = context;
  const reporter = createProgressReporter(context, asked);
  const view = await followIngestion(service.client, answer.ingestion_id, { clock, signal, reporter });
  if (!hasEnded(view)) {
    context.writeError(interruptedText(service, view.ingestion_id));
    return EXIT_INTERRUPTED;
  }
  if (!asked.isJson) context.write(renderEnd(view));
  return view.status === 'COMPLETED' ? EXIT_DONE : EXIT_NOT_COMPLETED;
}

function interruptedText({ isOwn, client }: OpenedService, ingestionId: string): string {
  return isOwn
    ? 'Stopping. What is acknowledged stays so; the same command, or `ackstream serve`, goes on from there.\n'
    : `The service at ${terminalText(client.url)} goes on. See \`ackstream status ${ingestionId}\`.\n`;
}
