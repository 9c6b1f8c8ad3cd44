import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonElements, jsonMembers } from '../../src/protocol/json-members.ts';

const members = (text: string, maxDepth = 8): [string, string][] =>
  [...jsonMembers(Buffer.from(text), { maxDepth })].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]);
const elements = (text: string, maxDepth = 8): string[] =>
  jsonElements(Buffer.from(text), { maxDepth }).map((bytes) => Buffer.from(bytes).toString());

describe('jsonMembers', () => {
  it('gives the bytes of each value as they stand, by decoded key, in order', () => {
    expect(members('\ufeff {"b" : 1.50 ,"\\u0061":[1, {"x" : 2}],"":"\\u00fc"} \n')).toEqual([
      ['b', '1.50'],
      ['a', '[1, {"x" : 2}]'],
      ['', '"\\u00fc"'],
    ]);
    expect(members('{ }')).toEqual([]);
  });

  it.each([
    ['', 'READER_TRUNCATED', 0],
    ['{', 'READER_TRUNCATED', 1],
    ['{"a":1', 'READER_TRUNCATED', 6],
    ['{"a":"x', 'READER_TRUNCATED', 7],
    ['[]', 'READER_SYNTAX', 0],
    ['{"a" 1}', 'READER_SYNTAX', 5],
    ['{"a":1,}', 'READER_SYNTAX', 7],
    ['{"a":01}', 'READER_SYNTAX', 6],
    ['{"a":1}}', 'READER_SYNTAX', 7],
    ['{"a":1,"\\u0061":2}', 'DUPLICATE_KEY', 7],
    ['{"\\ud800":2}', 'LONE_SURROGATE', 1],
    ['{"a":[[[[[[[[1]]]]]]]]}', 'RECORD_TOO_DEEP', 12],
  ])('refuses %s', (text, code, byteOffset) => {
    expect(() => members(text)).toThrow(
      expect.objectContaining({ code, place: expect.objectContaining({ byteOffset }) }),
    );
  });
});

describe('jsonElements', () => {
  it('gives the bytes of each element as they stand', () => {
    expect(elements(' [1 ,"a,]",{"b":[2,3]}, null,-0.5e1] ')).toEqual(['1', '"a,]"', '{"b":[2,3]}', 'null', '-0.5e1']);
    expect(elements('[]')).toEqual([]);
  });

  it.each([
    ['{}', 'READER_SYNTAX', 0],
    ['[1,]', 'READER_SYNTAX', 3],
    ['[1 2]', 'READER_SYNTAX', 3],
    ['[1', 'READER_TRUNCATED', 2],
    ['[tru', 'READER_TRUNCATED', 4],
  ])('refuses %s', (text, code, byteOffset) => {
    expect(() => elements(text)).toThrow(
      expect.objectContaining({ code, place: expect.objectContaining({ byteOffset }) }),
    );
  });

  it('finds what was written, whatever the white space around it', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom('', ' ', '\n\t'), (json, space) => {
        const texts = json.map((element) => JSON.stringify(element));
        expect(elements(`[${space}${texts.join(`${space},${space}`)}${space}]`, 100)).toEqual(texts);
      }),
    );
  });
});
