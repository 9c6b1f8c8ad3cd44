import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { ServiceError } from '../errors.ts';
import type { Source } from '../sources/source.ts';

/** Large enough that the calls do not count, small enough that what one block holds stays small. */
const BLOCK_BYTES = 128 * 1024;

/** Where the data of an entry lie, and what they must come to. */
export interface CompressedRange {
  readonly name: string;
  /** Offset of the first byte of the data in the archive. */
  readonly start: number;
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  readonly isDeflated: boolean;
  readonly crc32: number;
}

/**
 * What an entry expands to. Throws SOURCE_EXPANDS as soon as that is longer than it says, SOURCE_DAMAGED where it is something else, READER_TRUNCATED
 * where the source ends in it.
 */
export async function* inflateRange(source: Source, range: CompressedRange): AsyncGenerator<Uint8Array> {
  let byteCount = 0;
  let checksum = 0;
  const blocks = rangeOf(source, range);
  for await (const block of range.isDeflated ? inflate(blocks, range.compressedBytes, damaged) : blocks) {
    byteCount += block.length;
    if (byteCount > range.expandedBytes) throw fault('SOURCE_EXPANDS', 'is longer than it says');
    checksum = crc32(block, checksum);
    yield block;
  }
  if (byteCount !== range.expandedBytes) throw damaged('is shorter than it says');
  if (checksum !== range.crc32) throw damaged('does not match its checksum');

  function damaged(what: string, cause?: unknown): ServiceError {
    return fault('SOURCE_DAMAGED', what, cause);
  }

  function fault(code: 'SOURCE_DAMAGED' | 'SOURCE_EXPANDS', what: string, cause?: unknown): ServiceError {
    const detail = `${range.name} in the archive ${what}.`;
    return new ServiceError(code, { detail, place: { file: source.name }, ...(cause === undefined ? {} : { cause }) });
  }
}

async function* rangeOf(source: Source, { name, start, compressedBytes }: CompressedRange): AsyncGenerator<Uint8Array> {
  let rest = compressedBytes;
  if (rest === 0) return;
  for await (const block of source.open(start)) {
    yield block.length > rest ? block.subarray(0, rest) : block;
    rest -= block.length;
    if (rest <= 0) return;
  }
  throw new ServiceError('READER_TRUNCATED', {
    detail: `The archive ends inside of ${name}.`,
    place: { file: source.name, byteOffset: source.size },
  });
}

/** @param damaged the error for data that do not inflate */
async function* inflate(
  blocks: AsyncIterable<Uint8Array>,
  compressedBytes: number,
  damaged: (what: string, cause?: unknown) => ServiceError,
): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: BLOCK_BYTES });
  const feeding = feed(inflater, blocks);
  try {
    for await (const block of inflater) yield block as Uint8Array;
    if (inflater.bytesWritten !== compressedBytes) throw damaged('goes on behind its end');
  } catch (error) {
    throw error instanceof ServiceError ? error : damaged('cannot be inflated', error);
  } finally {
    inflater.destroy();
    await feeding;
  }
}

/** Hands on block after block, each only when the one before it was taken: they are lent. Ends when the inflater does, at the latest. */
async function feed(inflater: InflateRaw, blocks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const block of blocks) {
      await taken(inflater, block);
      if (inflater.destroyed) return;
    }
    inflater.end();
  } catch (error) {
    // Reading the inflater throws it; where that was left, nobody asks any more.
    inflater.destroy(error as Error);
  }
}

/** Until the inflater is through with a block, or closed: what follows the end of its data it never calls back for. */
function taken(inflater: InflateRaw, block: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      inflater.off('close', settle);
      resolve();
    };
    inflater.once('close', settle);
    inflater.write(block, settle);
  });
}
