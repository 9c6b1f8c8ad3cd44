import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ServiceError } from '../errors.ts';
import type { FileType, SourceFingerprint } from '../model/ingestion.ts';
import { closedPaths } from './closed-paths.ts';
import { compareStat } from './compare-fingerprints.ts';
import { describeNamesOfType, hasNameOfType } from './expand-file-type.ts';
import { type FileFilter, listFiles } from './expand-folder.ts';
import { compilePattern, splitPattern } from './expand-pattern.ts';
import { openFileSource, statOf } from './file-source.ts';
import type { PinnedFile, Source, SourceSet } from './source.ts';
import { pathFailure, resolveInsideRoots, sourceRoots } from './source-roots.ts';

/** How much of each end a fingerprint covers. */
const DIGEST_BYTES = 64 * 1024;
/** How many files are looked at at the same time: as many as keep the disk busy, few against the handles that a process may have. */
const FILES_AT_ONCE = 16;

/** A file as it was found, with its own fingerprint. */
interface FoundFile {
  readonly file: PinnedFile;
  readonly fingerprint: SourceFingerprint;
}

/** Where files may be read. */
export interface FeedPlaces {
  /** Folders. */
  readonly roots: readonly string[];
  /** Files and folders that are the service's own ({@link closedPaths}); by default none. */
  readonly ownPaths?: readonly string[];
}

/** Where files are looked for. */
interface FoundPlace {
  /** Of a file or folder, inside of the roots. */
  readonly realPath: string;
  /** What to look for in that folder; undefined: the path itself is meant. */
  readonly pattern: string | undefined;
}

/**
 * The files that a path means, in the order in which they are read: a regular file; of a folder all with a name of the type, in it and in the folders below; of
 * a pattern ({@link compilePattern}) those that it takes, and where it ends with `*` of these those with a name of the type. Sorted by the bytes of their paths; none whose
 * name or folder begins with a dot, and no links. A file or folder that bears the name of a pattern comes before what the pattern takes.
 *
 * Throws SOURCE_NOT_ALLOWED where the file or the folder to be listed is outside of the roots or closed, whether it exists or not; SOURCE_NOT_FOUND, SOURCE_NOT_A_FILE,
 * SOURCE_UNREADABLE, SOURCE_SET_TOO_LARGE; SOURCE_CHANGED where a folder became a link meanwhile; REQUEST_INVALID for a pattern that stands for too many.
 * @param filePath absolute
 */
export async function openSourceSet(
  filePath: string,
  { roots, ownPaths = [], fileType }: FeedPlaces & { readonly fileType: FileType },
): Promise<SourceSet> {
  const [isClosed, places] = await Promise.all([closedPaths(ownPaths), sourceRoots(roots)]);
  const { realPath, pattern } = await findPlace(filePath, (path) => resolveInsideRoots(path, places, isClosed));
  const single = pattern === undefined ? await pinUnlessFolder(realPath) : null;
  if (single !== null) return { files: [single.file], fingerprint: single.fingerprint };
  const names = await listFiles(realPath, { ...filterOf(pattern, fileType), isClosed });
  if (names.length === 0) throw nothingFound(filePath, pattern, fileType);
  const found = await mapInGroups(names, (name) => pinFile(join(realPath, name)));
  const fingerprint = fingerprintOfAll(
    names,
    found.map((one) => one.fingerprint),
  );
  return { files: found.map(({ file }) => file), fingerprint };
}

/**
 * Whether the files at these paths still are those that were pinned, by size, times and inode; one that cannot be looked at is not.
 * @param fileIndex which of them; null: all
 */
export async function isUntouched(set: SourceSet, fileIndex: number | null): Promise<boolean> {
  const files = fileIndex === null ? set.files : set.files.slice(fileIndex, fileIndex + 1);
  return (await mapInGroups(files, isFileUntouched)).every(Boolean);
}

async function isFileUntouched({ path, stat: pinned }: PinnedFile): Promise<boolean> {
  try {
    return compareStat(pinned, statOf(await lstat(path, { bigint: true }))) === 'same';
  } catch {
    // Gone, or its folder may no longer be entered: not what it was. Who opens it is told why.
    return false;
  }
}

async function findPlace(filePath: string, resolveInside: (path: string) => Promise<string>): Promise<FoundPlace> {
  const parts = splitPattern(resolve(filePath));
  try {
    return { realPath: await resolveInside(filePath), pattern: undefined };
  } catch (error) {
    if (parts === undefined || !(error instanceof ServiceError) || error.code !== 'SOURCE_NOT_FOUND') throw error;
    return { realPath: await resolveInside(parts.folder), pattern: parts.pattern };
  }
}

/** A file; null: the path is a folder's. Nearly all are files, so that is tried first. */
async function pinUnlessFolder(path: string): Promise<FoundFile | null> {
  try {
    return await pinFile(path);
  } catch (error) {
    const isNoFile = error instanceof ServiceError && error.code === 'SOURCE_NOT_A_FILE';
    if (isNoFile && (await isFolder(path))) return null;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    throw pathFailure(path, error as NodeJS.ErrnoException);
  }
}

function filterOf(pattern: string | undefined, fileType: FileType): Omit<FileFilter, 'isClosed'> {
  const isOfType = (path: string) => hasNameOfType(path, fileType);
  if (pattern === undefined) return { matches: isOfType, maxNames: Number.POSITIVE_INFINITY };
  const { matches, maxNames } = compilePattern(pattern);
  return pattern.endsWith('*')
    ? { matches: (path) => isOfType(path) && matches(path), maxNames }
    : { matches, maxNames };
}

function nothingFound(filePath: string, pattern: string | undefined, fileType: FileType): ServiceError {
  const names = describeNamesOfType(fileType);
  const hint = 'For files of another type send `file_type` (`--type`).';
  let detail = 'No file matches the pattern.';
  if (pattern === undefined) detail = `The folder holds no file with a name such as ${names}. ${hint}`;
  else if (pattern.endsWith('*')) detail = `No file with a name such as ${names} matches the pattern. ${hint}`;
  return new ServiceError('SOURCE_NOT_FOUND', { detail, place: { file: filePath } });
}

async function pinFile(path: string): Promise<FoundFile> {
  const { source, stat: found } = await openFileSource(path);
  try {
    const digestBytes = Math.min(DIGEST_BYTES, found.size);
    const [headDigest, tailDigest] = await Promise.all([
      digestAt(source, 0, digestBytes),
      digestAt(source, found.size - digestBytes, digestBytes),
    ]);
    return { file: { path, stat: found }, fingerprint: { ...found, headDigest, tailDigest } };
  } finally {
    await source.close();
  }
}

async function digestAt(source: Source, offset: number, byteCount: number): Promise<string> {
  return createHash('sha256')
    .update(await source.readAt(offset, byteCount))
    .digest('hex');
}

/** Other files, other names, another order: another digest of each member that tells anything. */
function fingerprintOfAll(names: readonly string[], fingerprints: readonly SourceFingerprint[]): SourceFingerprint {
  const digestOf = (member: Exclude<keyof SourceFingerprint, 'fileCount' | 'size'>): string => {
    const hash = createHash('sha256');
    for (const [index, fingerprint] of fingerprints.entries())
      hash.update(`${names[index] as string}\0${fingerprint[member]}\0`);
    return hash.digest('hex');
  };
  return {
    fileCount: names.length,
    size: fingerprints.reduce((sum, { size }) => sum + size, 0),
    mtimeNs: digestOf('mtimeNs'),
    ctimeNs: digestOf('ctimeNs'),
    inode: digestOf('inode'),
    headDigest: digestOf('headDigest'),
    tailDigest: digestOf('tailDigest'),
  };
}

/** The results in order; no more than {@link FILES_AT_ONCE} are under way. */
async function mapInGroups<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += FILES_AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + FILES_AT_ONCE).map(map))));
  return results;
}
