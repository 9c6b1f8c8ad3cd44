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
const NO_SERVICE = 'no service answers, or the data directory is in use';
/** In help, of what asks for a delivery. */
export const NO_DELIVERY = 'no service answers, the data directory is in use, or too many ingestions wait';
const NO_READING = 'no service answers, the data directory is in use, or other files are being read back';
const EXITS_OF_LOOK = {
  0: 'shown',
  2: 'wrong use or settings, or no such ingestion',
  3: NO_SERVICE,
} as const;

const EXITS_OF_MOVE = {
  0: 'done',
  2: 'wrong use or settings, or no such ingestion',
  3: NO_SERVICE,
  4: 'its state does not allow it',
} as const;

const moveSpec = <const Name extends string>(name: Name, summary: string, description: string) =>
  ({
    summary,
    description,
    arguments: [INGESTION_ARGUMENT],
    options: [JSON_OPTION, URL_OPTION],
    examples: [{ line: `ackstream ${name} latest`, about: 'the newest one' }],
    exits: EXITS_OF_MOVE,
  }) as const;

/** The commands about ingestions that are on record. */
export const INGESTION_SPECS = {
  list: {
    summary: 'list ingestions',
    description:
      'Lists the newest 100 ingestions; all with --json or --ids. Asks the running service, or reads the data directory if none answers. Terminals show shortened ids, which every command accepts.',
    arguments: [],
    options: [
      { flags: '--status <status>', description: 'only those in this state', choices: STATUSES },
      { flags: '--ids', description: 'print nothing but their ids, one per line' },
      { flags: '--service-only', description: 'ask a running service or none: leave the data directory alone' },
      JSON_OPTION,
      URL_OPTION,
    ],
    examples: [
      { line: 'ackstream list', about: 'all' },
      { line: 'ackstream list --status failed --json', about: 'those that failed, for programs' },
      {
        line: 'ackstream list --status failed --ids | xargs -r -n 1 ackstream resume',
        about: 'go on with all of them',
      },
    ],
    exits: {
      0: 'listed',
      2: 'wrong use or settings',
      3: NO_SERVICE,
      130: 'with --json or --ids interrupted',
    },
  },
  status: {
    summary: 'show one ingestion',
    description:
      'Shows one ingestion: of a running service, or where none answers as the data directory has it; where attempts failed, the last of them with what the receiver answered. With --watch, how it gets on until its end.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--watch', description: 'follow it until it ends' }, JSON_OPTION, URL_OPTION],
    examples: [
      { line: 'ackstream status latest --watch', about: 'follow the newest one' },
      { line: 'ackstream status 9d0c4e', about: 'by the beginning of its id' },
    ],
    exits: {
      ...EXITS_OF_LOOK,
      0: 'shown; with --watch COMPLETED',
      1: 'with --watch FAILED, PAUSED or CANCELLED',
      130: 'with --watch interrupted',
    },
  },
  pause: moveSpec(
    'pause',
    'pause an ingestion',
    'Stops an ingestion after the chunk in flight; `resume` goes on from there. Where no service runs, that is put on record for the next one.',
  ),
  resume: {
    ...moveSpec(
      'resume',
      'go on with an ingestion',
      'Goes on with an ingestion that is paused, failed or cancelled, from what was acknowledged. One that is completed says so to its receiver again. Where no service runs, the command delivers itself and waits for the end.',
    ),
    exits: {
      ...EXITS_OF_MOVE,
      0: 'done; where it delivers itself COMPLETED',
      1: 'where it delivers itself: FAILED, PAUSED or CANCELLED',
      3: NO_DELIVERY,
      130: 'where it delivers itself: interrupted',
    },
  },
  cancel: moveSpec(
    'cancel',
    'cancel an ingestion',
    'Ends an ingestion after the chunk in flight; what was delivered stays delivered. Where no service runs, that is put on record for the next one.',
  ),
  delete: {
    summary: 'delete an ingestion that has ended',
    description:
      'Deletes the ledger, attempts, bad records and secrets of an ingestion that is COMPLETED, FAILED or CANCELLED. A mark stays so that the id is never reused: later requests are answered COMPLETED if the file was complete, and refused until --re-ingest if it was partial. Asks for confirmation.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--yes', description: 'do not ask' }, JSON_OPTION, URL_OPTION],
    examples: [{ line: 'ackstream delete 9d0c4e --yes', about: 'in a script, where nobody can be asked' }],
    exits: {
      0: 'deleted',
      1: 'the answer was no',
      2: 'wrong use or settings, or no such ingestion',
      3: NO_SERVICE,
      4: 'its state does not allow it',
      130: 'interrupted',
    },
  },
  verify: {
    summary: 'compare what was delivered with its file',
    description:
      'Rebuilds every acknowledged chunk from the file and compares its checksum, and the chain over all, with what is on record. Nothing is sent or changed.',
    arguments: [INGESTION_ARGUMENT],
    options: [{ flags: '--json', description: 'print the result as one JSON document' }, URL_OPTION],
    examples: [{ line: 'ackstream verify latest', about: 'is the file still what was delivered?' }],
    exits: {
      0: 'all is as delivered',
      1: 'something differs, or could not be compared',
      2: 'wrong use or settings, or no such ingestion',
      3: NO_READING,
      130: 'interrupted',
    },
  },
  chunks: {
    summary: 'show the chunks of an ingestion',
    description:
      'Shows 100 rows of the ledger: which records each chunk holds, its checksum, how often it was tried, and when it was acknowledged, or why not yet. Of a running service, or where none answers as the data directory has them.',
    arguments: [INGESTION_ARGUMENT],
    options: [
      { flags: '--from <n>', description: 'the chunk to begin with, 0 if left out' },
      { flags: '--json', description: 'print all from there on, with their last attempts, one JSON document per line' },
      URL_OPTION,
    ],
    examples: [
      { line: 'ackstream chunks latest', about: 'the newest one' },
      { line: 'ackstream chunks latest --from 100', about: 'the next hundred' },
      { line: 'ackstream chunks latest --json', about: 'all of them, for programs' },
    ],
    exits: { ...EXITS_OF_LOOK, 130: 'with --json interrupted' },
  },
  chunk: {
    summary: 'print the body of a chunk',
    description:
      'Prints the body of a chunk, rebuilt from the file and compared with its checksum on record: byte for byte as it was sent, or will be. On a terminal, characters that it would obey are shown as the escapes of JSON.',
    arguments: [INGESTION_ARGUMENT, { name: 'number', description: 'which chunk, from 0' }],
    options: [URL_OPTION],
    examples: [{ line: 'ackstream chunk latest 0 > chunk-0.json', about: 'what the receiver got first' }],
    exits: {
      0: 'printed',
      2: 'wrong use or settings, no such ingestion or chunk, or the file is gone',
      3: NO_READING,
      4: 'the file is not what was delivered',
      130: 'interrupted',
    },
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
    exits: { ...EXITS_OF_LOOK, 130: 'with --json interrupted' },
  },
  circuits: {
    summary: 'show which receivers are left alone',
    description:
      'Shows the origins of callbacks that failed so often that a running service sends nothing there before the next probe. Circuits that are closed are not shown.',
    arguments: [],
    options: [JSON_OPTION, URL_OPTION],
    examples: [{ line: 'ackstream circuits', about: 'who is away?' }],
    exits: { 0: 'shown', 2: 'wrong use or settings', 3: NO_SERVICE },
  },
} as const satisfies Record<string, CommandSpec>;
