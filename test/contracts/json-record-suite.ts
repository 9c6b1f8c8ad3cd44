/** What readers of formats whose records are JSON text must do beside {@link describeReader}. */
import { describe, expect, it } from 'vitest';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { memorySource } from './memory-source.ts';
import { type ReaderSuite, type ReadResult, readAll } from './reader-suite.ts';

/** Bad records of JSON text, for {@link ReaderSuite.bad}. */
export const BAD_JSON_RECORDS: ReaderSuite['bad'] = [
  { text: '{"a":1,"b":2,"a":3}', code: 'DUPLICATE_KEY', offset: 13 },
  { text: '["\\ud800"]', code: 'LONE_SURROGATE', offset: 2 },
  { text: '[1e1000000000]', code: 'NUMBER_OUT_OF_RANGE', offset: 1 },
  { text: '{"a":tru}', code: 'READER_SYNTAX', offset: 8 },
  { text: '[01]', code: 'READER_SYNTAX', offset: 2 },
];

/** Registers the suite's tests for one reader. */
export function describeJsonRecords(suite: Pick<ReaderSuite, 'name' | 'reader' | 'recordPath' | 'document' | 'build'>) {
  const { reader, recordPath, document, build } = suite;
  const read = (
    bytes: Uint8Array,
    options: Partial<ReaderOptions> = {},
    cut?: (offset: number) => number,
  ): Promise<ReadResult> => readAll(reader, memorySource(bytes, cut), { recordPath, ...options });
  const texts = ({ records }: ReadResult): string[] => records.map(({ text }) => text);

  describe(`${suite.name}, as readers of JSON text,`, () => {
    it('says that UTF-16 is not read instead of calling it a syntax error', async () => {
      const text = Buffer.from(document).toString();
      for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(`\ufeff${text}`, 'utf16le').swap16()]) {
        expect((await read(bytes)).error).toMatchObject({
          code: 'INVALID_UTF8',
          place: { byteOffset: 0, line: 1, column: 1 },
        });
      }
    });

    it('refuses invalid UTF-8 at its byte', async () => {
      const bytes = Buffer.from(build(['1', '"a?b"']));
      const index = bytes.indexOf('?');
      bytes[index] = 0xff;
      const result = await read(bytes);
      expect(texts(result)).toEqual(['1']);
      expect(result.error).toMatchObject({ code: 'INVALID_UTF8', place: { byteOffset: index } });
    });

    it('refuses a record that only its canonical form makes larger than the bound', async () => {
      const bytes = build(['[1e20,1e20]']);
      expect((await read(bytes, { maxRecordBytes: 45 })).error).toBeNull();
      expect((await read(bytes, { maxRecordBytes: 44 })).error?.code).toBe('RECORD_TOO_LARGE');
    });

    it('takes nesting of exactly the bound and refuses deeper', async () => {
      const nested = (depth: number): Uint8Array => build(['0', '['.repeat(depth) + ']'.repeat(depth)]);
      expect((await read(nested(5), { maxDepth: 5 })).error).toBeNull();
      expect((await read(nested(6), { maxDepth: 5 })).error?.code).toBe('RECORD_TOO_DEEP');
    });

    it('writes numbers as asked', async () => {
      const bytes = build(['9007199254740993']);
      expect(texts(await read(bytes))).toEqual(['9007199254740993']);
      expect(texts(await read(bytes, { numberForm: 'jcs' }))).toEqual(['9007199254740992']);
    });

    it('reads a large record in small blocks in time that grows with its size', async () => {
      const record = `"${'ö'.repeat(1 << 20)}"`;
      const { records, error } = await read(build(['1', record, '2']), { maxRecordBytes: 4 << 20 }, () => 512);
      expect(error).toBeNull();
      expect(records.map(({ text }) => text.length)).toEqual([1, record.length, 1]);
    });
  });
}
