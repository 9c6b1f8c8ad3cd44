/** Random tables against csv-parse, and random bytes against what must hold of any file. */
import { type Options, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { type CsvFormat, DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { Position } from '../../src/model/record.ts';
import { canonicalizeValue } from '../../src/protocol/canonical-json.ts';
import { nameColumns } from '../../src/readers/column-names.ts';
import { createCsvReader } from '../../src/readers/csv-reader.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../contracts/reader-suite.ts';

const read = (
  bytes: Uint8Array,
  format: CsvFormat,
  {
    from = null,
    blockBytes = bytes.length,
    ...options
  }: Partial<ReaderOptions> & { from?: Position | null; blockBytes?: number } = {},
): Promise<ReadResult> =>
  readAll(
    createCsvReader(format),
    memorySource(bytes, () => blockBytes),
    options,
    from,
  );

/** The records that csv-parse's rows stand for. */
function recordsOf(rows: readonly (readonly string[])[], columns: readonly string[]): string[] {
  return rows.map((row) =>
    canonicalizeValue(Object.fromEntries(columns.map((name, index) => [name, row[index] as string]))),
  );
}

/** The rows of csv-parse in array mode; null where it refuses the text. */
function parseRows(text: Uint8Array, options: Options): string[][] | null {
  try {
    return parse(Buffer.from(text), { skip_empty_lines: true, bom: true, ...options });
  } catch {
    return null;
  }
}

const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', ' ', '"', ',', ';', '\t', '|', "'", '\\', '\n', '\r\n', 'ö', '😀', '\u0001', '\uffff'),
  }),
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !text.includes('\ufeff')),
  fc.constantFrom('', '00123', '1.50', '__proto__'),
);
const table = fc
  .integer({ min: 1, max: 6 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
const rendering = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  quote: fc.constantFrom('"', "'"),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  hasByteOrderMark: fc.boolean(),
  endsWithLineEnd: fc.boolean(),
  isQuotedAnyway: fc.infiniteStream(fc.boolean()),
  blockBytes: fc.integer({ min: 1, max: 200 }),
});

describe('The CSV reader', () => {
  it('reads any table, however it is written, as csv-parse does', async () => {
    await fc.assert(
      fc.asyncProperty(table, rendering, fc.boolean(), fc.boolean(), async (rows, as, isBackslash, header) => {
        const escaping = isBackslash ? '\\' : as.quote;
        const written = rows.map((cells) =>
          cells
            .map((text) => {
              const isPlain = text !== '' && ![as.delimiter, as.quote, '\n', '\r'].some((part) => text.includes(part));
              if (isPlain && as.isQuotedAnyway.next().value !== true) return text;
              const escaped = isBackslash ? text.replaceAll('\\', '\\\\') : text;
              return as.quote + escaped.replaceAll(as.quote, escaping + as.quote) + as.quote;
            })
            .join(as.delimiter),
        );
        const text =
          (as.hasByteOrderMark ? '\ufeff' : '') + written.join(as.lineEnd) + (as.endsWithLineEnd ? as.lineEnd : '');
        const format: CsvFormat = {
          ...DEFAULT_FORMATS.csv,
          delimiter: as.delimiter,
          quote: as.quote,
          escape: escaping,
          header,
        };
        const parsed = parseRows(Buffer.from(text), {
          delimiter: as.delimiter,
          quote: as.quote,
          escape: escaping,
          record_delimiter: ['\n', '\r\n'],
        });
        expect(parsed).toEqual(rows);
        const columns = nameColumns(header ? (rows[0] as string[]) : (rows[0] as string[]).map(() => null));
        const { records, error } = await read(Buffer.from(text), format, { blockBytes: as.blockBytes });
        expect(error).toBeNull();
        expect(records.map((record) => record.text)).toEqual(recordsOf(header ? rows.slice(1) : rows, columns));
      }),
      { numRuns: 500 },
    );
  });

  /** Lines that leave quotes open whether they begin in quotes or not, that close them, and others. */
  const openLines = fc.array(fc.constantFrom('c"d,"e', '"aaaa', 'f"', '"g,h"', 'i,j', '"",""'), { maxLength: 12 });
  const anyText = fc.oneof(
    openLines.map((lines) => Buffer.from(lines.join('\n'))),
    fc
      .string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ';', 'ö'), maxLength: 60 })
      .map((text) => Buffer.from(text)),
    fc
      .string({ unit: fc.constantFrom('a', ',', '"', '\n', '"\n', ',"', '""'), maxLength: 120 })
      .map((text) => Buffer.from(text)),
    fc
      .string({ unit: fc.constantFrom('a', ',', '"', '\\', '\n', '\r', '\0', '\ufeff'), maxLength: 60 })
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  const anyFormat = fc.record<CsvFormat>({
    encoding: fc.constant(null),
    delimiter: fc.constantFrom(null, ',', ';'),
    quote: fc.constantFrom('"', '"', null),
    escape: fc.constantFrom('"', '\\'),
    header: fc.oneof(fc.boolean(), fc.constant(['x', 'y'])),
    skipLines: fc.constantFrom(0, 0, 1),
  });

  it('takes any text that csv-parse takes for the same', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const rows = parseRows(text, { record_delimiter: ['\n', '\r\n'], encoding: 'latin1' });
        fc.pre(rows !== null && !text.includes('\r') && !text.includes(0) && text.every((byte) => byte < 0x80));
        const { records, error } = await read(text, { ...DEFAULT_FORMATS.csv, delimiter: ',', header: false });
        expect(error).toBeNull();
        const columns = (rows?.[0] ?? []).map((_, index) => `column_${index + 1}`);
        expect(records.map((record) => record.text)).toEqual(recordsOf(rows ?? [], columns));
      }),
      { numRuns: 500 },
    );
  });

  it('reads any bytes the same however they are cut and from every position, losing nothing but line ends', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyFormat, fc.integer({ min: 8, max: 60 }), async (bytes, format, maxRecordBytes) => {
        const options = { onBadRecord: 'quarantine', maxRecordBytes } as const;
        const whole = await read(bytes, format, options);
        if (whole.error !== null) expect(Object.keys(ERRORS)).toContain(whole.error.code);
        expect(await read(bytes, format, { ...options, blockBytes: 1 })).toEqual(whole);
        expect(await read(bytes, format, { ...options, blockBytes: 9 })).toEqual(whole);
        const positions = [...whole.records, ...whole.bad].map(({ position }) => position);
        for (const from of positions) {
          const rest = await read(bytes, format, { ...options, from });
          const isFromHere = (one: { position: Position }) => one.position.byteOffset >= from.byteOffset;
          expect(rest.records).toEqual(whole.records.filter(isFromHere));
          const bad = whole.bad.filter(isFromHere);
          const recordsBefore = whole.records.length - rest.records.length;
          expect(rest.bad).toEqual(bad.map((one) => ({ ...one, recordsBefore: one.recordsBefore - recordsBefore })));
        }
        const starts = positions.map(({ byteOffset }) => byteOffset).toSorted((a, b) => a - b);
        for (const { position, byteLength } of whole.bad) {
          const end = position.byteOffset + byteLength;
          const next = starts.find((start) => start > position.byteOffset) ?? bytes.length;
          expect(bytes.subarray(end, next).every((byte) => byte === 0x0a || byte === 0x0d)).toBe(true);
        }
        const failed = await read(bytes, format, { maxRecordBytes });
        const before = whole.bad[0]?.recordsBefore ?? whole.records.length;
        expect(failed.records).toEqual(whole.records.slice(0, before));
        expect(failed.error?.code).toBe(whole.bad[0]?.code ?? whole.error?.code);
        expect(failed.error?.place).toEqual(whole.bad[0]?.place ?? whole.error?.place);
      }),
      { numRuns: 700 },
    );
  });
});
