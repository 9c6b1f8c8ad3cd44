import { describe, expect, it } from 'vitest';
import type { SeekPoint } from '../../src/model/record.ts';
import type { ByteSource, Source } from '../../src/sources/source.ts';

/** All that a source gives from an offset on. */
export async function collect(source: ByteSource, offset = 0, seek?: SeekPoint | null): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const block of source.open(offset, seek)) blocks.push(Buffer.from(block));
  return Buffer.concat(blocks);
}

async function withSource<Opened extends ByteSource>(
  opening: Promise<Opened>,
  use: (source: Opened) => Promise<void>,
): Promise<void> {
  const source = await opening;
  try {
    await use(source);
  } finally {
    await source.close();
  }
}

/** Lines of about 100 characters, some of them not in ASCII: what most encodings can spell. */
export function sampleText(byteCount: number): Buffer {
  let text = '';
  for (let line = 0; text.length < byteCount; line++) {
    text += `${line};${(line * line) % 1009};"${String.fromCharCode(97 + (line % 26)).repeat(line % 77)}";ö,ä\n`;
  }
  return Buffer.from(text);
}

/** What every source must do that can be read through. `openText` makes a source that gives these bytes; it is closed by the suite. */
export function describeByteSource(name: string, openText: (text: Uint8Array) => Promise<ByteSource>): void {
  const text = sampleText(1_000_000);
  const offsets = [0, 1, 65_535, 65_536, 262_143, 262_144, 999_999, text.length];

  describe(`${name}, as every source that is read through,`, () => {
    it('gives its bytes from any offset to its end', () =>
      withSource(openText(text), async (source) => {
        for (const offset of offsets) {
          expect((await collect(source, offset)).equals(text.subarray(offset)), `from ${offset}`).toBe(true);
        }
      }));

    it('opens at an offset by the seek point that it gave for it', async () => {
      const seekPoints: [number, SeekPoint | null][] = [];
      await withSource(openText(text), async (source) => {
        let start = 0;
        for await (const block of source.open(0)) {
          for (const offset of [start, start + (block.length >> 1), start + block.length]) {
            seekPoints.push([offset, source.seekPointAt(offset)]);
          }
          start += block.length;
        }
      });
      await withSource(openText(text), async (source) => {
        const step = Math.ceil(seekPoints.length / 20);
        for (const [offset, seek] of seekPoints.filter((_, index) => index % step === 0)) {
          expect((await collect(source, offset, seek)).equals(text.subarray(offset)), `from ${offset}`).toBe(true);
        }
      });
    });

    it('tells how far its files were read, never less than before', () =>
      withSource(openText(text), async (source) => {
        let start = 0;
        let sourceBytes = source.sourceBytesAt(0);
        for await (const block of source.open(0)) {
          for (const offset of [start, start + (block.length >> 1), start + block.length]) {
            const known = source.sourceBytesAt(offset);
            expect(Number.isInteger(known)).toBe(true);
            expect(known).toBeGreaterThanOrEqual(sourceBytes);
            sourceBytes = known;
          }
          start += block.length;
        }
        expect(source.sourceBytesAt(start)).toBeGreaterThan(source.sourceBytesAt(0));
      }));

    it('can be read several times at once', () =>
      withSource(openText(text), async (source) => {
        const [first, second] = await Promise.all([collect(source), collect(source, 500)]);
        expect(first.equals(text)).toBe(true);
        expect(second.equals(text.subarray(500))).toBe(true);
      }));

    it('lends a block until the next is asked for, whatever happens in between', () =>
      withSource(openText(text), async (source) => {
        let offset = 0;
        for await (const block of source.open(0)) {
          await collect(source, text.length - 1);
          expect(text.subarray(offset, offset + block.length).equals(block)).toBe(true);
          offset += block.length;
        }
        expect(offset).toBe(text.length);
      }));

    it('gives no empty block', () =>
      withSource(openText(text), async (source) => {
        for await (const block of source.open(3)) expect(block.length).toBeGreaterThan(0);
      }));

    it('may be left early and closed', () =>
      withSource(openText(text), async (source) => {
        for await (const block of source.open(3)) {
          expect(block.length).toBeGreaterThan(0);
          break;
        }
      }));

    it('may be empty', () =>
      withSource(openText(Buffer.alloc(0)), async (source) => {
        expect(await collect(source)).toHaveLength(0);
      }));
  });
}

/** What every source must do whose bytes can be had in any order. `openBytes` makes a source of these bytes; it is closed by the suite. */
export function describeSource(name: string, openBytes: (bytes: Uint8Array) => Promise<Source>): void {
  describeByteSource(name, openBytes);

  describe(`${name}, as every source with random access,`, () => {
    const bytes = sampleText(100_000);

    it('gives bytes at an offset, fewer where it ends', () =>
      withSource(openBytes(bytes), async (source) => {
        expect(source.size).toBe(bytes.length);
        expect(Buffer.from(await source.readAt(100, 50)).equals(bytes.subarray(100, 150))).toBe(true);
        expect((await source.readAt(bytes.length - 5, 50)).length).toBe(5);
        expect((await source.readAt(bytes.length + 5, 50)).length).toBe(0);
      }));

    it('gives bytes at an offset while a block is lent', () =>
      withSource(openBytes(bytes), async (source) => {
        let offset = 0;
        for await (const block of source.open(0)) {
          await source.readAt(0, 1);
          expect(bytes.subarray(offset, offset + block.length).equals(block)).toBe(true);
          offset += block.length;
        }
      }));

    it('may be empty', () =>
      withSource(openBytes(Buffer.alloc(0)), async (source) => {
        expect(source.size).toBe(0);
        expect((await source.readAt(0, 1)).length).toBe(0);
      }));
  });
}
