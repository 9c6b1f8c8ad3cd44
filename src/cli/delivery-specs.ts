import type { CommandSpec } from './command-spec.ts';
import { JSON_OPTION, NO_DELIVERY, URL_OPTION } from './ingestion-specs.ts';

const FEED_ARGUMENT = {
  name: 'file',
  description: 'a file, a folder, or a pattern in quotes such as "feeds/*.csv"',
} as const;

const FEED_OPTIONS = [
  {
    flags: '--type <type>',
    field: 'file_type',
    description: "json, ndjson, csv, tsv, excel or xml; if left out, by the file's name, else json",
  },
  {
    flags: '--record-path <path>',
    field: 'record_path',
    description:
      'where the records are, such as products.items (JSON) or catalog/product (XML); if left out, it is found',
  },
  {
    flags: '--encoding <encoding>',
    field: 'format.encoding',
    description: 'encoding of the text, such as windows-1252; if left out, what the file says, else UTF-8',
  },
  {
    flags: '--delimiter <character>',
    field: 'format.delimiter',
    description: 'what is between the cells of CSV, \\t for a tab; if left out, it is found',
  },
  {
    flags: '--sheet <sheet>',
    field: 'format.sheet',
    description: 'name of an Excel sheet, its index from 0, or * for all; if left out, the active one',
  },
  {
    flags: '--format <json>',
    field: 'format',
    description: 'these and the other options of the file type, such as \'{"header": false}\'',
  },
] as const;

const CHUNK_OPTIONS = [
  { flags: '--chunk-records <n>', field: 'chunk_size_by_records', description: 'most records of a chunk' },
  {
    flags: '--chunk-bytes <n>',
    field: 'chunk_size_by_memory',
    description: "most bytes of a chunk's records; with neither bound, 1,000 records and 4 MiB",
  },
] as const;

const REQUEST_OPTION = {
  flags: '--request <file>',
  description:
    'a JSON file with members of POST /api/ingest, - for standard input: callback_headers, callback_secret, status_url, retry, number_form and all others; what the command line says takes their place',
} as const;

const EXITS_OF_RE_INGESTION = {
  0: 'COMPLETED (with --no-wait: accepted)',
  1: 'FAILED, PAUSED or CANCELLED',
  2: 'wrong use or settings',
  3: NO_DELIVERY,
  130: 'interrupted',
} as const;
const EXITS_OF_DELIVERY = { ...EXITS_OF_RE_INGESTION, 4: 'conflict with an earlier request' } as const;

const NO_WAIT_OPTION = { flags: '--no-wait', description: 'end as soon as the service has accepted it' } as const;

/** The commands that make, look at and deliver feeds. */
export const DELIVERY_SPECS = {
  ingest: {
    summary: 'deliver a file',
    description:
      'Delivers a file, or the files of a folder or pattern, and waits for the end. Talks to a running service; where none answers and the data directory is free, it delivers this itself. With a service, Ctrl-C only stops watching. Without one it stops the delivery; the same command continues it later.',
    arguments: [FEED_ARGUMENT],
    options: [
      {
        flags: '--callback <url>',
        field: 'callback_url',
        description: 'where the chunks are posted (required, here or in --request)',
      },
      ...FEED_OPTIONS,
      {
        flags: '--on-bad-record <what>',
        field: 'on_bad_record',
        description: 'fail (if left out), or quarantine: set it aside and go on',
        choices: ['fail', 'quarantine'],
      },
      {
        flags: '--max-bad-records <count>',
        field: 'max_bad_records',
        description: 'how many are set aside before it fails, or their share such as 1%; if left out, any number',
      },
      ...CHUNK_OPTIONS,
      REQUEST_OPTION,
      { flags: '--re-ingest', field: 're_ingestion', description: 'deliver the file anew, from its start' },
      NO_WAIT_OPTION,
      JSON_OPTION,
      URL_OPTION,
    ],
    examples: [
      {
        line: 'ackstream ingest products.json --callback http://127.0.0.1:9000/callback',
        about: 'deliver a file and watch it',
      },
      {
        line: 'ackstream ingest "feeds/*.csv" --callback https://shop.example/feed --on-bad-record quarantine --no-wait',
        about: 'hand many over to the service, bad rows set aside',
      },
      {
        line: 'ackstream ingest products.json --callback https://shop.example/feed --request delivery.json',
        about: 'headers, a secret, a status_url and the like from a file that only its owner may read',
      },
    ],
    exits: EXITS_OF_DELIVERY,
  },
  're-ingest': {
    summary: 'deliver the file of an ingestion anew',
    description:
      'Delivers the file of an ingestion anew, from its start, with the settings of that ingestion. Callback headers and secrets cannot be read back: give them anew in --request. Without that, an ingestion that had headers is refused, and signatures are made with ACKSTREAM_CALLBACK_SECRET.',
    arguments: [{ name: 'ingestion', description: 'id, its beginning, or latest' }],
    options: [
      {
        ...REQUEST_OPTION,
        description: 'a JSON file with members of POST /api/ingest to be other than they were, - for standard input',
      },
      NO_WAIT_OPTION,
      JSON_OPTION,
      URL_OPTION,
    ],
    examples: [
      { line: 'ackstream re-ingest latest', about: 'the newest one again' },
      {
        line: 'ackstream re-ingest latest --request delivery.json',
        about: 'with the headers and the secret that cannot be read back',
      },
    ],
    exits: EXITS_OF_RE_INGESTION,
  },
  preview: {
    summary: 'look at a file as it would be delivered',
    description:
      'Looks at a file, or the files of a folder or pattern, as it would be delivered, and delivers nothing: where its records are, the first of them, their fields, and what is bad. Reads in this process, needs no service, and may read what its user may.',
    arguments: [FEED_ARGUMENT],
    options: [
      ...FEED_OPTIONS,
      { flags: '--records <n>', field: 'records', description: 'how many records to show, 3 if left out' },
      { flags: '--full', field: 'full', description: 'read to the end: count records, bytes, chunks and bad records' },
      ...CHUNK_OPTIONS,
      { flags: '--json', description: 'print one JSON document, as POST /api/preview gives it' },
    ],
    examples: [
      { line: 'ackstream preview products.json', about: 'fields and first records' },
      {
        line: 'ackstream preview products.csv --full --chunk-records 500',
        about: 'all of it: how many chunks, what is bad',
      },
    ],
    exits: { 0: 'done', 1: 'the file cannot be read as its type', 2: 'wrong use or settings', 130: 'interrupted' },
  },
  generate: {
    summary: 'write a feed of products to try things with',
    description:
      'Writes a feed of made-up products: nested, about 1.2 KB each as JSON, with umlauts, decimals, ids of 18 digits, empty values and texts that are easily mangled. The same seed makes the same products in every format. What was written when it fails or is interrupted is removed.',
    arguments: [],
    options: [
      {
        flags: '--format <format>',
        description: 'format of the feed',
        choices: ['json', 'ndjson', 'csv', 'tsv', 'excel', 'xml'],
        isRequired: true,
      },
      { flags: '--records <n>', description: 'how many products', isRequired: true },
      { flags: '--seed <n>', description: 'which products; 1 if left out' },
      { flags: '--out <file>', description: 'where to; - or left out: standard output' },
      { flags: '--compress <how>', description: 'compress it', choices: ['gz', 'zst'] },
      { flags: '--force', description: 'write over a file that exists' },
      {
        flags: '--json',
        description:
          'print what was written as one JSON document (to standard error where the feed goes to standard output)',
      },
    ],
    examples: [
      { line: 'ackstream generate --format json --records 10000 --out products.json', about: 'a file' },
      { line: 'ackstream generate --format csv --records 5', about: 'a look at one' },
    ],
    exits: { 0: 'written', 1: 'could not be written', 2: 'wrong use', 130: 'interrupted' },
  },
} as const satisfies Record<string, CommandSpec>;
