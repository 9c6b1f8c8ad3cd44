import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { StringTable } from '../../../src/readers/excel/string-table.ts';

const temporaryFiles = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('ackstream-texts-'));

function add(table: StringTable, text: string): void {
  const bytes = Buffer.from(`<${text}>`);
  table.add(bytes, 1, bytes.length - 1);
}

/** The text at an index, null where there is none. */
function textAt(table: StringTable, index: number): string | null {
  if (!table.find(index)) return null;
  return Buffer.from(table.bytes.subarray(table.start, table.end)).toString();
}

describe('A table of texts', () => {
  it.each([0, 1, 5000, 1e9])('gives each text by its index, with %d bytes of memory', (maxMemoryBytes) => {
    const before = temporaryFiles();
    const table = new StringTable(maxMemoryBytes);
    const text = (index: number): string => (index % 7 === 0 ? '' : `${index} ü 😀 ${'x'.repeat(index % 400)}`);
    const count = 20_000;
    for (let index = 0; index < count; index += 1) add(table, text(index));
    for (let step = 0; step < count; step += 1) {
      const index = (step * 7919) % count;
      expect(textAt(table, index) === text(index), `text ${index}`).toBe(true);
    }
    expect(textAt(table, count)).toBeNull();
    expect(temporaryFiles()).toEqual(before);
    table.close();
    table.close();
  });

  it('of which blocks are larger than what is kept of the file gives each all the same', () => {
    const table = new StringTable(0);
    const letters = [...'abc'];
    for (const letter of letters) add(table, letter.repeat(9 * 1024 * 1024));
    for (const letter of [...letters, ...letters])
      expect(textAt(table, letters.indexOf(letter))?.startsWith(letter)).toBe(true);
    table.close();
  });
});
