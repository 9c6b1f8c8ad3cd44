import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitWindow } from '../../src/sources/bit-window.ts';
import { memorySource } from '../contracts/memory-source.ts';

const windowOn = (bytes: Uint8Array, blockBytes: number) => new BitWindow(memorySource(bytes, () => blockBytes));

describe('A window of bits', () => {
  it('gives the bits of its source one after the other, however it is filled, and tells how many bytes they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        async (bytes, bitCounts, blockBytes) => {
          const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
          const window = windowOn(bytes, blockBytes);
          let readBits = 0;
          for (const bitCount of bitCounts) {
            if (readBits + bitCount > bits.length) break;
            await window.fill(4);
            expect(window.read(bitCount)).toBe(Number.parseInt(bits.slice(readBits, readBits + bitCount), 2) | 0);
            readBits += bitCount;
            expect(window.readBytes).toBe(Math.ceil(readBits / 8));
          }
          await window.close();
        },
      ),
    );
  });

  it('goes on at a whole byte, behind zeros', async () => {
    const window = windowOn(Uint8Array.of(0xff, 0, 0, 0, 0x80), 2);
    await window.fill(1);
    expect(window.read(3)).toBe(7);
    window.read(null);
    expect(await window.skipZeros()).toBe(true);
    expect(window.readBytes).toBe(4);
    expect(window.read(1)).toBe(1);
    window.read(null);
    expect(await window.skipZeros()).toBe(false);
  });

  it('tells the end of its source from the end of what was filled', async () => {
    const window = windowOn(Uint8Array.of(1, 2), 1);
    await window.fill(1);
    window.read(8);
    expect(() => window.read(1)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }));
    await window.fill(2);
    window.read(8);
    const place = { file: 'memory', byteOffset: 2 };
    expect(() => window.read(1)).toThrow(expect.objectContaining({ code: 'READER_TRUNCATED', place }));
  });
});
