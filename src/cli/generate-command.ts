import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  FEED_COMPRESSIONS,
  FEED_FORMATS,
  type FeedListener,
  type GeneratedFeed,
  writeFeed,
} from '../generate/write-feed.ts';
import { type Command, type CommandContext, EXIT_DONE, EXIT_INTERRUPTED } from './command.ts';
import { commandInvalid, parseArguments, wholeNumber } from './parse-arguments.ts';
import { formatCount } from './render-progress.ts';
import { terminalText } from './terminal-text.ts';

const usage = `usage: ackstream generate --format <f> --records <n> [options]

Writes a feed of made-up products, to try things with: nested, about 1.2 KB each as JSON, with umlauts, decimals, ids of 18 digits, empty values and
texts that are easily mangled. The same seed makes the same products in every format.

  --format <f>       ${FEED_FORMATS.join(', ')} (required)
  --records <n>      how many products (required)
  --seed <n>         which products; 1 if left out
  --out <file>       where to; - or left out: standard output
  --compress <c>     ${FEED_COMPRESSIONS.join(' or ')}
  --force            write over a file that exists
  --json             print what was written as one JSON document (to standard error where the feed goes to standard output)
  --help             print this

What was written when it fails or is interrupted is removed.
Exit codes: 0 written, 1 could not be written, 2 wrong use, 130 interrupted.
`;

const options = {
  format: { type: 'string' },
  records: { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  compress: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const DEFAULT_SEED = 1;
const PROGRESS_INTERVAL_MS = 200;
/** To the begin of the line, and everything behind erased (ECMA-48 CR, EL). */
const ERASE_LINE = '\r\x1b[2K';

/** What the command line asks for. */
interface GenerateArguments {
  readonly feed: GeneratedFeed;
  /** Absolute; null: standard output. */
  readonly path: string | null;
  readonly isForced: boolean;
  readonly isJson: boolean;
}

/** `ackstream generate`. */
export const generateCommand: Command = {
  usage,
  async run(args, context) {
    const { feed, path, isForced, isJson } = readArguments(args, context.cwd);
    const progress = reportProgress(feed, context);
    try {
      const listener = { signal: context.signal, ...progress.listener };
      const bytes =
        path === null
          ? await writeFeed(feed, context.standardOutput, listener)
          : await writeFile(feed, { path, isForced }, listener);
      progress.end();
      const { format, recordCount: records, seed } = feed;
      const tell = path === null ? context.writeError : context.write;
      if (isJson) tell(`${JSON.stringify({ path, format, records, seed, bytes })}\n`);
      else if (path !== null)
        tell(`${formatCount(records)} records, ${formatCount(bytes)} bytes: ${terminalText(path)}\n`);
      return EXIT_DONE;
    } catch (error) {
      progress.end();
      if (!context.signal.aborted) throw error;
      return EXIT_INTERRUPTED;
    }
  },
};

function readArguments(args: readonly string[], cwd: string): GenerateArguments {
  const { values } = parseArguments(args, { options, positionals: [] });
  const recordCount = wholeNumber('--records', values.records);
  if (recordCount === undefined) throw commandInvalid('--records is missing');
  if (values.format === undefined) throw commandInvalid('--format is missing');
  const feed = {
    format: oneOf('--format', FEED_FORMATS, values.format),
    recordCount,
    seed: wholeNumber('--seed', values.seed) ?? DEFAULT_SEED,
    compression: values.compress === undefined ? null : oneOf('--compress', FEED_COMPRESSIONS, values.compress),
  };
  const path = values.out === undefined || values.out === '-' ? null : resolve(cwd, values.out);
  return { feed, path, isForced: values.force === true, isJson: values.json === true };
}

function oneOf<Name extends string>(flag: string, names: readonly Name[], text: string): Name {
  const name = names.find((candidate) => candidate === text);
  if (name === undefined) throw commandInvalid(`${flag} must be one of ${names.join(', ')}`);
  return name;
}

/** Writes a file, which is removed where that fails. */
async function writeFile(
  feed: GeneratedFeed,
  { path, isForced }: { readonly path: string; readonly isForced: boolean },
  listener: FeedListener,
): Promise<number> {
  const file = await openForWriting(path, isForced);
  const isRegular = (await file.stat()).isFile();
  try {
    return await writeFeed(feed, createWriteStream(path, { fd: file }), listener);
  } catch (error) {
    // A device or a pipe is not of our making.
    if (isRegular) await rm(path, { force: true });
    throw error;
  }
}

async function openForWriting(path: string, isForced: boolean): Promise<FileHandle> {
  try {
    return await open(path, isForced ? 'w' : 'wx');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw commandInvalid(`${path} exists; --force writes over it`, error);
    throw commandInvalid(`${path} cannot be written: ${message}`, error);
  }
}

/** A line on a terminal that is written over as the feed grows; elsewhere nothing. */
function reportProgress(
  { recordCount }: GeneratedFeed,
  { isErrorTerminal, writeError, clock }: CommandContext,
): { readonly listener: Pick<FeedListener, 'onProduct'>; end(): void } {
  if (!isErrorTerminal) return { listener: {}, end() {} };
  let shownAt = clock.now();
  let isShown = false;
  return {
    listener: {
      onProduct(writtenCount) {
        const now = clock.now();
        if (now - shownAt < PROGRESS_INTERVAL_MS) return;
        shownAt = now;
        isShown = true;
        writeError(`${ERASE_LINE}${formatCount(writtenCount)} of ${formatCount(recordCount)} records`);
      },
    },
    end() {
      if (isShown) writeError(ERASE_LINE);
    },
  };
}
