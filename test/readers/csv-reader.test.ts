import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { ServiceError } from '../../src/errors.ts';
import { type CsvFormat, DEFAULT_FORMATS } from '../../src/model/format.ts';
import { createCsvReader } from '../../src/readers/csv-reader.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeReader, framed, type ReadResult, readAll } from '../contracts/reader-suite.ts';

const csv = (format: Partial<CsvFormat>) => createCsvReader({ ...DEFAULT_FORMATS.csv, ...format });

const read = (
  text: string | Uint8Array,
  format: Partial<CsvFormat> = {},
  options: Partial<ReaderOptions> = {},
): Promise<ReadResult> =>
  readAll(
    csv(format),
    memorySource(Buffer.from(text), () => 3),
    options,
  );
const texts = ({ records }: ReadResult): string[] => records.map(({ text }) => text);

/** Whether another parser takes a text for rows of one width, and it is whole characters. Of its last line end, the line feed may be cut off. */
const isSoundBy =
  (options: object) =>
  (prefix: Uint8Array): boolean => {
    try {
      parse(prefix.subarray(0, prefix.at(-1) === 0x0d ? -1 : undefined), { skip_empty_lines: true, ...options });
      return isUtf8(prefix);
    } catch {
      return false;
    }
  };

const shared = { recordPath: '', isEmptySound: true, truncationCodes: ['READER_TRUNCATED', 'ROW_WIDTH'] } as const;
/** A row of about a kilobyte. */
const filler = (delimiter: string): string => ['x'.repeat(500), `"${'y'.repeat(500)}"`].join(delimiter);

describeReader({
  ...shared,
  ...framed({ before: 'b,a\n', between: '\n', after: '\n', filler: filler(',') }),
  name: 'The CSV reader (commas found)',
  reader: csv({}),
  document: Buffer.from(
    'name,Größe,"a ""b""",empty\nx,"1,5",00123,\n\n"zwei\nZeilen ""ü""",😀,\\\t,""\n"",,,\n 5" screen , y,z,last',
  ),
  records: [
    '{"Größe":"1,5","a \\"b\\"":"00123","empty":"","name":"x"}',
    '{"Größe":"😀","a \\"b\\"":"\\\\\\t","empty":"","name":"zwei\\nZeilen \\"ü\\""}',
    '{"Größe":"","a \\"b\\"":"","empty":"","name":""}',
    '{"Größe":" y","a \\"b\\"":"z","empty":"last","name":" 5\\" screen "}',
  ],
  sound: [
    { text: '1,2', canonical: '{"a":"2","b":"1"}' },
    { text: '"x\ny",', canonical: '{"a":"","b":"x\\ny"}' },
    { text: 'ä,"3"', canonical: '{"a":"3","b":"ä"}' },
  ],
  bad: [
    { text: '1,2,3', code: 'ROW_WIDTH', offset: 0 },
    { text: 'lonely', code: 'ROW_WIDTH', offset: 0 },
    { text: '1,"x\ny"z"', code: 'READER_SYNTAX', offset: 7 },
    { text: 'a\0b,c', code: 'READER_SYNTAX', offset: 1 },
  ],
  bounded: { text: '"12345",67', byteCount: '{"a":"67","b":"12345"}'.length },
  isSound: isSoundBy({ relax_quotes: true }),
});

describeReader({
  ...shared,
  ...framed({ before: 'b;a\r\n', between: '\r\n', after: '\r\n', filler: filler(';') }),
  name: 'The CSV reader (semicolons, CRLF)',
  reader: csv({ delimiter: ';' }),
  document: Buffer.from('Straße;"Preis;€"\r\n"a\r\n""b""";1,50\r\n\r\n"";€\r\nc\rd;""\r\n'),
  records: [
    '{"Preis;€":"1,50","Straße":"a\\r\\n\\"b\\""}',
    '{"Preis;€":"€","Straße":""}',
    '{"Preis;€":"","Straße":"c\\rd"}',
  ],
  sound: [
    { text: '1;2', canonical: '{"a":"2","b":"1"}' },
    { text: '"x\r\ny";', canonical: '{"a":"","b":"x\\r\\ny"}' },
    { text: ';"3"', canonical: '{"a":"3","b":""}' },
  ],
  bad: [
    { text: '1;2;', code: 'ROW_WIDTH', offset: 0 },
    { text: '"x"\ry;2', code: 'READER_SYNTAX', offset: 3 },
  ],
  bounded: { text: 'aaaaaaaaaa;b', byteCount: '{"a":"b","b":"aaaaaaaaaa"}'.length },
  isSound: isSoundBy({ delimiter: ';', record_delimiter: '\r\n' }),
});

describeReader({
  ...shared,
  ...framed({ before: '', between: '\n', after: '\n', filler: filler('\t') }),
  name: 'The CSV reader (tabs, no header)',
  reader: csv({ delimiter: '\t', header: false }),
  document: Buffer.from('ä\t"1\t2"\n\n3\t\n"4"\t5'),
  records: ['{"column_1":"ä","column_2":"1\\t2"}', '{"column_1":"3","column_2":""}', '{"column_1":"4","column_2":"5"}'],
  sound: [
    { text: '1\t2', canonical: '{"column_1":"1","column_2":"2"}' },
    { text: '"x\ny"\t', canonical: '{"column_1":"x\\ny","column_2":""}' },
    { text: '\t"3"', canonical: '{"column_1":"","column_2":"3"}' },
  ],
  bad: [{ text: '"x"y\t2', code: 'READER_SYNTAX', offset: 3 }],
  bounded: { text: '12345\t6', byteCount: '{"column_1":"12345","column_2":"6"}'.length },
  isSound: isSoundBy({ delimiter: '\t' }),
});

describeReader({
  ...shared,
  ...framed({ before: '', between: '\n', after: '\n', filler: filler('|') }),
  name: 'The CSV reader (backslashes, names given)',
  reader: csv({ delimiter: '|', escape: '\\', header: [' q ', 'q'] }),
  document: Buffer.from('"a \\"b\\" \\\\ |"|c\n"\\"\\\\"|"\n"\nd|e\n'),
  records: ['{"q":"a \\"b\\" \\\\ |","q_2":"c"}', '{"q":"\\"\\\\","q_2":"\\n"}', '{"q":"d","q_2":"e"}'],
  sound: [
    { text: '1|2', canonical: '{"q":"1","q_2":"2"}' },
    { text: '"x\\"|"|', canonical: '{"q":"x\\"|","q_2":""}' },
    { text: '|"\\\\"', canonical: '{"q":"","q_2":"\\\\"}' },
  ],
  bad: [{ text: '"x""|2', code: 'READER_SYNTAX', offset: 3 }],
  bounded: { text: '12345|6', byteCount: '{"q":"12345","q_2":"6"}'.length },
  isSound: isSoundBy({ delimiter: '|', escape: '\\', columns: ['q', 'q_2'] }),
});

describe('The CSV reader', () => {
  it.each<[string, string, Partial<CsvFormat>, string[]]>([
    ['leaves values as they are', 'a,b\n00123, 1.50 \n', {}, ['{"a":"00123","b":" 1.50 "}']],
    [
      'takes no text for a number, for nothing or for a sum',
      'id,x\n9007199254740993,NA\n1E5,NaN\nTOTAL,null\n,\n',
      {},
      ['{"id":"9007199254740993","x":"NA"}', '{"id":"1E5","x":"NaN"}', '{"id":"TOTAL","x":"null"}', '{"id":"","x":""}'],
    ],
    ['takes an empty cell and a quoted empty one for an empty string', 'a,b\n,""\n', {}, ['{"a":"","b":""}']],
    ['skips blank lines but not an empty quoted cell', '\n\r\na\n\n""\r\n\n1\n\r', {}, ['{"a":""}', '{"a":"1"}']],
    ['keeps a line of white space', 'a\n \n', {}, ['{"a":" "}']],
    ['keeps a quote inside of an unquoted cell', 'a,b\n5" screen,x""\n', {}, ['{"a":"5\\" screen","b":"x\\"\\""}']],
    ['keeps quotes where there are none', 'a,b\n"1,2"\n', { quote: null }, ['{"a":"\\"1","b":"2\\""}']],
    ['reads other quotes', "a,b\n'it''s, \"',2\n", { quote: "'", escape: "'" }, ['{"a":"it\'s, \\"","b":"2"}']],
    ['keeps an escape before any other character', 'a\n"C:\\new \\""\n', { escape: '\\' }, ['{"a":"C:\\\\new \\""}']],
    ['keeps an escape in an unquoted cell', 'a,b\n\\",^\n', { escape: '^' }, ['{"a":"\\\\\\"","b":"^"}']],
    [
      'escapes control characters',
      'a,b\n\u0001\u001f\u007f,"\b\f\n\t"\n',
      {},
      ['{"a":"\\u0001\\u001f\u007f","b":"\\b\\f\\n\\t"}'],
    ],
    ['keeps a carriage return that ends no line', 'a,b\n1\r2,"\r"\n', {}, ['{"a":"1\\r2","b":"\\r"}']],
    [
      'ends lines at carriage returns where there are no line feeds',
      'a,b\r1,"2\r"\r\r3,4',
      {},
      ['{"a":"1","b":"2\\r"}', '{"a":"3","b":"4"}'],
    ],
    [
      'skips lines before the header, whatever is in them',
      '"report\n\na,b\n1,2\n',
      { skipLines: 2 },
      ['{"a":"1","b":"2"}'],
    ],
    ['skips all lines where there are no more', 'a,b\n1,2\n', { skipLines: 9 }, []],
    [
      'skips lines before records whose columns are named',
      'x\n1,2\n',
      { skipLines: 1, header: ['a', ''] },
      ['{"a":"1","column_2":"2"}'],
    ],
    ['names columns from quoted cells', '"a""b"," c\n",""\n1,2,3\n', {}, ['{"a\\"b":"1","c":"2","column_3":"3"}']],
    [
      'names columns that are named alike',
      'a,a,__proto__,constructor\n1,2,3,4\n',
      {},
      ['{"__proto__":"3","a":"1","a_2":"2","constructor":"4"}'],
    ],
    ['sorts names by UTF-16 code units', '\ufb01,😀,z,Z\n1,2,3,4\n', {}, ['{"Z":"4","z":"3","😀":"2","\ufb01":"1"}']],
    ['finds no records behind a header alone', 'a,b', {}, []],
    ['finds no records in blank lines', '\n\r\n\n', { header: false }, []],
    ['reads a last cell that is empty', 'a,b\n1,', {}, ['{"a":"1","b":""}']],
    [
      'takes the delimiter from the line that tells it to Excel',
      '\ufeffsep=;\r\na,b;c\r\n1,5;2\r\n',
      {},
      ['{"a,b":"1,5","c":"2"}'],
    ],
    ['takes such a line in quotes and capitals', '"SEP=\t"\na\tb,c\n1\t2\n', {}, ['{"a":"1","b,c":"2"}']],
    ['takes such a line where carriage returns end lines', 'sep=|\ra|b,c\r1|2', {}, ['{"a":"1","b,c":"2"}']],
    [
      'passes such a line over where the delimiter and the names are given',
      'title\nsep=;\n1,2\n',
      { delimiter: ',', skipLines: 1, header: ['a', 'b'] },
      ['{"a":"1","b":"2"}'],
    ],
    ['finds nothing behind such a line alone', 'sep=;', {}, []],
    ['takes no other line for one', 'sep=;;\n1;2;3\n', {}, ['{"column_2":"2","column_3":"3","sep=":"1"}']],
    ['takes no quote for a delimiter', "sep='\n1\n", { quote: "'", escape: "'" }, ['{"sep=\'":"1"}']],
    ['takes no escape for a delimiter', 'sep=^\n1\n', { escape: '^' }, ['{"sep=^":"1"}']],
    [
      'keeps a carriage return that ends no line, also where the line feed of the first stands behind the head',
      `${'a'.repeat(65_535)}\r\n1\r2\r\n`,
      {},
      [`{"${'a'.repeat(65_535)}":"1\\r2"}`],
    ],
    [
      'takes a control character for a delimiter',
      'a\u0001b\n1\u00012\n',
      { delimiter: '\u0001' },
      ['{"a":"1","b":"2"}'],
    ],
  ])('%s', async (_, text, format, expected) => {
    const result = await read(text, format);
    expect(result.error).toBeNull();
    expect(texts(result)).toEqual(expected);
  });

  it('counts line feeds in quotes as lines', async () => {
    const { records } = await read('a\n"1\n\n"\n2\n');
    expect(records.map(({ position }) => position.line)).toEqual([2, 5]);
  });

  it('shares one state among all positions', async () => {
    const { records } = await read('a;b\n1;2\n3;4\n');
    expect(records[0]?.position.state).toEqual({ delimiter: ';', endsAtCarriageReturn: false, columns: ['a', 'b'] });
    expect(records[1]?.position.state).toBe(records[0]?.position.state);
  });

  it.each<[string, string | Uint8Array, Pick<ServiceError, 'code' | 'place'>]>([
    ['a header cut off in quotes', 'a,"b\n1,2\n', { code: 'READER_TRUNCATED', place: { byteOffset: 2, line: 1 } }],
    ['a header with text after its quotes', '"a"b\n1\n', { code: 'READER_SYNTAX', place: { byteOffset: 3 } }],
    [
      'a header that is no UTF-8',
      Buffer.from('a,\xff\n1,2\n', 'latin1'),
      { code: 'INVALID_UTF8', place: { byteOffset: 2 } },
    ],
    [
      'a header larger than a record may be',
      `${'a'.repeat(300)}\n1\n`,
      { code: 'RECORD_TOO_LARGE', place: { byteOffset: 0 } },
    ],
    ['UTF-16', Buffer.from('a,b\n', 'utf16le'), { code: 'INVALID_UTF8', place: { byteOffset: 0 } }],
    ['an HTML page', '\n<!doctype html>\n<p>Log in\n', { code: 'FORMAT_MISMATCH', place: { byteOffset: 1, line: 2 } }],
    ['HTML without a type', ' <HTML><p>Log in\n', { code: 'FORMAT_MISMATCH', place: { byteOffset: 0 } }],
    ['XML', '<?xml version="1.0"?>\n<a/>\n', { code: 'FORMAT_MISMATCH', place: { byteOffset: 0 } }],
  ])('refuses %s, even where bad records are set aside', async (_, text, error) => {
    for (const onBadRecord of ['fail', 'quarantine'] as const) {
      const result = await read(text, {}, { onBadRecord, maxRecordBytes: 200 });
      expect(result).toMatchObject({ records: [], bad: [], error });
    }
  });

  it('keeps the first 64 KiB of a bad row, and its length', async () => {
    const row = `${'x'.repeat(40_000)},${'y'.repeat(40_000)}`;
    const { bad } = await read(`a\n${row}\n`, {}, { onBadRecord: 'quarantine' });
    expect(bad).toMatchObject([{ code: 'ROW_WIDTH', byteLength: 80_001, raw: row.slice(0, 65_536) }]);
  });

  it('refuses more than 16 384 columns', async () => {
    const header = (count: number): string => `${Array.from({ length: count }, (_, index) => index).join()}\n`;
    const row = `${','.repeat(16_383)}\n`;
    expect(await read(header(16_384) + row)).toMatchObject({ error: null, records: [{}] });
    const columnOffset = header(16_384).length;
    for (const format of [{}, { header: false }]) {
      expect((await read(header(16_385), format)).error).toMatchObject({
        code: 'READER_SYNTAX',
        place: { byteOffset: columnOffset },
      });
    }
  });

  it.each([
    ['a byte that begins no character', '\xff', 0, 'INVALID_UTF8'],
    ['an overlong form', '\xc0\xaf', 0, 'INVALID_UTF8'],
    ['a character cut off', '\xe2\x82,', 2, 'INVALID_UTF8'],
    ['half of a surrogate pair', '\xed\xa0\x80', 1, 'LONE_SURROGATE'],
    ['a character beyond Unicode', '\xf4\x90\x80\x80', 1, 'INVALID_UTF8'],
  ])('sets %s aside at its byte, in quotes and out of them', async (_, bytes, offset, code) => {
    for (const cell of [bytes, `"${bytes}"`, `"ab\n${bytes}"`]) {
      const start = 'a,b\n1,2\n3,'.length + cell.indexOf(bytes);
      const { records, bad, error } = await read(
        Buffer.from(`a,b\n1,2\n3,${cell}\n4,5\n`, 'latin1'),
        {},
        { onBadRecord: 'quarantine' },
      );
      expect(error).toBeNull();
      expect(records).toHaveLength(2);
      expect(bad).toMatchObject([{ code, raw: `3,${cell}`, place: { byteOffset: start + offset } }]);
    }
  });
});
