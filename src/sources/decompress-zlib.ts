import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { ServiceError } from '../errors.ts';
import type { ExpandedBlock } from './decompress-block.ts';
import type { Source } from './source.ts';

/** Large enough that the way to zlib's thread and back does not count, small enough that blocks stay in the processor's cache. */
const BLOCK_BYTES = 256 * 1024;
/** A frame that asks for more is refused: 128 MiB, zstd's own bound for what it expands without being told to. */
const MAX_WINDOW_LOG = 27;

type Engine = Gunzip | ZstdDecompress;

/** Expands all members of a gzip file. Throws READER_TRUNCATED, SOURCE_DAMAGED. */
export function expandGzip(source: Source): AsyncGenerator<ExpandedBlock> {
  return expand(source, createGunzip({ chunkSize: BLOCK_BYTES }));
}

/** Expands all frames of a zstd file. Throws READER_TRUNCATED, SOURCE_DAMAGED; SOURCE_EXPANDS where it takes too much memory. */
export function expandZstd(source: Source): AsyncGenerator<ExpandedBlock> {
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  return expand(source, createZstdDecompress({ chunkSize: BLOCK_BYTES, params }));
}

/** While a block is looked at, the engine works on one more, on a thread of its own, and then waits. */
async function* expand(source: Source, engine: Engine): AsyncGenerator<ExpandedBlock> {
  // What it fails with is thrown where it is read; that it was left is no failure.
  engine.on('error', () => undefined);
  const feeding = feed(source, engine);
  feeding.catch((error: Error) => engine.destroy(error));
  try {
    for await (const bytes of engine as AsyncIterable<Uint8Array>) {
      yield { bytes, compressedBytes: engine.bytesWritten };
    }
    await feeding;
  } catch (cause) {
    throw describeFailure(source.name, cause);
  } finally {
    engine.destroy();
    // The source is released before this ends; a failure of it is of no interest where nobody reads on.
    await feeding.catch(() => undefined);
  }
}

/** Writes a file into an engine, each block when the one before it is used up, until the file ends or the engine is left. */
async function feed(source: Source, engine: Engine): Promise<void> {
  let release: (() => void) | undefined;
  engine.once('end', () => release?.());
  engine.once('close', () => release?.());
  let fedBytes = 0;
  let isSated = false;
  for await (const block of source.open(0)) {
    if (!isSated) {
      await new Promise<void>((resolve) => {
        release = resolve;
        engine.write(block, () => resolve());
      });
    }
    if (engine.destroyed && !engine.readableEnded) return;
    // The engine takes no more where something follows that is no member.
    const unused: Uint8Array = isSated ? block : block.subarray(engine.bytesWritten - fedBytes);
    isSated ||= unused.length > 0;
    refuseTrailingBytes(source.name, unused);
    fedBytes += block.length;
  }
  engine.end();
}

/** Zeros are what tapes and some writers fill up with. */
function refuseTrailingBytes(file: string, bytes: Uint8Array): void {
  if (bytes.every((byte) => byte === 0)) return;
  const detail = 'After the compressed part of the file, something else follows.';
  throw new ServiceError('SOURCE_DAMAGED', { detail, place: { file } });
}

function describeFailure(file: string, cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const place = { file };
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'Z_BUF_ERROR':
      return new ServiceError('READER_TRUNCATED', { place, cause });
    case 'ZSTD_error_frameParameter_windowTooLarge': {
      const detail = 'The file takes more than 128 MiB of memory to expand.';
      return new ServiceError('SOURCE_EXPANDS', { detail, place, cause });
    }
    default:
      return new ServiceError('SOURCE_DAMAGED', { place, cause });
  }
}
