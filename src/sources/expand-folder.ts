import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import type { IsClosed } from './closed-paths.ts';
import { descriptorPath, refuseOtherPath } from './opened-path.ts';
import { pathFailure } from './source-roots.ts';

/** Most files of one ingestion: all of them are opened before anything is read, and again at every leg. */
const MAX_FILES = 10_000;
/** How many entries of folders are looked at, and how deep: more is no feed but somebody's disk. */
const MAX_ENTRIES = 1_000_000;
const MAX_DEPTH = 64;
/** By Node's 32, listing costs several times as much. */
const BUFFERED_ENTRIES = 1024;
/** How many are looked at before other work of the process has its turn: a pattern can take a third of a millisecond for each. */
const ENTRIES_AT_A_STRETCH = 64;

/** Which files of a folder are looked for. */
export interface FileFilter {
  /** @param path relative to the folder, divided by `/` */
  readonly matches: (path: string) => boolean;
  /** How many names a path has at most, 1 being a file of the folder itself. */
  readonly maxNames: number;
  /** What is passed over. */
  readonly isClosed: IsClosed;
}

/**
 * The paths, relative to a folder and sorted by their bytes, of its regular files and those of the folders in it; nothing whose name begins with a dot, no
 * links, nothing that is closed. Throws SOURCE_SET_TOO_LARGE beyond 10 000 files, a million entries or 64 folders in each other; SOURCE_NOT_FOUND, SOURCE_UNREADABLE where a
 * folder cannot be listed or a name is not UTF-8: what cannot be looked at is not passed over.
 * @param folder its real path
 */
export async function listFiles(folder: string, filter: FileFilter): Promise<readonly string[]> {
  const paths: string[] = [];
  const prefixes = [''];
  let entryCount = 0;
  for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
    const nameCount = prefix.split('/').length;
    for await (const entry of entriesOf(resolve(folder, prefix))) {
      entryCount += 1;
      if (entryCount % ENTRIES_AT_A_STRETCH === 0) await setImmediate();
      if (entryCount > MAX_ENTRIES)
        throw tooLarge(folder, `There are more than ${MAX_ENTRIES} files and folders in it.`);
      const path = prefix + entry.name;
      if (!isTaken(entry, path, nameCount, filter) || filter.isClosed(join(folder, path))) continue;
      refuseUnnameable(folder, path);
      if (entry.isFile()) paths.push(path);
      else if (nameCount === MAX_DEPTH) throw tooLarge(folder, `Its folders are nested deeper than ${MAX_DEPTH}.`);
      else prefixes.push(`${path}/`);
      if (paths.length > MAX_FILES) throw tooLarge(folder, `More than ${MAX_FILES} files are meant.`);
    }
  }
  return paths
    .map((path) => Buffer.from(path))
    .toSorted(Buffer.compare)
    .map(String);
}

/** Sockets, devices and FIFOs are neither. */
function isTaken(entry: Dirent, path: string, nameCount: number, { matches, maxNames }: FileFilter): boolean {
  if (entry.name.startsWith('.')) return false;
  return entry.isDirectory() ? nameCount < maxNames : entry.isFile() && matches(path);
}

/** Node decodes names, and by one that is not UTF-8 nothing can be opened. */
function refuseUnnameable(folder: string, path: string): void {
  if (!path.includes('\ufffd')) return;
  throw new ServiceError('SOURCE_UNREADABLE', {
    detail: 'The name of a file or folder is not UTF-8.',
    place: { file: join(folder, path) },
  });
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  const opened = process.platform === 'linux' ? await openFolder(folder) : null;
  try {
    const path = opened === null ? folder : descriptorPath(opened);
    yield* await opendir(path, { bufferSize: BUFFERED_ENTRIES });
  } catch (error) {
    throw pathFailure(folder, error as NodeJS.ErrnoException);
  } finally {
    await opened?.close();
  }
}

/** A folder, held by its descriptor so that the one that was looked at is the one that is listed. Throws SOURCE_CHANGED where it became a link. */
async function openFolder(folder: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(folder, flags).catch((error: NodeJS.ErrnoException) => {
    throw pathFailure(folder, error);
  });
  try {
    await refuseOtherPath(file, folder);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function tooLarge(folder: string, detail: string): ServiceError {
  return new ServiceError('SOURCE_SET_TOO_LARGE', { detail, place: { file: folder } });
}
