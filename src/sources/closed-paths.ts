import { isKernelPath } from './kernel-files.ts';
import { isInside, realPathOf } from './source-roots.ts';

/** Whether nothing is read at a real path, nor below it. */
export type IsClosed = (path: string) => boolean;

/** Most others take `DATA` for `data`; where that is not so, too much is closed, which does no harm. */
const TELLS_CAPITALS_APART = process.platform === 'linux';

/**
 * Closed, wherever the roots are, is what the kernel shows as files, and what is the service's own. By default its state and logs lie among the feeds: keys, digests of tokens and what others
 * deliver must not be delivered. Opening alone does harm there: a process that closes any descriptor of a file loses the locks by which SQLite keeps others out of it (POSIX, `fcntl`).
 * @param ownPaths files and folders, links in them followed; they need not exist
 */
export async function closedPaths(ownPaths: readonly string[]): Promise<IsClosed> {
  const closed = await Promise.all(ownPaths.map(async (path) => folded(await realPathOf(path))));
  return (path) => isKernelPath(path) || closed.some((own) => isInside(folded(path), own));
}

function folded(path: string): string {
  return TELLS_CAPITALS_APART ? path : path.normalize().toLowerCase();
}
