import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Compression } from '../../src/model/file-names.ts';
import { detectCompression, refuseNested } from '../../src/sources/compression.ts';

const HEADS: readonly [Compression, Uint8Array][] = [
  ['gzip', gzipSync('text')],
  ['zstd', zstdCompressSync('text')],
  ['zstd', Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0)],
  ['bzip2', Buffer.from('BZh91AY&SY', 'latin1')],
  ['bzip2', Buffer.from('BZh1\x17\x72\x45\x38\x50\x90', 'latin1')],
  ['zip', Buffer.from('PK\x03\x04\x14\x00\x00\x00\x08\x00', 'latin1')],
  ['zip', Buffer.from('PK\x05\x06\x00\x00\x00\x00\x00\x00', 'latin1')],
];
const SUFFIXES: Readonly<Record<Compression, string>> = { gzip: '.gz', zstd: '.zst', bzip2: '.bz2', zip: '.zip' };

describe('What a file is compressed by', () => {
  it('is told by its first bytes, whatever its name', () => {
    for (const [compression, head] of HEADS) {
      for (const name of ['feed.json', 'feed.csv.gz', 'feed.xml.ZIP', 'feed']) {
        expect(detectCompression(name, head), `${name} ${compression}`).toBe(compression);
      }
    }
  });

  it('is nothing where a text begins like a magic number', () => {
    for (const text of ['BZh;price\n', 'PK;name\n', '', '[', '{"id":1}']) {
      expect(detectCompression('feed.csv', Buffer.from(text)), text).toBeNull();
    }
  });

  it('is believed of the name where the file ends within the magic number', () => {
    for (const [compression, head] of HEADS) {
      const name = `feed.json${SUFFIXES[compression]}`;
      for (const length of [0, 1]) expect(detectCompression(name, head.subarray(0, length))).toBe(compression);
    }
  });

  it('is an error where the name says one and the file is none', () => {
    for (const suffix of Object.values(SUFFIXES)) {
      const name = `feed.json${suffix}`;
      expect(() => detectCompression(name, Buffer.from('[{"id":1}]'))).toThrow(
        expect.objectContaining({ code: 'FORMAT_MISMATCH', place: { file: name } }),
      );
    }
  });

  it('is an error where it is done twice', () => {
    for (const [compression, head] of HEADS) {
      const refused = {
        code: 'FORMAT_MISMATCH',
        detail: expect.stringContaining(compression),
        place: { file: 'a.gz' },
      };
      expect(() => refuseNested('a.gz', head)).toThrow(expect.objectContaining(refused));
    }
    for (const text of ['', 'a;b\n', 'PK;name\n']) refuseNested('a.gz', Buffer.from(text));
  });
});
