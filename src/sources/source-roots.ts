import { lstat, readlink, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ServiceError } from '../errors.ts';
import type { IsClosed } from './closed-paths.ts';

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/** A folder below which files may be read: as it is set, and its real path. Those that do not exist hold nothing. */
export interface SourceRoot {
  readonly path: string;
  readonly realPath: string;
}

/** Folders as they lie now. */
export function sourceRoots(folders: readonly string[]): Promise<readonly SourceRoot[]> {
  return Promise.all(folders.map(async (path) => ({ path: resolve(path), realPath: await realPathOf(path) })));
}

/**
 * The real path of a file or folder, links resolved, if it lies inside of one of the roots or is one. Throws SOURCE_NOT_ALLOWED for everything outside; inside
 * SOURCE_NOT_FOUND or SOURCE_UNREADABLE.
 *
 * Nothing outside is looked at, so that neither the answer nor its time tells what is there. A link that leads out of the roots ends the search, even where what is behind
 * it would lead back; and what is closed is outside of every root.
 */
export async function resolveInsideRoots(
  path: string,
  roots: readonly SourceRoot[],
  isClosed: IsClosed,
): Promise<string> {
  // No file system call takes a path with a zero in it.
  if (path.includes('\0')) throw notAllowed(path);
  let { realPath, names } = enter(path, resolve(path), roots);
  for (let linksLeft = MAX_LINKS; names.length > 0; ) {
    const next = join(realPath, names.pop() as string);
    if (isClosed(next)) throw notAllowed(path);
    const target = await linkTarget(next, path);
    if (target === null) realPath = next;
    else if (linksLeft === 0) throw pathFailure(path, Object.assign(new Error('too many links'), { code: 'ELOOP' }));
    else {
      linksLeft -= 1;
      const entered = enter(path, resolve(realPath, target), roots);
      realPath = entered.realPath;
      names = [...names, ...entered.names];
    }
  }
  if (isClosed(realPath)) throw notAllowed(path);
  return realPath;
}

/** What the file system says of a path inside of the roots, as SOURCE_NOT_FOUND or SOURCE_UNREADABLE. */
export function pathFailure(path: string, cause: NodeJS.ErrnoException): ServiceError {
  const isMissing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' || cause.code === 'ENAMETOOLONG';
  return new ServiceError(isMissing ? 'SOURCE_NOT_FOUND' : 'SOURCE_UNREADABLE', { place: { file: path }, cause });
}

/** The real root that holds a path, and the names of the path below it, the last one first. Throws SOURCE_NOT_ALLOWED, about `asked`, where none does. */
function enter(asked: string, path: string, roots: readonly SourceRoot[]): { realPath: string; names: string[] } {
  for (const { path: rootPath, realPath } of roots) {
    const spelling = [realPath, rootPath].find((folder) => isInside(path, folder));
    if (spelling === undefined) continue;
    const names = relative(spelling, path).split(sep);
    return { realPath, names: names.filter((name) => name !== '').toReversed() };
  }
  throw notAllowed(asked);
}

/** Where a link leads; null: it is none. */
async function linkTarget(path: string, asked: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    throw pathFailure(asked, error as NodeJS.ErrnoException);
  }
}

/** A path with its links resolved; one that cannot be resolved as it stands, for it holds nothing that could be read. */
export async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return resolve(path);
  }
}

/** Whether a path is a folder or lies in it, by their names. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function notAllowed(path: string): ServiceError {
  return new ServiceError('SOURCE_NOT_ALLOWED', { place: { file: path } });
}
