import { STATUSES } from '../model/ingestion.ts';
import type { CommandSpec } from './command-spec.ts';

/** For what prints one document per line. */
export const JSON_OPTION = { flags: '--json', description: 'print one JSON document per line' } as const;
/** For what talks to a service. */
export const URL_OPTION = {
  flags: '--url <url>',
  description: 'the service to talk to; if left out, the one of the data directory, or at the configured address',
} as const;

const INGESTION_ARGUMENT = { name: 'ingestion', description: 'id, its beginning, or latest' } as const;
const EXITS_OF_LOOK = '0 shown; 2 wrong use or settings, or no such ingestion; 3 unreachable or locked';

const moveSpec = <const Name extends string>(name: Name, summary: string, description: string) =>
  ({
    summary,
    description,
    arguments: [INGESTION_ARGUMENT],
    options: [JSON_OPTION, URL_OPTION],
    examples: [{ line: `ackstream ${name} latest`, about: 'the newest one' }],
    exits:
      '0 done; 2 wrong use or settings, or no such ingestion; 3 unreachable, locked or busy; 4 its state does not allow it',
  }) as const;

/** The commands about ingestions that are on record. */
export const INGESTION_SPECS = {
  list: {
    summary: 'list ingestions',
    description:
      'Lists the newest 100 ingestions: of a running service, or where none answers as the data directory has them.',
    arguments: [],
    options: [
      { flags: '--status <status>', description: 'only those in this state', choices: STATUSES },
      JSON_OPTION,
      URL_OPTION,
    ],
    examples: [
      { line: 'ackstream list', about: 'all' },
      { line: 'ackstream list --status failed --json', about: 'those that failed, for programs' },
    ],
    exits: '0 listed; 2 wrong use or settings; 3 unreachable or locked',
  },
  status: {
    summary: 'show one ingestion',
    description:
      'Shows one ingestion: of a running service, or where none answers as the data directory has it. With --watch, how it gets on until its end.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--watch', description: 'follow it until it ends' }, JSON_OPTION, URL_OPTION],
    examples: [
      { line: 'ackstream status latest --watch', about: 'follow the newest one' },
      { line: 'ackstream status 9d0c4e', about: 'by the beginning of its id' },
    ],
    exits: `${EXITS_OF_LOOK}; with --watch 0 COMPLETED, 1 FAILED, PAUSED or CANCELLED, 130 interrupted`,
  },
  pause: moveSpec(
    'pause',
    'pause an ingestion',
    'Stops an ingestion after the chunk in flight; `resume` goes on from there. Where no service runs, that is put on record for the next one.',
  ),
  resume: moveSpec(
    'resume',
    'go on with an ingestion',
    'Goes on with an ingestion that is paused, failed or cancelled, from what was acknowledged. One that is completed says so to its receiver again. Where no service runs, the command delivers itself and waits for the end.',
  ),
  cancel: moveSpec(
    'cancel',
    'cancel an ingestion',
    'Ends an ingestion after the chunk in flight; what was delivered stays delivered. Where no service runs, that is put on record for the next one.',
  ),
  verify: {
    summary: 'compare what was delivered with its file',
    description:
      'Rebuilds every acknowledged chunk from the file and compares its checksum, and the chain over all, with what is on record. Nothing is sent or changed.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--json', description: 'print the result as one JSON document' }, URL_OPTION],
    examples: [{ line: 'ackstream verify latest', about: 'is the file still what was delivered?' }],
    exits:
      '0 all is as delivered; 1 something differs, or could not be compared; 2 wrong use or settings, or no such ingestion; 3 unreachable, locked or busy; 130 interrupted',
  },
  rejects: {
    summary: 'show the bad records of an ingestion',
    description:
      'Shows the first 100 bad records that an ingestion set aside, in the order of its source: of a running service, or where none answers as the data directory has them.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--json', description: 'print all of them, one JSON document per line' }, URL_OPTION],
    examples: [
      { line: 'ackstream rejects latest', about: 'the newest one' },
      { line: 'ackstream rejects latest --json', about: 'all of them, for programs' },
    ],
    exits: EXITS_OF_LOOK,
  },
} as const satisfies Record<string, CommandSpec>;
