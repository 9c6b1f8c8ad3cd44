import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { ZipFile } from 'yazl';
import type { Compression } from '../../src/model/file-names.ts';

/** Nothing, by bzip2. */
const EMPTY_BZIP2 = Buffer.from('QlpoORdyRThQkAAAAAA=', 'base64');

/** {@link SMALL_TEXT}, by bzip2. */
const SMALL_BZIP2 = Buffer.from(
  'QlpoMTFBWSZTWe/iNG8AAA3drAAQEAQwEACAJiMQCgAAgQAIACAAMUyYmQZGCVTR6R6BtRqIvcdHzOw4RojbCooF5JM/i7kinChId/EaN4A=',
  'base64',
);

/** 64 MiB of zeros, by bzip2. */
export const BZIP2_BOMB = Buffer.from(
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZvAS1wwCidcAAwAAACCAAIKQINjKKiE0qKiE4u5IpwoSFALuD6A==',
  'base64',
);

export const SMALL_TEXT = Buffer.from('{"id":1,"name":"Größe"}\n{"id":2}\n');

/** Compresses a text. By bzip2, which Node can only expand, there are the small text, nothing, and what `bzip2 -1` made of the suite's sample. */
export async function compress(text: Uint8Array, compression: Compression): Promise<Buffer> {
  switch (compression) {
    case 'gzip':
      return gzipSync(text);
    case 'zstd':
      // With a checksum, as the zstd command writes it.
      return zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    case 'bzip2':
      if (text.length === 0) return EMPTY_BZIP2;
      if (SMALL_TEXT.equals(text)) return SMALL_BZIP2;
      return readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'compressed', 'sample-text.bz2'));
    case 'zip':
      return zip({ 'feed.csv': text });
  }
}

/** A zip archive of these files. */
export async function zip(files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const archive = new ZipFile();
  for (const [name, bytes] of Object.entries(files)) archive.addBuffer(Buffer.from(bytes), name);
  archive.end();
  return buffer(archive.outputStream);
}
