import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';
import type { SourceFingerprint } from '../model/ingestion.ts';
import type { Source, SourceStat } from './source.ts';

/** Large enough that the calls do not count, small enough that a batch of records stays small. */
const BLOCK_BYTES = 256 * 1024;
/** How much of each end a fingerprint covers. */
const DIGEST_BYTES = 64 * 1024;

/**
 * Opens a regular file. The caller has resolved the path inside of the roots; nothing else is opened: a FIFO or device neither blocks nor is read.
 * Throws SOURCE_NOT_FOUND, SOURCE_NOT_A_FILE, SOURCE_UNREADABLE.
 */
export async function openFileSource(path: string): Promise<Source> {
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ServiceError('SOURCE_NOT_A_FILE', { place: { file: path } });
    return new FileSource(path, file, stats.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK the open of a FIFO waits for its writer.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new ServiceError('SOURCE_NOT_FOUND', { place: { file: path }, cause });
    // What a socket and a device without a driver answer.
    if (code === 'ENXIO' || code === 'ENODEV')
      throw new ServiceError('SOURCE_NOT_A_FILE', { place: { file: path }, cause });
    throw unreadable(path, cause);
  }
}

class FileSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly #file: FileHandle;

  constructor(name: string, file: FileHandle, size: number) {
    this.name = name;
    this.#file = file;
    this.size = size;
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

  async stat(): Promise<SourceStat> {
    try {
      const stats = await this.#file.stat({ bigint: true });
      return {
        size: Number(stats.size),
        mtimeNs: String(stats.mtimeNs),
        ctimeNs: String(stats.ctimeNs),
        inode: `${stats.dev}:${stats.ino}`,
      };
    } catch (cause) {
      throw unreadable(this.name, cause);
    }
  }

  async fingerprint(): Promise<SourceFingerprint> {
    const stat = await this.stat();
    const head = await this.readAt(0, Math.min(DIGEST_BYTES, stat.size));
    const tail = await this.readAt(Math.max(0, stat.size - DIGEST_BYTES), Math.min(DIGEST_BYTES, stat.size));
    return { ...stat, headDigest: sha256(head), tailDigest: sha256(tail) };
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
      throw unreadable(this.name, cause, offset);
    }
  }
}

function unreadable(path: string, cause: unknown, byteOffset?: number): ServiceError {
  const place = byteOffset === undefined ? { file: path } : { file: path, byteOffset };
  return new ServiceError('SOURCE_UNREADABLE', { place, cause });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
