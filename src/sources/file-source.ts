import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';
import { compareStat } from './compare-fingerprints.ts';
import { refuseKernelFile } from './kernel-files.ts';
import { becameAnother, refuseOtherPath } from './opened-path.ts';
import type { PinnedFile, Source, SourceStat } from './source.ts';
import { pathFailure } from './source-roots.ts';

/** Large enough that the calls do not count, small enough that a batch of records stays small. */
const BLOCK_BYTES = 256 * 1024;

/** Windows has neither. Without O_NONBLOCK the open of a FIFO waits for its writer, and four of these stop all file access of the process. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** A file that was opened, and what it is at that moment. */
export interface OpenedFile {
  readonly source: Source;
  readonly stat: SourceStat;
}

/** Which file of an ingestion it is. */
export interface FilePlace {
  /** From 0. */
  readonly fileIndex: number;
  /** Bytes of the files before it. */
  readonly bytesBefore: number;
}

/**
 * Opens a regular file by its real path, which the caller has found inside of the roots. A FIFO or device is not opened, because for some opening does something already; and
 * what was opened is looked at once more by its descriptor, because anything may have taken its place since. Throws SOURCE_NOT_FOUND, SOURCE_NOT_A_FILE, SOURCE_UNREADABLE,
 * SOURCE_CHANGED where the path became another, SOURCE_NOT_ALLOWED for what the kernel makes up.
 */
export async function openFileSource(
  path: string,
  place: FilePlace = { fileIndex: 0, bytesBefore: 0 },
): Promise<OpenedFile> {
  const found = await findFile(path);
  const file = await openFile(path);
  try {
    // At once: whoever asks for a delivery waits for them, each a turn of a busy event loop.
    const [stats] = await Promise.all([
      file.stat({ bigint: true }),
      refuseOtherPath(file, path),
      refuseKernelFile(file, path),
    ]);
    if (!stats.isFile()) throw notAFile(path);
    if (stats.dev !== found.dev || stats.ino !== found.ino) throw becameAnother(path);
    const stat = statOf(stats);
    return { source: new FileSource(file, { ...place, name: path, size: stat.size }), stat };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What of a file's state is recorded. */
export function statOf(stats: BigIntStats): SourceStat {
  return {
    size: Number(stats.size),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
    inode: `${stats.dev}:${stats.ino}`,
  };
}

/** Opens the very file that was pinned. Throws SOURCE_CHANGED where it is no longer that, and as {@link openFileSource}. */
export async function openPinnedFile({ path, stat: pinned }: PinnedFile, place: FilePlace): Promise<Source> {
  const { source, stat } = await openFileSource(path, place);
  if (compareStat(pinned, stat) === 'same') return source;
  await source.close();
  throw new ServiceError('SOURCE_CHANGED', { place: { file: path } });
}

async function findFile(path: string): Promise<BigIntStats> {
  const stats = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    throw pathFailure(path, error);
  });
  if (stats.isSymbolicLink()) throw becameAnother(path);
  if (!stats.isFile()) throw notAFile(path);
  return stats;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS);
  } catch (cause) {
    const failure = cause as NodeJS.ErrnoException;
    // What O_NOFOLLOW answers to a link.
    if (failure.code === 'ELOOP') throw becameAnother(path, cause);
    // What a socket and a device without a driver answer.
    if (failure.code === 'ENXIO' || failure.code === 'ENODEV') throw notAFile(path);
    throw pathFailure(path, failure);
  }
}

function notAFile(path: string): ServiceError {
  return new ServiceError('SOURCE_NOT_A_FILE', { place: { file: path } });
}

/** A file that is open; closing the source closes it. */
export class FileSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly fileIndex: number;
  readonly #file: FileHandle;
  readonly #bytesBefore: number;

  constructor(file: FileHandle, of: FilePlace & Pick<Source, 'name' | 'size'>) {
    this.name = of.name;
    this.size = of.size;
    this.fileIndex = of.fileIndex;
    this.#file = file;
    this.#bytesBefore = of.bytesBefore;
  }

  seekPointAt(): null {
    return null;
  }

  sourceBytesAt(offset: number): number {
    return this.#bytesBefore + offset;
  }

  async *open(offset: number): AsyncGenerator<Uint8Array> {
    // One block is read ahead, so that the disk works while the block before it is. Two buffers take turns.
    const byteCount = Math.min(BLOCK_BYTES, Math.max(0, this.size - offset));
    let filling = Buffer.allocUnsafeSlow(byteCount);
    let lent = Buffer.allocUnsafeSlow(byteCount);
    let next = this.#readAhead(filling, offset);
    try {
      for (let end = offset; end < this.size; ) {
        const block = await next;
        if (block.length === 0) {
          throw new ServiceError('SOURCE_CHANGED', {
            detail: 'The file became shorter.',
            place: { file: this.name, byteOffset: end },
          });
        }
        end += block.length;
        [filling, lent] = [lent, filling];
        next = this.#readAhead(filling, end);
        yield block;
      }
    } finally {
      // The read under way must end before the file may be closed; its failure is of no interest where nobody reads on.
      await next.catch(() => undefined);
    }
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let byteCount = 0;
    while (byteCount < length) {
      const { bytesRead } = await this.#read(bytes, byteCount, offset + byteCount);
      if (bytesRead === 0) break;
      byteCount += bytesRead;
    }
    return bytes.subarray(0, byteCount);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #readAhead(buffer: Buffer, offset: number): Promise<Uint8Array> {
    const block = this.#readBlock(buffer, offset);
    // It may fail while the block before it is still looked at; it is awaited, and its failure thrown, after that.
    block.catch(() => undefined);
    return block;
  }

  /** The block at `offset`, short where the file ends or as the system has it; nothing beyond the size at opening. */
  async #readBlock(buffer: Buffer, offset: number): Promise<Uint8Array> {
    const block = buffer.subarray(0, Math.max(0, this.size - offset));
    if (block.length === 0) return block;
    const { bytesRead } = await this.#read(block, 0, offset);
    return block.subarray(0, bytesRead);
  }

  async #read(bytes: Buffer, at: number, offset: number): Promise<{ readonly bytesRead: number }> {
    try {
      return await this.#file.read(bytes, at, bytes.length - at, offset);
    } catch (cause) {
      throw new ServiceError('SOURCE_UNREADABLE', { place: { file: this.name, byteOffset: offset }, cause });
    }
  }
}
