import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldSummary } from '../../src/ingestion/field-summary.ts';
import { canonicalizeJson } from '../../src/protocol/canonical-json.ts';

function fieldsOf(...records: readonly string[]) {
  const summary = new FieldSummary();
  for (const record of records) summary.take(record);
  return summary.fields;
}

const pathsOf = (...records: readonly string[]) => fieldsOf(...records).map(({ path }) => path);

describe('the fields of records', () => {
  it('are told with types, how often they are met, and different examples', () => {
    expect(
      fieldsOf(
        '{"id":900719925474099301,"price":1.5,"tags":["a","b"],"who":{"name":"x"}}',
        '{"id":900719925474099302,"price":2,"tags":[],"who":null}',
        '{"id":900719925474099302,"price":1e+400,"who":true}',
      ),
    ).toEqual([
      { path: 'id', types: ['integer'], count: 3, examples: ['900719925474099301', '900719925474099302'] },
      { path: 'price', types: ['integer', 'number'], count: 3, examples: ['1.5', '2', '1e+400'] },
      { path: 'tags', types: ['array'], count: 2, examples: [] },
      { path: 'tags[]', types: ['string'], count: 2, examples: ['"a"', '"b"'] },
      { path: 'who', types: ['boolean', 'null', 'object'], count: 3, examples: ['true'] },
      { path: 'who.name', types: ['string'], count: 1, examples: ['"x"'] },
    ]);
  });

  it('are told of records that are no objects', () => {
    expect(pathsOf('17', '"x"', '[[1],{"a":2}]', '{}')).toEqual(['', '[]', '[][]', '[].a']);
  });

  it('keep apart keys that JSON.parse of the pinned runtime confuses', () => {
    expect(pathsOf('{"\\\\":1}', '{"\\"":1,"b":1}', '{"\\u0001":1,"a\\u0001\\n":1}')).toEqual([
      '\\',
      '"',
      'b',
      '\u0001',
      'a\u0001\n',
    ]);
  });

  it('have the keys and values that were written, whatever they are', () => {
    const text = fc.string({ unit: fc.constantFrom('\\', '"', '{', '}', '[', ']', ',', ':', 'a', '\n', '\u{1f600}') });
    const values = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(text, values, { maxKeys: 6, noNullPrototype: true }), (object) => {
        const record = Buffer.from(
          canonicalizeJson(Buffer.from(JSON.stringify(object)), { numberForm: 'exact', maxDepth: 9 }),
        ).toString();
        const found = new Map(fieldsOf(record).map(({ path, examples }) => [path, examples]));
        const written = Object.entries(object).map(
          ([key, value]) => [key, value === null ? [] : [JSON.stringify(value)]] as const,
        );
        expect(found).toEqual(new Map(written));
      }),
      { numRuns: 300 },
    );
  });

  it('are cut where they are long, deep or many', () => {
    const nested = (depth: number): string => (depth === 0 ? '"]}"' : `{"k":${nested(depth - 1)}}`);
    expect(pathsOf(`{"deep":[${nested(20)}],"z":1}`).at(-2)).toBe('deep[].k.k.k.k.k.k');
    expect(pathsOf(`{"deep":[${nested(20)}],"z":1}`).at(-1)).toBe('z');

    const [field] = fieldsOf(`{"${'k'.repeat(1_000)}":"${'\u{1f600}'.repeat(100)}"}`);
    expect(field?.path).toBe(`${'k'.repeat(120)}…`);
    expect(field?.examples).toEqual([`"${'\u{1f600}'.repeat(39)}…`]);

    const many = Array.from({ length: 2_000 }, (_, index) => `{"k${index}":1,"always":2}`);
    const fields = fieldsOf(...many);
    expect(fields.length).toBe(500);
    expect(fields.find(({ path }) => path === 'always')?.count).toBe(2_000);
  });
});
