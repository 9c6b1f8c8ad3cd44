import { describe, expect, it } from 'vitest';
import type { Position } from '../../src/model/record.ts';
import { jsonReader } from '../../src/readers/json-reader.ts';
import { BAD_JSON_RECORDS, describeJsonRecords } from '../contracts/json-record-suite.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeReader, framed, type ReaderSuite, type ReadResult, readAll } from '../contracts/reader-suite.ts';

const read = (text: string, recordPath: string, from: Position | null = null): Promise<ReadResult> =>
  readAll(
    jsonReader,
    memorySource(Buffer.from(text), () => 5),
    { recordPath },
    from,
  );
const texts = (result: ReadResult): string[] => result.records.map(({ text }) => text);

const FILLER = JSON.stringify({ name: 'ü'.repeat(300), n: 1.5, more: [{ a: 'x'.repeat(200) }, null, true] });
const COMMON = {
  reader: jsonReader,
  records: [
    '{"a":[1.5,0],"b":"Größe ü 😀"}',
    '[]',
    '"x"',
    'null',
    '17',
    '{"c":{"y":[{},{"p":100,"q":2}],"z":1},"😀":true}',
    '12345',
  ],
  sound: [
    { text: '{"b":2,"a":"ü"}', canonical: '{"a":"ü","b":2}' },
    { text: '[ 1 ]', canonical: '[1]' },
    { text: '"\\u0041"', canonical: '"A"' },
  ],
  bad: [
    ...BAD_JSON_RECORDS,
    { text: '1 2', code: 'READER_SYNTAX', offset: 2 },
    { text: '{"a":1} {"b":[2,3]}', code: 'READER_SYNTAX', offset: 8 },
    { text: '{"a" 1}', code: 'READER_SYNTAX', offset: 5 },
    { text: '{"a":"},\\"]",}', code: 'READER_SYNTAX', offset: 13 },
    { text: '[[1,2],]', code: 'READER_SYNTAX', offset: 7 },
    { text: `${'['.repeat(65)}${']'.repeat(65)}`, code: 'RECORD_TOO_DEEP', offset: 64 },
    { text: 'nul', code: 'READER_SYNTAX', offset: 3 },
    { text: "'x'", code: 'READER_SYNTAX', offset: 0 },
    { text: '"a\nb"', code: 'READER_SYNTAX', offset: 2 },
  ],
  bounded: { text: '{"a":"ü","b":[1,2]}', byteCount: 20 },
  isSound: () => false,
  truncationCodes: ['READER_TRUNCATED'],
  isEmptySound: false,
} satisfies Partial<ReaderSuite>;

const ARRAY = `[
  {"b": "Größe \\u00fc 😀", "a": [1.50, -0]} ,\r
\t[ ], "x",null, 17,{"\\ud83d\\ude00": true , "c": {"z":1,"y":[{}, {"q":2,"p":1e2}]}}
, 12345]`;

const SUITES: readonly ReaderSuite[] = [
  {
    name: 'The JSON reader on a top-level array',
    recordPath: '',
    document: Buffer.from(` \n${ARRAY}`),
    ...framed({ before: '[', between: ',\n', after: ']', filler: FILLER }),
    ...COMMON,
  },
  {
    name: 'The JSON reader on an array inside of objects',
    recordPath: 'shop.products',
    document: Buffer.from(
      `{"meta": {"größe": [1, {"products": []}]}, "shop" : {"n": -1.5e3, "products": ${ARRAY}, "more": ["ü", {}]}, "end": null}`,
    ),
    ...framed({ before: '{"shop":{"a":"ü\\n","products":[', between: ',\n', after: ']},"z":[[]]}', filler: FILLER }),
    // One array is like the other.
    generate: null,
    ...COMMON,
  },
];
for (const suite of SUITES) {
  describeReader(suite);
  describeJsonRecords(suite);
}

describe('The JSON reader', () => {
  it('finds no records in an empty array', async () => {
    expect(await read(' [ \n ] ', '')).toEqual({ records: [], bad: [], error: null });
    expect(await read('{"a":[]}', 'a')).toEqual({ records: [], bad: [], error: null });
  });

  it('refuses a path that does not lead to an array', async () => {
    for (const [text, path] of [
      ['{"a":[]}', ''],
      ['17', ''],
      ['[1]', 'a'],
      ['{}', 'a'],
      ['{"b":1,"c":[]}', 'a'],
      ['{"a":{"b":1}}', 'a'],
      ['{"a":{"b":1}}', 'a.b'],
      ['{"a":[[1]]}', 'a.b'],
      ['{"a.b":[1]}', 'a.b'],
    ] as const) {
      const { records, error } = await read(text, path);
      expect(records).toEqual([]);
      expect(error?.code, `${path} in ${text}`).toBe('RECORD_PATH_NOT_FOUND');
    }
  });

  it('compares keys on the way by what they stand for', async () => {
    expect(texts(await read('{"\\u00fc\\/":[1]}', 'ü/'))).toEqual(['1']);
  });

  it('fails on what is wrong before the array', async () => {
    for (const [text, code, byteOffset] of [
      ['{"x":[1,],"a":[1]}', 'READER_SYNTAX', 8],
      ['{"x":"\xff","a":[1]}', 'INVALID_UTF8', 6],
      ['{"x" 1,"a":[1]}', 'READER_SYNTAX', 5],
      ['{"x":1,"x":2,"a":[1]}', 'DUPLICATE_KEY', 7],
      ['{"x":1 "a":[1]}', 'READER_SYNTAX', 7],
      ['{"\\udc00":1,"a":[1]}', 'LONE_SURROGATE', 1],
      ['{"x":1,}', 'READER_SYNTAX', 7],
      ['{,"a":[1]}', 'READER_SYNTAX', 1],
    ] as const) {
      const source = memorySource(Buffer.from(text, 'latin1'), () => 2);
      const { records, error } = await readAll(jsonReader, source, { recordPath: 'a' });
      expect(records).toEqual([]);
      expect(error, text).toMatchObject({ code, place: { byteOffset, line: 1, column: byteOffset + 1 } });
    }
  });

  it('fails on what is wrong after the array, all records being yielded, straight and resumed', async () => {
    for (const [rest, code] of [
      ['', 'READER_TRUNCATED'],
      ['}', 'READER_TRUNCATED'],
      [',"x":1}', 'READER_TRUNCATED'],
      [',"x":"', 'READER_TRUNCATED'],
      [',"x', 'READER_TRUNCATED'],
      [',"x":', 'READER_TRUNCATED'],
      [']}}', 'READER_SYNTAX'],
      ['}}}', 'READER_SYNTAX'],
      ['}} x', 'READER_SYNTAX'],
      [',"x":nul}}', 'READER_SYNTAX'],
      [',}}', 'READER_SYNTAX'],
      ['"x":1}}', 'READER_SYNTAX'],
      [',"k":2}}', 'DUPLICATE_KEY'],
      [',"a":2}}', 'DUPLICATE_KEY'],
      ['},"o":2}', 'DUPLICATE_KEY'],
      ['},"o\\u0032":1,"o2":2}', 'DUPLICATE_KEY'],
    ] as const) {
      const text = `{"o":{"k":1,"a":[1,2]${rest}`;
      const straight = await read(text, 'o.a');
      expect(texts(straight), rest).toEqual(['1', '2']);
      expect(straight.error?.code, rest).toBe(code);
      const resumed = await read(text, 'o.a', straight.records[1]?.position ?? null);
      expect(texts(resumed)).toEqual(['2']);
      expect(resumed.error?.code, rest).toBe(code);
      expect(resumed.error?.place).toEqual(straight.error?.place);
    }
  });

  it('fails on a comma before the closing bracket, and on two', async () => {
    expect((await read('[1,]', '')).error).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 3 } });
    expect((await read('[1,,2]', '')).error).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 3 } });
    expect((await read('[,1]', '')).error).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 1 } });
  });

  it('skips values around the array that are larger than any record may be', async () => {
    const large = `[${'"xxxxxxxxx",'.repeat(100_000)}1]`;
    const source = memorySource(Buffer.from(`{"x":${large},"a":[1],"y":${large}}`), () => 60_000);
    expect(texts(await readAll(jsonReader, source, { recordPath: 'a', maxRecordBytes: 100 }))).toEqual(['1']);
  });

  it('bounds the keys that it must remember and the depth of what it skips', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `"key-${index}":1`).join(',');
    const source = memorySource(Buffer.from(`{${keys},"a":[1]}`));
    expect((await readAll(jsonReader, source, { recordPath: 'a' })).error).toMatchObject({
      code: 'READER_SYNTAX',
      detail: expect.stringContaining('The keys of an object around the records have more than 65536 bytes.'),
    });
    const endless = memorySource(Buffer.from(`{"${'k'.repeat(200_000)}":1}`), () => 1000);
    expect((await readAll(jsonReader, endless, { recordPath: 'a' })).error?.code).toBe('READER_SYNTAX');
    const deep = memorySource(Buffer.from(`{"x":${'['.repeat(100)}`));
    expect((await readAll(jsonReader, deep, { recordPath: 'a' })).error?.code).toBe('RECORD_TOO_DEEP');
  });

  it('shares one state between the positions of all records', async () => {
    const { records } = await read('{"k":0,"a":[1,2,3]}', 'a');
    expect(new Set(records.map(({ position }) => position.state)).size).toBe(1);
    expect(records[0]?.position.state).toEqual([['k', 'a']]);
  });
});
