import { describe, expect, it } from 'vitest';
import { ndjsonReader } from '../../src/readers/ndjson-reader.ts';
import { BAD_JSON_RECORDS, describeJsonRecords } from '../contracts/json-record-suite.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeReader, framed, type ReaderSuite, type ReadResult, readAll } from '../contracts/reader-suite.ts';

const read = (text: string, maxRecordBytes = 1000): Promise<ReadResult> =>
  readAll(
    ndjsonReader,
    memorySource(Buffer.from(text), () => 3),
    { maxRecordBytes },
  );

const SUITE: ReaderSuite = {
  name: 'The NDJSON reader',
  reader: ndjsonReader,
  recordPath: '',
  document: Buffer.from(
    '{"b": "Größe \\u00fc 😀", "a": [1.50, -0]}\r\n\n  \t\n[ ]\n"x"\nnull\n 17 \r\n{"\\ud83d\\ude00": true , "c": {"z":1,"y":[{}, {"q":2,"p":1e2}]}}\n12345',
  ),
  records: [
    '{"a":[1.5,0],"b":"Größe ü 😀"}',
    '[]',
    '"x"',
    'null',
    '17',
    '{"c":{"y":[{},{"p":100,"q":2}],"z":1},"😀":true}',
    '12345',
  ],
  ...framed({
    before: '',
    between: '\n',
    after: '',
    filler: JSON.stringify({ name: 'ü'.repeat(300), n: 1.5, more: [{ a: 'x'.repeat(200) }, null, true] }),
  }),
  sound: [
    { text: '{"b":2,"a":"ü"}', canonical: '{"a":"ü","b":2}' },
    { text: '[ 1 ]', canonical: '[1]' },
    { text: '"\\u0041"', canonical: '"A"' },
  ],
  bad: [
    ...BAD_JSON_RECORDS,
    { text: '1 2', code: 'READER_SYNTAX', offset: 2 },
    { text: '{"a":1},', code: 'READER_SYNTAX', offset: 7 },
    { text: '?', code: 'READER_SYNTAX', offset: 0 },
    { text: `${'['.repeat(65)}${']'.repeat(65)}`, code: 'RECORD_TOO_DEEP', offset: 64 },
    { text: 'nux', code: 'READER_SYNTAX', offset: 2 },
  ],
  bounded: { text: '{"a":"ü","b":[1,2]}', byteCount: 20 },
  isSound: (prefix) => isJsonOrBlank(Buffer.from(prefix).toString().split('\n').at(-1) ?? ''),
  truncationCodes: ['READER_TRUNCATED'],
  isEmptySound: true,
};
describeReader(SUITE);
describeJsonRecords(SUITE);

function isJsonOrBlank(line: string): boolean {
  if (line.trim() === '') return true;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

describe('The NDJSON reader', () => {
  it('reads lines with and without carriage returns, blank ones and a last one without a line feed', async () => {
    const { records, error } = await read('\n1\r\n \r\n\t\n2\n3');
    expect(error).toBeNull();
    expect(records.map(({ text, position }) => [text, position.line])).toEqual([
      ['1', 2],
      ['2', 5],
      ['3', 6],
    ]);
  });

  it('refuses a line that ends inside of its value, at its end', async () => {
    const { records, error } = await read('1\n{"a":\n2}\n');
    expect(records).toHaveLength(1);
    expect(error).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 7, line: 2, column: 6 } });
  });

  it('refuses a line with a second value as a whole', async () => {
    const { records, error } = await read('1\n2 3\n');
    expect(records.map(({ text }) => text)).toEqual(['1']);
    expect(error).toMatchObject({ code: 'READER_SYNTAX', place: { byteOffset: 4, line: 2, column: 3 } });
  });

  it('refuses a line without end before it is all in memory', async () => {
    const { error } = await read(`1\n${' '.repeat(50)}"${'x'.repeat(200)}`, 100);
    expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', place: { byteOffset: 52, line: 2, column: 51 } });
  });

  it('skips blank lines of any length', async () => {
    const { records, error } = await read(`1\n${' '.repeat(5000)}\n2`, 10);
    expect(error).toBeNull();
    expect(records.map(({ text }) => text)).toEqual(['1', '2']);
  });

  it('sets a line aside from its first byte to its last that is no white space', async () => {
    const { records, bad, error } = await readAll(
      ndjsonReader,
      memorySource(Buffer.from('1\n \t"abc \r\n2\n{"a":\n\n]\n3\n{"a'), () => 2),
      { onBadRecord: 'quarantine' },
    );
    expect(error).toBeNull();
    expect(records.map(({ text }) => text)).toEqual(['1', '2', '3']);
    expect(bad.map(({ raw, code, position }) => [raw, code, position.line, position.column])).toEqual([
      ['"abc', 'READER_SYNTAX', 2, 3],
      ['{"a":', 'READER_SYNTAX', 4, 1],
      [']', 'READER_SYNTAX', 6, 1],
      ['{"a', 'READER_TRUNCATED', 8, 1],
    ]);
  });

  it('keeps of a line without end only its first 64 KiB, and goes on behind it', async () => {
    for (const [cut, count] of [
      [1_000_000, 200],
      [777, 1],
    ] as const) {
      const length = count * 200_000;
      const source = memorySource(Buffer.from(`1\n"${'x'.repeat(length)}" \n2`), () => cut);
      const { records, bad, error } = await readAll(ndjsonReader, source, {
        maxRecordBytes: 1000,
        onBadRecord: 'quarantine',
      });
      expect(error).toBeNull();
      expect(records.map(({ text }) => text)).toEqual(['1', '2']);
      expect(bad).toMatchObject([{ code: 'RECORD_TOO_LARGE', byteLength: length + 2, raw: `"${'x'.repeat(65_535)}` }]);
    }
  });
});
