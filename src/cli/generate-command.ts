import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ServiceError } from '../errors.ts';
import { type FeedListener, type GeneratedFeed, writeFeed } from '../generate/write-feed.ts';
import { type CommandContext, EXIT_DONE, EXIT_INTERRUPTED, type RunCommand } from './command.ts';
import type { CommandValues } from './command-table.ts';
import { formatCount } from './format-count.ts';
import { jsonLine } from './json-line.ts';
import { commandInvalid } from './option-values.ts';
import { progressLineFor } from './progress-line.ts';
import { terminalText } from './terminal-text.ts';

const DEFAULT_SEED = 1;
const PROGRESS_INTERVAL_MS = 200;

/** What the command line asks for. */
interface GenerateArguments {
  readonly feed: GeneratedFeed;
  /** Absolute; null: standard output. */
  readonly path: string | null;
  readonly isForced: boolean;
  readonly isJson: boolean;
}

/** `ackstream generate`. */
export const runGenerate: RunCommand<'generate'> = async (values, context) => {
  const { feed, path, isForced, isJson } = readValues(values, context.cwd);
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
    if (isJson) tell(jsonLine({ path, format, records, seed, bytes }));
    else if (path !== null)
      tell(`${formatCount(records)} records, ${formatCount(bytes)} bytes: ${terminalText(path)}\n`);
    return EXIT_DONE;
  } catch (error) {
    progress.end();
    if (!context.signal.aborted) throw error;
    return EXIT_INTERRUPTED;
  }
};

function readValues(values: CommandValues<'generate'>, cwd: string): GenerateArguments {
  const feed = {
    format: values.format,
    recordCount: values.records,
    seed: values.seed ?? DEFAULT_SEED,
    compression: values.compress ?? null,
  };
  const path = values.out === undefined || values.out === '-' ? null : resolve(cwd, values.out);
  return { feed, path, isForced: values.force === true, isJson: values.json === true };
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
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unwritable(path, error);
  }
}

async function openForWriting(path: string, isForced: boolean): Promise<FileHandle> {
  try {
    return await open(path, isForced ? 'w' : 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw commandInvalid(`${path} exists; --force writes over it`, error);
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): ServiceError {
  return new ServiceError('OUTPUT_UNWRITABLE', {
    detail: `${path} cannot be written: ${(cause as Error).message}.`,
    cause,
  });
}

/** A line on a terminal that is written over as the feed grows; elsewhere nothing. */
function reportProgress(
  { recordCount }: GeneratedFeed,
  context: CommandContext,
): { readonly listener: Pick<FeedListener, 'onProduct'>; end(): void } {
  const { clock } = context;
  const line = progressLineFor(context);
  if (line === null) return { listener: {}, end() {} };
  let shownAt = clock.now();
  return {
    listener: {
      onProduct(writtenCount) {
        const now = clock.now();
        if (now - shownAt < PROGRESS_INTERVAL_MS) return;
        shownAt = now;
        line.show(`${formatCount(writtenCount)} of ${formatCount(recordCount)} records`);
      },
    },
    end: () => line.erase(),
  };
}
