import { describe, expect, it } from 'vitest';
import type { NumberForm } from '../../src/model/record.ts';
import { canonicalizeJson, canonicalizeValue } from '../../src/protocol/canonical-json.ts';

const canonical = (text: string | Uint8Array, numberForm: NumberForm = 'exact', maxDepth = 64): string =>
  Buffer.from(canonicalizeJson(Buffer.from(text), { numberForm, maxDepth })).toString();
const failure = (text: string | Uint8Array, numberForm: NumberForm = 'exact'): unknown => {
  try {
    return expect.fail(`made ${canonical(text, numberForm)}`);
  } catch (error) {
    return error;
  }
};

describe('Numbers in exact form', () => {
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['0.00', '0'],
    ['-0.0e-5', '0'],
    ['0e400', '0'],
    ['0e99999999999999999999', '0'],
    ['1.10', '1.1'],
    ['5.0', '5'],
    ['-5.50', '-5.5'],
    ['100', '100'],
    ['1e2', '100'],
    ['1E+2', '100'],
    ['1.5e1', '15'],
    ['15e-1', '1.5'],
    ['0.001e3', '1'],
    ['0.000001', '0.000001'],
    ['0.0000010', '0.000001'],
    ['0.0000001', '1e-7'],
    ['0.00000012', '1.2e-7'],
    ['1e-6', '0.000001'],
    ['-1e-7', '-1e-7'],
    ['100000000000000000000', '100000000000000000000'],
    ['1e20', '100000000000000000000'],
    ['1e21', '1e+21'],
    ['123456789012345678901', '123456789012345678901'],
    ['1234567890123456789012', '1.234567890123456789012e+21'],
    ['123456789012345678901.25', '123456789012345678901.25'],
    ['1E400', '1e+400'],
    ['9007199254740993', '9007199254740993'],
    ['1152921504606846976', '1152921504606846976'],
    ['333333333.33333329', '333333333.33333329'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['1e999999999', '1e+999999999'],
    ['1e-999999999', '1e-999999999'],
    ['0.1e1000000000', '1e+999999999'],
    [`1${'0'.repeat(500)}`, '1e+500'],
    [`0.${'0'.repeat(500)}1`, '1e-501'],
  ])('%s is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
    expect(canonical(`[${text},{"a":${text}}]`)).toBe(`[${expected},{"a":${expected}}]`);
  });

  it.each(['1e1000000000', '-1e1000000000', '1e-1000000000', '12e999999999', '1e99999999999999999999999'])(
    '%s is out of range',
    (text) => {
      expect(failure(`[0,${text}]`)).toMatchObject({ code: 'NUMBER_OUT_OF_RANGE', place: { byteOffset: 3 } });
    },
  );
});

describe('Numbers in JCS form', () => {
  it.each([
    ['-0', '0'],
    ['1.10', '1.1'],
    ['9007199254740993', '9007199254740992'],
    ['333333333.33333329', '333333333.3333333'],
    ['123456789012345', '123456789012345'],
    ['0.123456789012345678', '0.12345678901234568'],
    ['123456789012345678901', '123456789012345680000'],
    ['1e-400', '0'],
    ['5e-324', '5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ])('%s is %s', (text, expected) => {
    expect(canonical(text, 'jcs')).toBe(expected);
  });

  it('what does not fit a double is out of range', () => {
    expect(failure('1e400', 'jcs')).toMatchObject({ code: 'NUMBER_OUT_OF_RANGE' });
  });
});

describe('Strings in canonical form', () => {
  it('escape only what must be escaped, in one way', () => {
    expect(canonical('"\\u0022\\u005c\\/\\u002F\\b\\u0008\\u0009\\n\\f\\r\\u001F\\u000b\\u007f"')).toBe(
      '"\\"\\\\//\\b\\b\\t\\n\\f\\r\\u001f\\u000b\u007f"',
    );
    expect(canonical('"\\u00fc\\u20AC\\ud83d\\uDE00 ü€😀\u2028"')).toBe('"ü€😀 ü€😀\u2028"');
    expect(canonical('"\\u0000"')).toBe('"\\u0000"');
  });

  it('are not normalized', () => {
    expect(canonical('["\u00e9","e\u0301"]')).toBe('["\u00e9","e\u0301"]');
  });

  it.each([
    ['"\\ud800"', 1],
    ['"\\ud800x"', 1],
    ['"\\ud800\\n"', 1],
    ['"a\\udc00"', 2],
    ['"\\ud800\\ud800"', 1],
    ['{"\\udfff":1}', 2],
  ])('%s holds half of a surrogate pair', (text, byteOffset) => {
    expect(failure(text)).toMatchObject({ code: 'LONE_SURROGATE', place: { byteOffset } });
  });

  it.each([
    ['an overlong slash', [0xc0, 0xaf], 'INVALID_UTF8', 1],
    ['an overlong euro', [0xf0, 0x82, 0x82, 0xac], 'INVALID_UTF8', 2],
    ['an overlong three-byte form', [0xe0, 0x9f, 0xbf], 'INVALID_UTF8', 2],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 'INVALID_UTF8', 2],
    ['a lead byte that never occurs', [0xf5, 0x80, 0x80, 0x80], 'INVALID_UTF8', 1],
    ['a continuation alone', [0x80], 'INVALID_UTF8', 1],
    ['a character cut short', [0xe2, 0x82], 'INVALID_UTF8', 3],
    ['an encoded surrogate', [0xed, 0xa0, 0x80], 'LONE_SURROGATE', 2],
    ['an encoded pair', [0xed, 0xa1, 0x8c, 0xed, 0xbe, 0xb4], 'LONE_SURROGATE', 2],
  ])('refuse %s', (_, bytes, code, byteOffset) => {
    expect(failure(Uint8Array.of(0x22, ...bytes, 0x22))).toMatchObject({ code, place: { byteOffset } });
  });

  it('take the first and the last character of each length', () => {
    const text = JSON.stringify('\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}');
    expect(canonical(text)).toBe(text);
  });
});

describe('Objects in canonical form', () => {
  it('have their members in the order of UTF-16 code units, which is not that of UTF-8', () => {
    expect(canonical('{"\ue000":1,"\\ud83d\\ude00":2,"\uffff":3,"a":4,"\\n":5,"":6,"\u{10000}":7,"ö":8}')).toBe(
      '{"":6,"\\n":5,"a":4,"ö":8,"\u{10000}":7,"😀":2,"\ue000":1,"\uffff":3}',
    );
  });

  it('have them sorted at every depth', () => {
    expect(canonical('{"b":{"d":[{"f":1,"e":{}}],"c":[]},"a":{"z":{"y":1,"x":2}}}')).toBe(
      '{"a":{"z":{"x":2,"y":1}},"b":{"c":[],"d":[{"e":{},"f":1}]}}',
    );
  });

  it('sort many members as well as few', () => {
    for (const count of [2, 16, 17, 300, 5000]) {
      const keys = Array.from({ length: count }, (_, index) => `k${(index * 7919) % count}`);
      const expected = keys.toSorted().map((key) => `"${key}":"${key}"`);
      expect(canonical(`{ ${keys.map((key) => `"${key}" : "${key}"`).join(' , ')} }`)).toBe(`{${expected.join(',')}}`);
    }
  });

  it('are sorted rightly where an object looks like the one before it', () => {
    expect(canonical('[{"b1":1,"a2":2},{"b1":1,"b0":2},{"b2":1,"c1":2},{"b0":0,"a9":1}]')).toBe(
      '[{"a2":2,"b1":1},{"b0":2,"b1":1},{"b2":1,"c1":2},{"a9":1,"b0":0}]',
    );
  });

  it.each([
    ['{"a":1,"a":1}', 7],
    ['{"b":1,"a":2,"b":3}', 13],
    ['{"a":1,"\\u0061":2}', 7],
    ['{"\\/":1,"/":2}', 8],
    ['{"😀":1,"\\ud83d\\ude00":2}', 10],
    ['[{"x":{"k":0,"j":{},"k":[]}}]', 20],
    [`{${Array.from({ length: 30 }, (_, index) => `"${index % 29}":0`).join(',')}}`, 194],
  ])('refuse a repeated key in %s at the second', (text, byteOffset) => {
    expect(failure(text)).toMatchObject({ code: 'DUPLICATE_KEY', place: { byteOffset } });
  });

  it('may have keys that JavaScript objects treat specially', () => {
    expect(canonical('{"constructor":1,"__proto__":{"toString":2},"10":3,"9":4}')).toBe(
      '{"10":3,"9":4,"__proto__":{"toString":2},"constructor":1}',
    );
  });
});

describe('canonicalizeJson', () => {
  it('lets white space and one byte order mark stand around the value', () => {
    expect(canonical('\ufeff \t\r\n{ "a" : [ 1 , 2 ] }\n')).toBe('{"a":[1,2]}');
    expect(failure('\ufeff\ufeff1')).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 3 } });
  });

  it('tells the place in bytes, from the start of the text', () => {
    expect(failure('{"ü":\n [1,\n  tru]}')).toMatchObject({
      code: 'READER_SYNTAX',
      place: { byteOffset: 17, line: 3, column: 6 },
    });
  });

  it('takes nesting to the bound, and no deeper', () => {
    expect(canonical('[[[]]]', 'exact', 3)).toBe('[[[]]]');
    expect(() => canonical('[[{"a":[]}]]', 'exact', 3)).toThrow(expect.objectContaining({ code: 'RECORD_TOO_DEEP' }));
    const deep = `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`;
    expect(canonical(deep, 'exact', 100_000)).toBe(deep);
  });

  it('leaves the text as it was', () => {
    const text = Buffer.from('{"b":1.0,"a":2}');
    canonicalizeJson(text, { numberForm: 'exact', maxDepth: 5 });
    expect(text.toString()).toBe('{"b":1.0,"a":2}');
  });
});

describe('canonicalizeValue', () => {
  it('sorts and writes as canonicalizeJson does', () => {
    expect(canonicalizeValue({ '\ue000': -0, '😀': [1.5, 1e21, null], a: { c: 'ü\u0001', b: true } })).toBe(
      '{"a":{"b":true,"c":"ü\\u0001"},"😀":[1.5,1e+21,null],"\ue000":0}',
    );
  });

  it.each([
    [Number.NaN, 'NUMBER_OUT_OF_RANGE'],
    [[1, Number.NEGATIVE_INFINITY], 'NUMBER_OUT_OF_RANGE'],
    [{ a: '\ud800' }, 'LONE_SURROGATE'],
    [{ '\udc00': [] }, 'LONE_SURROGATE'],
  ])('refuses %j, which JSON cannot express', (value, code) => {
    expect(() => canonicalizeValue(value)).toThrow(expect.objectContaining({ code }));
  });
});
