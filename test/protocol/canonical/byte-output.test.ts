import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteOutput } from '../../../src/protocol/canonical/byte-output.ts';

const LONGEST = 200;

describe('An output', () => {
  it('holds what was appended, byte by byte and by words, however long the pieces are', () => {
    const input = Uint8Array.from({ length: 2 * LONGEST }, (_, index) => (index * 7) % 251).subarray(3);
    const words = new DataView(input.buffer, input.byteOffset, input.byteLength);
    const piece = fc.tuple(fc.nat(LONGEST - 4), fc.nat(LONGEST), fc.boolean());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const output = new ByteOutput(8);
        for (const [from, byteCount, isByWords] of pieces) {
          if (isByWords) output.appendWords(words, from, from + byteCount);
          else output.append(input, from, from + byteCount);
        }
        const expected = Buffer.concat(pieces.map(([from, byteCount]) => input.subarray(from, from + byteCount)));
        expect(Buffer.from(output.take()).equals(expected)).toBe(true);
        expect(output.length).toBe(0);
      }),
    );
  });

  it('moves what was appended last over what is before it', () => {
    for (const moved of [0, 1, 3, 4, 5, 7, 8, 100, 159, 160, 161]) {
      const output = new ByteOutput(8);
      output.appendAscii('<');
      output.appendAscii('-'.repeat(moved));
      output.appendAscii('>');
      const from = output.length;
      const text = 'abcdefghijk'.repeat(20).slice(0, moved);
      output.appendAscii(text);
      output.moveBack(1, from);
      expect(Buffer.from(output.take()).toString()).toBe(`<${text}>`);
    }
  });
});
