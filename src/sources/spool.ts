import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../errors.ts';
import { FileSource } from './file-source.ts';
import type { ByteSource, Source } from './source.ts';

/** What a spooled source may be at most. */
export interface SpoolLimits {
  /** In the expanded form. */
  readonly maxBytes: number;
}

/**
 * Gives random access to a source that can only be read through: writes it to a file among the system's temporary ones, which only this user can open and
 * which has no name any more, so that it goes with the process at the latest. The source stays the caller's and may be closed. Throws
 * SOURCE_EXPANDS beyond the limit, SOURCE_UNREADABLE where there is no space for it, and what the source throws.
 */
export async function spool(source: ByteSource, { maxBytes }: SpoolLimits): Promise<Source> {
  const file = await openNamelessFile(source.name);
  try {
    const size = await write(source, file, maxBytes);
    return new SpooledSource(source, file, size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openNamelessFile(sourceName: string): Promise<FileHandle> {
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ackstream-spool-'));
    try {
      return await open(join(folder, 'spool'), 'wx+', 0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  } catch (cause) {
    throw unwritable(sourceName, cause);
  }
}

/** Writes a source to a file; resolves to its length. */
async function write(source: ByteSource, file: FileHandle, maxBytes: number): Promise<number> {
  let size = 0;
  for await (const block of source.open(0)) {
    size += block.length;
    if (size > maxBytes) {
      const detail = `The file expands to more than ${maxBytes} bytes, which is the most that random access is given to.`;
      throw new ServiceError('SOURCE_EXPANDS', { detail, place: { file: source.name } });
    }
    try {
      // Every byte or an error, where `write` may write a part.
      await file.appendFile(block);
    } catch (cause) {
      throw unwritable(source.name, cause);
    }
  }
  return size;
}

function unwritable(file: string, cause: unknown): ServiceError {
  const detail = `What the file expands to could not be written to ${tmpdir()}.`;
  return new ServiceError('SOURCE_UNREADABLE', { detail, place: { file }, cause });
}

class SpooledSource extends FileSource {
  readonly #start: number;
  readonly #end: number;

  constructor(source: ByteSource, file: FileHandle, size: number) {
    super(file, { name: source.name, fileIndex: source.fileIndex, bytesBefore: 0, size });
    this.#start = source.sourceBytesAt(0);
    this.#end = source.sourceBytesAt(size);
  }

  /** The source is taken to grow evenly. */
  override sourceBytesAt(offset: number): number {
    const share = this.size === 0 ? 1 : offset / this.size;
    return this.#start + Math.floor(share * (this.#end - this.#start));
  }
}
