import { describe, expect, it } from 'vitest';
import { checkExpansion } from '../../src/sources/decompress-bound.ts';

const MEBIBYTE = 1024 * 1024;
const TEBIBYTE = 2 ** 40;

describe('What a compressed file may expand to', () => {
  it.each([
    ['anything up to 16 MiB', 1, 16 * MEBIBYTE],
    ['200 times its size', MEBIBYTE, 200 * MEBIBYTE],
    ['1 TiB', TEBIBYTE, TEBIBYTE],
  ])('is %s and no byte more', (_, compressedBytes, expandedBytes) => {
    checkExpansion('feed.gz', { compressedBytes, expandedBytes });
    expect(() => checkExpansion('feed.gz', { compressedBytes, expandedBytes: expandedBytes + 1 })).toThrow(
      expect.objectContaining({ code: 'SOURCE_EXPANDS', place: { file: 'feed.gz' } }),
    );
  });
});
