import { describe, expect, it } from 'vitest';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { nextChainChecksum, sha256Base64, sha256Hex } from '../../src/protocol/checksum.ts';
import { CHAIN_VECTORS, CHUNK_VECTORS } from './golden-vectors.ts';

describe('checksums', () => {
  it('equal those of another implementation, from text and from bytes', () => {
    for (const { records, checksum } of CHUNK_VECTORS) {
      expect(sha256Hex(records)).toBe(checksum);
      expect(sha256Hex(new TextEncoder().encode(records))).toBe(checksum);
    }
  });

  it('give the Content-Digest of another implementation', () => {
    for (const { body, content_digest: contentDigest } of CHUNK_VECTORS) {
      expect(`sha-256=:${sha256Base64(body)}:`).toBe(contentDigest);
    }
  });

  it('chain over all chunks in order, from 64 zeros', () => {
    let chain = CHAIN_START;
    for (const { checksum, chain_checksum: expected } of CHUNK_VECTORS) {
      chain = nextChainChecksum(chain, checksum);
      expect(chain).toBe(expected);
    }
  });

  it('chain the one chunk [1] to the value of the protocol', () => {
    expect(CHAIN_START).toBe(CHAIN_VECTORS.start);
    expect(nextChainChecksum(CHAIN_START, sha256Hex('[1]'))).toBe(CHAIN_VECTORS.one_chunk.chain_checksum);
    expect(CHAIN_VECTORS.one_chunk.chain_checksum).toBe(
      'e8e9d8eb0ee967b7e74094ee1836cdc13aca3634028246c397c7a6f59ad1379d',
    );
  });
});
