import { lstat, readlink, realpath } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';
import { ServiceError } from '../errors.ts';

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/**
 * The real path of a file or folder, links resolved, if it lies inside of one of the roots or is one. Throws SOURCE_NOT_ALLOWED for everything outside, whether it
 * exists or not; inside SOURCE_NOT_FOUND or SOURCE_UNREADABLE.
 * @param roots folders; those that do not exist hold nothing
 */
export async function resolveInsideRoots(path: string, roots: readonly string[]): Promise<string> {
  // No file system call takes a path with a zero in it.
  if (path.includes('\0')) throw notAllowed(path);
  const { realPath, failure } = await followLinks(resolve(path));
  for (const root of roots) {
    if (!isInside(realPath, await realRoot(root))) continue;
    if (failure === null) return realPath;
    throw pathFailure(path, failure);
  }
  throw notAllowed(path);
}

/** What the file system says of a path inside of the roots, as SOURCE_NOT_FOUND or SOURCE_UNREADABLE. */
export function pathFailure(path: string, cause: NodeJS.ErrnoException): ServiceError {
  const isMissing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' || cause.code === 'ENAMETOOLONG';
  return new ServiceError(isMissing ? 'SOURCE_NOT_FOUND' : 'SOURCE_UNREADABLE', { place: { file: path }, cause });
}

/** As far as a path could be followed: its real path, or the one at which following it failed. */
interface FollowedPath {
  readonly realPath: string;
  readonly failure: NodeJS.ErrnoException | null;
}

/**
 * Resolves a path name by name. realpath does not say where it failed, and only that tells whether the failure lies inside of a root
 * and may be reported.
 */
async function followLinks(path: string): Promise<FollowedPath> {
  let realPath = parse(path).root;
  let names = namesBelow(realPath, path);
  let linksLeft = MAX_LINKS;
  while (names.length > 0) {
    const next = resolve(realPath, names.pop() as string);
    try {
      const target = (await lstat(next)).isSymbolicLink() ? resolve(realPath, await readlink(next)) : null;
      if (target === null) realPath = next;
      else if (linksLeft === 0)
        return { realPath: next, failure: Object.assign(new Error('too many links'), { code: 'ELOOP' }) };
      else {
        linksLeft -= 1;
        realPath = parse(target).root;
        names = [...names, ...namesBelow(realPath, target)];
      }
    } catch (error) {
      return { realPath: join(next, ...names.toReversed()), failure: error as NodeJS.ErrnoException };
    }
  }
  return { realPath, failure: null };
}

/** The names of a path below its root, the last one first. */
function namesBelow(root: string, path: string): string[] {
  return path.slice(root.length).split(sep).toReversed();
}

async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch {
    // A root that cannot be resolved holds nothing that could be read: the path below it is compared as it stands.
    return resolve(root);
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function notAllowed(path: string): ServiceError {
  return new ServiceError('SOURCE_NOT_ALLOWED', { place: { file: path } });
}
