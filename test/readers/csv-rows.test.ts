/**
 * Rows without an end: what is set aside, that nothing behind it is lost, and that this takes time that grows with the file, however many there are.
 */
import { describe, expect, it } from 'vitest';
import { type CsvFormat, DEFAULT_FORMATS } from '../../src/model/format.ts';
import { isBadRecord, type OnBadRecord } from '../../src/model/record.ts';
import { createCsvReader } from '../../src/readers/csv-reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../contracts/reader-suite.ts';

const TEXT_BYTES = 2_000_000;

const read = (
  text: string,
  options: {
    readonly onBadRecord?: OnBadRecord;
    readonly maxRecordBytes?: number;
    readonly cut?: number | undefined;
  } = {},
  format: Partial<CsvFormat> = {},
): Promise<ReadResult> => {
  const { cut, onBadRecord = 'quarantine', maxRecordBytes = 40 } = options;
  const source = memorySource(Buffer.from(text), () => cut ?? text.length);
  return readAll(createCsvReader({ ...DEFAULT_FORMATS.csv, ...format }), source, { onBadRecord, maxRecordBytes });
};
const summary = ({ records, bad, error }: ReadResult) => ({
  records: records.map(({ text }) => text),
  bad: bad.map(({ code, raw, place }) => [code, raw, place?.byteOffset]),
  error,
});

describe('A row that does not end within the bound', () => {
  it('costs its first line where a quote is never closed', async () => {
    const rows = Array.from({ length: 20 }, (_, index) => `${index},x\n`);
    const text = `a,b\n1,"2\n${rows.join('')}`;
    for (const cut of [undefined, 1, 7]) {
      expect(summary(await read(text, { cut }))).toEqual({
        records: rows.map((row) => `{"a":"${row.split(',')[0]}","b":"x"}`),
        bad: [['RECORD_TOO_LARGE', '1,"2', 4]],
        error: null,
      });
      const failed = await read(text, { cut, onBadRecord: 'fail' });
      expect(failed).toMatchObject({
        records: [],
        error: { code: 'RECORD_TOO_LARGE', place: { byteOffset: 4, line: 2 } },
      });
    }
  });

  it('costs its first line where the file ends in quotes', async () => {
    const text = 'a,b\n1,2\n3,"4\r\n5,6\n7,8';
    expect(summary(await read(text, { maxRecordBytes: 1000 }))).toEqual({
      records: ['{"a":"1","b":"2"}', '{"a":"5","b":"6"}', '{"a":"7","b":"8"}'],
      bad: [['READER_TRUNCATED', '3,"4', 10]],
      error: null,
    });
    expect((await read(text, { maxRecordBytes: 1000, onBadRecord: 'fail' })).error).toMatchObject({
      code: 'READER_TRUNCATED',
      place: { byteOffset: 10, line: 3, column: 3 },
    });
  });

  it('costs its first line where lines end with carriage returns', async () => {
    expect(summary(await read('a,b\r1,"2\r3,4\r5,6', { maxRecordBytes: 1000 }))).toEqual({
      records: ['{"a":"3","b":"4"}', '{"a":"5","b":"6"}'],
      bad: [['READER_TRUNCATED', '1,"2', 6]],
      error: null,
    });
  });

  it('is set aside whole where it is one line, of any length', async () => {
    for (const [lineEnd, cut] of [
      ['\n', undefined],
      ['\r\n', 1],
      ['\r\n', 100],
    ] as const) {
      const line = `1,${'x'.repeat(200_000)}`;
      const { records, bad, error } = await read(`a,b\n${line}${lineEnd}1,2\n${line}`, { cut: cut ?? 4096 });
      expect(error).toBeNull();
      expect(records.map(({ text }) => text)).toEqual(['{"a":"1","b":"2"}']);
      const aside = ['RECORD_TOO_LARGE', line.length, line.slice(0, 64 * 1024)];
      expect(bad.map(({ code, byteLength, raw }) => [code, byteLength, raw])).toEqual([aside, aside]);
    }
  });

  it('hides no row behind it that ends within the bound where it ends itself', async () => {
    const text = `a,b\n"\n${'1,2\n'.repeat(9)}c"d,"x\ny"\n`;
    expect(summary(await read(text))).toEqual({
      records: [...Array<string>(9).fill('{"a":"1","b":"2"}'), '{"a":"c\\"d","b":"x\\ny"}'],
      bad: [['RECORD_TOO_LARGE', '"', 4]],
      error: null,
    });
  });

  it('is no longer than the bound in the file, however short its record is', async () => {
    const quoted = { quote: "'", escape: "'" };
    const row = `'${"''".repeat(20)}'`;
    const record = `{"a":"${"'".repeat(20)}"}`;
    expect(summary(await read(`a\n${row}\n`, { maxRecordBytes: 42 }, quoted)).records).toEqual([record]);
    expect(summary(await read(`a\n${row}\n`, { maxRecordBytes: 41 }, quoted)).bad).toEqual([
      ['RECORD_TOO_LARGE', row, 2],
    ]);
  });

  it('is handed on before many of them take up much memory, and sound rows behind not one at a time', async () => {
    const line = `"${'x'.repeat(70_000)}\n`;
    const source = memorySource(Buffer.from(`a\n${line.repeat(40)}"\n${'1\n'.repeat(1000)}`));
    const options = { maxRecordBytes: 60_000, maxDepth: 1, numberForm: 'exact', recordPath: '' } as const;
    const batches = createCsvReader(DEFAULT_FORMATS.csv).read(source, null, { ...options, onBadRecord: 'quarantine' });
    const lengths: number[] = [];
    for await (const batch of batches) {
      const rawBytes = batch.reduce((sum, item) => sum + (isBadRecord(item) ? item.raw.length : 0), 0);
      expect(rawBytes).toBeLessThan(1_200_000);
      lengths.push(batch.length);
    }
    expect(lengths.length).toBeLessThan(10);
    expect(lengths.reduce((sum, length) => sum + length)).toBeGreaterThan(1000);
  });

  it('names no columns', async () => {
    const { records, bad } = summary(await read(`"x\n${'1,2\n'.repeat(30)}`, {}, { header: false }));
    expect(bad).toEqual([['RECORD_TOO_LARGE', '"x', 0]]);
    expect(records).toEqual(Array.from({ length: 30 }, () => '{"column_1":"1","column_2":"2"}'));
  });

  const openQuote = `c"d,"${'x'.repeat(60)}\n`;
  it.each([
    ['open quotes to the end of the file', openQuote, '', 1 << 26],
    ['open quotes to the bound', openQuote, '', 1 << 19],
    ['open quotes that are closed at the end of the file', openQuote, 'f"\n', 1 << 19],
    ['doubled quotes in one that is open', `"",""${'x'.repeat(60)}\n`, '', 1 << 19],
  ])(
    'takes time that grows with the file where every line has %s',
    { timeout: 30_000 },
    async (_, line, last, maxRecordBytes) => {
      const lineCount = Math.floor(TEXT_BYTES / line.length);
      const before = process.cpuUsage();
      const text = `a,b\n"${line.repeat(lineCount)}${last}`;
      const { records, bad, error } = await read(text, { maxRecordBytes, cut: 1 << 16 });
      expect(error).toBeNull();
      expect(records.length + bad.length).toBeGreaterThan(0);
      // It takes less than a second, and minutes where each line is scanned up to the bound.
      expect(process.cpuUsage(before).user / 1e6).toBeLessThan(15);
    },
  );
});
