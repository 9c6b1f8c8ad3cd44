import { type FileHandle, readlink } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';

/** What Linux lets a descriptor be called by; it leads to what was opened, whatever became of the path. */
export function descriptorPath(file: FileHandle): string {
  return `/proc/self/fd/${file.fd}`;
}

/**
 * Throws SOURCE_CHANGED unless what was opened is what bears this real path now: a folder on the way may have become a link since it was resolved. Where the system
 * does not say what was opened, which is everywhere but on Linux, nothing is known.
 */
export async function refuseOtherPath(file: FileHandle, path: string): Promise<void> {
  const openedPath = await readlink(descriptorPath(file)).catch((error: NodeJS.ErrnoException) =>
    // Any other failure than that there is no such thing, such as a path too long to be told, is that of another file.
    error.code === 'ENOENT' ? path : null,
  );
  if (openedPath !== path) throw becameAnother(path);
}

/** The error of a path that is not what it was when it was resolved. */
export function becameAnother(path: string, cause?: unknown): ServiceError {
  return new ServiceError('SOURCE_CHANGED', {
    detail: 'The path became another while it was opened: the file was replaced, or a folder on the way became a link.',
    place: { file: path },
    ...(cause === undefined ? {} : { cause }),
  });
}
