import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameColumns } from '../../src/readers/column-names.ts';

describe('nameColumns', () => {
  it.each([
    ['keeps names that differ', ['a', 'B', 'b'], ['a', 'B', 'b']],
    ['removes white space around names', [' a ', '\tb\u00a0'], ['a', 'b']],
    ['names empty and missing ones by their place', ['', 'a', null, '  '], ['column_1', 'a', 'column_3', 'column_4']],
    ['numbers repeated names', ['a', 'a', ' a', 'b', 'b'], ['a', 'a_2', 'a_3', 'b', 'b_2']],
    ['passes over numbers that stand in the header', ['a', 'a', 'a_2', 'a'], ['a', 'a_3', 'a_2', 'a_4']],
    ['passes over places that stand in the header', ['', 'column_1'], ['column_1_2', 'column_1']],
    ['numbers a repeated made-up name', ['a_2', 'a', 'a', 'a_2'], ['a_2', 'a', 'a_3', 'a_2_2']],
    [
      'takes the names of object members for names',
      ['__proto__', 'constructor', '__proto__'],
      ['__proto__', 'constructor', '__proto___2'],
    ],
  ])('%s', (_, cells, names) => {
    expect(nameColumns(cells)).toEqual(names);
  });

  it('gives every column a name of its own, and the first of each name that one', () => {
    const cell = fc.oneof(
      fc.constantFrom('', 'a', ' a', 'a_2', 'a_3', 'a_2_2', 'column_1', 'column_2', 'column_2_2', null),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 12 }), (cells) => {
        const names = nameColumns(cells);
        const trimmed = cells.map((text) => text?.trim() ?? '');
        expect(names).toHaveLength(cells.length);
        expect(new Set(names).size).toBe(cells.length);
        for (const [index, name] of trimmed.entries()) {
          if (name !== '' && trimmed.indexOf(name) === index) expect(names[index]).toBe(name);
        }
      }),
    );
  });

  it('names thousands of equal columns in time', () => {
    expect(nameColumns(Array.from({ length: 16_384 }, () => 'a')).at(-1)).toBe('a_16384');
  });
});
