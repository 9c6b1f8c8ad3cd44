import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/sources/source.ts';

const END_BYTES = 64 * 1024;

/** What every source must do. `openBytes` makes a source of these bytes; it is closed by the suite. */
export function describeSource(name: string, openBytes: (bytes: Uint8Array) => Promise<Source>): void {
  const bytes = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * 31 + (index >> 8)) & 0xff));

  const withSource = async (content: Uint8Array, use: (source: Source) => Promise<void>): Promise<void> => {
    const source = await openBytes(content);
    try {
      await use(source);
    } finally {
      await source.close();
    }
  };
  const collect = async (source: Source, offset: number): Promise<Buffer> => {
    const blocks: Uint8Array[] = [];
    for await (const block of source.open(offset)) blocks.push(Buffer.from(block));
    return Buffer.concat(blocks);
  };

  describe(`${name}, as every source,`, () => {
    it('gives its bytes from any offset to its end', () =>
      withSource(bytes, async (source) => {
        expect(source.size).toBe(bytes.length);
        for (const offset of [0, 1, 262_143, 262_144, 999_999, bytes.length]) {
          expect((await collect(source, offset)).equals(bytes.subarray(offset)), `from ${offset}`).toBe(true);
        }
      }));

    it('can be read several times at once', () =>
      withSource(bytes, async (source) => {
        const [first, second] = await Promise.all([collect(source, 0), collect(source, 500)]);
        expect(first.equals(bytes)).toBe(true);
        expect(second.equals(bytes.subarray(500))).toBe(true);
      }));

    it('lends a block until the next is asked for, whatever happens in between', () =>
      withSource(bytes, async (source) => {
        let offset = 0;
        for await (const block of source.open(0)) {
          await source.readAt(0, 1);
          expect(bytes.subarray(offset, offset + block.length).equals(block)).toBe(true);
          offset += block.length;
        }
        expect(offset).toBe(bytes.length);
      }));

    it('may be left early and closed', () =>
      withSource(bytes, async (source) => {
        for await (const block of source.open(3)) {
          expect(block.length).toBeGreaterThan(0);
          break;
        }
      }));

    it('gives bytes at an offset, fewer where it ends', () =>
      withSource(bytes, async (source) => {
        expect(Buffer.from(await source.readAt(100, 50)).equals(bytes.subarray(100, 150))).toBe(true);
        expect((await source.readAt(bytes.length - 5, 50)).length).toBe(5);
        expect((await source.readAt(bytes.length + 5, 50)).length).toBe(0);
      }));

    it('tells its fingerprint, of which the stat is a part', () =>
      withSource(bytes, async (source) => {
        const fingerprint = await source.fingerprint();
        expect(fingerprint).toMatchObject(await source.stat());
        expect(fingerprint.size).toBe(bytes.length);
        expect(fingerprint.headDigest).toBe(sha256(bytes.subarray(0, END_BYTES)));
        expect(fingerprint.tailDigest).toBe(sha256(bytes.subarray(-END_BYTES)));
      }));

    it('may be empty', () =>
      withSource(Buffer.alloc(0), async (source) => {
        expect(source.size).toBe(0);
        expect(await collect(source, 0)).toHaveLength(0);
        expect((await source.fingerprint()).headDigest).toBe(sha256(Buffer.alloc(0)));
      }));
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
