import { describe, expect, it } from 'vitest';
import { JsonElementEnd, NO_END } from '../../src/readers/json-element-end.ts';

/** Where the element ends that a text begins with, given it whole and byte by byte. */
function endOf(text: string): number {
  const bytes = Buffer.from(text);
  const whole = new JsonElementEnd().find(bytes, 0, bytes.length);
  const end = new JsonElementEnd();
  let index = 0;
  for (let from = 0; from === index && from < bytes.length; from += 1) index = end.find(bytes, from, from + 1);
  expect(index).toBe(whole);
  return whole;
}

describe('The end of an element that is no JSON', () => {
  it.each([
    ['tru,', 3],
    ['tru]', 3],
    [',1', 0],
    [']', 0],
    ['1 2 3 ,', 6],
    ['{"a":,}},1', NO_END],
    ['{"a":,},1', 7],
    ['[}],', NO_END],
    ['[1,2},', NO_END],
    ['{"a":[1,2},', NO_END],
    ['{"a":,]},1', NO_END],
    ['1},', NO_END],
    ['"a,b]",', 6],
    ['"a\\",b\\\\",', 9],
    ['"a","', 3],
    ['"a\n,",', 5],
    ["'a,b'", 2],
    ['[[{}],{"]":"["}]"x",', 19],
  ])('of %j is found where a comma or bracket follows it: %i', (text, index) => {
    expect(endOf(text)).toBe(index);
  });

  it.each(['tru', '"abc,]', '[1,2', '{"a":"b",', '', '"\\'])('of %j is not there yet', (text) => {
    expect(endOf(text)).toBe(text.length);
  });

  it('is not looked for behind a million open brackets', () => {
    const nested = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)},`);
    for (const [depth, isFound] of [
      [1_000_000, true],
      [1_000_001, false],
    ] as const) {
      const bytes = nested(depth);
      expect(new JsonElementEnd().find(bytes, 0, bytes.length)).toBe(isFound ? bytes.length - 1 : NO_END);
    }
  });
});
