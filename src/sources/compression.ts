import { ServiceError } from '../errors.ts';
import { type Compression, compressionOfName } from '../model/file-names.ts';

/** `null` stands for any byte. */
type Magic = readonly (number | null)[];

const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];

/**
 * What compressed files begin with: RFC 1952, 2.3.1; RFC 8878, 3.1.1 and 3.1.2 (skippable frames); the zip application note, 4.3.7 and 4.3.16 (an empty
 * archive); bzip2's header with the first six bytes of a block or of the end, since `BZh` alone may begin a text.
 */
const MAGICS: readonly (readonly [Compression, Magic])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ...Array.from({ length: 16 }, (_, index): [Compression, Magic] => ['zstd', [0x50 + index, 0x2a, 0x4d, 0x18]]),
  ['bzip2', [...ascii('BZh'), null, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
  ['bzip2', [...ascii('BZh'), null, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90]],
  ['zip', ascii('PK\x03\x04')],
  ['zip', ascii('PK\x05\x06')],
];

/**
 * How a file is compressed, by its first bytes; null: it is not. The name counts only where the file ends within the magic bytes. An Excel workbook is a zip:
 * who reads one asks only where the name ends in a compression. Throws FORMAT_MISMATCH where it does and the file is not compressed.
 * @param head at least ten bytes where the file has them
 */
export function detectCompression(name: string, head: Uint8Array): Compression | null {
  const found = compressionOfBytes(head);
  if (found !== null) return found;
  const suffix = compressionOfName(name);
  if (suffix === null) return null;
  // Cut short: what expands it says so.
  if (MAGICS.some(([compression, magic]) => compression === suffix && isAlike(head, magic))) return suffix;
  const detail = `The name says that the file is compressed by ${suffix}, and it is not.`;
  throw new ServiceError('FORMAT_MISMATCH', { detail, place: { file: name } });
}

/** Throws FORMAT_MISMATCH where what a file expands to is compressed once more. @param head its first bytes */
export function refuseNested(name: string, head: Uint8Array): void {
  const found = compressionOfBytes(head);
  if (found === null) return;
  const detail = `What the file expands to is compressed once more, by ${found}: expand it once yourself.`;
  throw new ServiceError('FORMAT_MISMATCH', { detail, place: { file: name } });
}

function compressionOfBytes(head: Uint8Array): Compression | null {
  return MAGICS.find(([, magic]) => head.length >= magic.length && isAlike(head, magic))?.[0] ?? null;
}

/** Whether bytes begin with the magic, or are the beginning of it. */
function isAlike(head: Uint8Array, magic: Magic): boolean {
  return magic.every((byte, index) => index >= head.length || byte === null || head[index] === byte);
}
