import type { Compression } from '../model/file-names.ts';
import { BoundaryTable } from './boundary-table.ts';
import type { Expand } from './decompress-block.ts';
import { checkExpansion } from './decompress-bound.ts';
import { expandBzip2 } from './decompress-bzip2.ts';
import { openZippedFeed } from './decompress-zip.ts';
import { expandGzip, expandZstd } from './decompress-zlib.ts';
import type { ByteSource, Source } from './source.ts';

/**
 * The bytes that a compressed file expands to: of all its members (gzip), frames (zstd), streams (bzip2), or of the one feed in an archive. Opening it at an
 * offset expands what comes before once more. Closing it closes the file. What it throws beside the codes of {@link ByteSource}:
 * FORMAT_MISMATCH, SOURCE_ENCRYPTED, ARCHIVE_REFUSED, for archives and from here, where the file stays the caller's.
 */
export async function decompress(source: Source, compression: Compression): Promise<ByteSource> {
  return new ExpandedSource(source, await expandBy(compression, source));
}

async function expandBy(compression: Compression, source: Source): Promise<Expand> {
  switch (compression) {
    case 'gzip':
      return expandGzip;
    case 'zstd':
      return expandZstd;
    case 'bzip2':
      return expandBzip2;
    case 'zip':
      return openZippedFeed(source);
  }
}

class ExpandedSource implements ByteSource {
  readonly name: string;
  readonly fileIndex: number;
  readonly #source: Source;
  readonly #expand: Expand;
  #boundaries = new BoundaryTable([0, 0]);

  constructor(source: Source, expand: Expand) {
    this.name = source.name;
    this.fileIndex = source.fileIndex;
    this.#source = source;
    this.#expand = expand;
  }

  async *open(offset: number): AsyncGenerator<Uint8Array> {
    const boundaries = new BoundaryTable([0, 0]);
    this.#boundaries = boundaries;
    let end = 0;
    for await (const { bytes, compressedBytes } of this.#expand(this.#source)) {
      const start = end;
      end += bytes.length;
      checkExpansion(this.name, { compressedBytes, expandedBytes: end });
      boundaries.add([end, compressedBytes]);
      if (end > offset) yield bytes.subarray(Math.max(0, offset - start));
    }
    boundaries.add([end, this.#source.size]);
  }

  seekPointAt(): null {
    return null;
  }

  sourceBytesAt(offset: number): number {
    return this.#source.sourceBytesAt(this.#boundaries.originAt(offset));
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}
