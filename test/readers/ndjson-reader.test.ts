import { describe, expect, it } from 'vitest';
import { ndjsonReader } from '../../src/readers/ndjson-reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeReader, type ReadResult, readAll } from '../contracts/reader-suite.ts';

const read = (text: string, maxRecordBytes = 1000): Promise<ReadResult> =>
  readAll(
    ndjsonReader,
    memorySource(Buffer.from(text), () => 3),
    { maxRecordBytes },
  );

describeReader({
  name: 'The NDJSON reader',
  reader: ndjsonReader,
  recordPath: '',
  document:
    '{"b": "Größe \\u00fc 😀", "a": [1.50, -0]}\r\n\n  \t\n[ ]\n"x"\nnull\n 17 \r\n{"\\ud83d\\ude00": true , "c": {"z":1,"y":[{}, {"q":2,"p":1e2}]}}\n12345',
  records: [
    '{"a":[1.5,0],"b":"Größe ü 😀"}',
    '[]',
    '"x"',
    'null',
    '17',
    '{"c":{"y":[{},{"p":100,"q":2}],"z":1},"😀":true}',
    '12345',
  ],
  frame: { before: '', between: '\n', after: '' },
  isSound: (prefix) => isJsonOrBlank(prefix.slice(prefix.lastIndexOf('\n') + 1)),
  isEmptySound: true,
});

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

  it('refuses a second value on a line', async () => {
    const { records, error } = await read('1\n2 3\n');
    expect(records.map(({ text }) => text)).toEqual(['1', '2']);
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
});
