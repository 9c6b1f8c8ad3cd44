/** Files made to fill memory, to take time or to be read in two ways: each gives its records or one of our codes, within bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.ts';
import { createExcelReader } from '../../../src/readers/excel-reader.ts';
import { writeZip } from '../../archive/zip-writer.ts';
import { memorySource } from '../../contracts/memory-source.ts';
import { readBytes, recordsOf } from './read-workbook.ts';
import { entriesOf, inline, row, sheetXml, writeWorkbook } from './workbook-writer.ts';

const MIB = 1024 * 1024;
const OPTIONS = {
  maxRecordBytes: MIB,
  maxDepth: 64,
  numberForm: 'exact',
  recordPath: '',
  onBadRecord: 'fail',
} as const;
const one = (rows: string): Buffer => writeWorkbook({ sheets: [{ rows }] });
const SOUND = writeWorkbook({
  sharedStrings: '<si><t>ü</t></si>',
  formats: ['yyyy-mm-dd'],
  sheets: [
    {
      rows: `${row(['a', 'b'])}<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>45659</v></c></row>${row(['c'])}`,
    },
  ],
});

describe('A file that is no workbook', () => {
  const compound = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  it.each<[string, Uint8Array, string, RegExp]>([
    [
      'an .xls file',
      Buffer.concat([compound, Buffer.alloc(1024)]),
      'FORMAT_MISMATCH',
      /\.xls file .* save it as \.xlsx/,
    ],
    [
      'an encrypted workbook',
      Buffer.concat([compound, Buffer.alloc(1024), Buffer.from('EncryptedPackage', 'utf16le')]),
      'SOURCE_ENCRYPTED',
      /password/,
    ],
    ['a workbook of Excel 4', Buffer.from('0904060000000200', 'hex'), 'FORMAT_MISMATCH', /before 97/],
    ['CSV', Buffer.from('a;b\n1;ü\n'), 'FORMAT_MISMATCH', /"csv"/],
    ['JSON', Buffer.from('\ufeff [{"a":1}]'), 'FORMAT_MISMATCH', /"json"/],
    ['HTML', Buffer.from('\n<html><table><tr><td>1'), 'FORMAT_MISMATCH', /HTML/],
    ['XML', Buffer.from('<?xml version="1.0"?><a/>'), 'FORMAT_MISMATCH', /"xml"/],
    [
      'an XML spreadsheet',
      Buffer.from('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>'),
      'FORMAT_MISMATCH',
      /2003/,
    ],
    ['a PDF', Buffer.from('%PDF-1.7\n\0'), 'FORMAT_MISMATCH', /PDF/],
    ['gzip', Buffer.from('1f8b0800', 'hex'), 'FORMAT_MISMATCH', /gzip/],
    ['other bytes', Buffer.from([1, 2, 3, 0, 255]), 'FORMAT_MISMATCH', /zip archives/],
    ['a zip archive', writeZip([{ name: 'a.txt', bytes: Buffer.from('a') }]), 'FORMAT_MISMATCH', /not a workbook/],
    [
      'an OpenDocument file',
      writeZip(['mimetype', 'content.xml'].map((name) => ({ name, bytes: Buffer.from('') }))),
      'FORMAT_MISMATCH',
      /\.ods/,
    ],
    ['a binary workbook', officeDocument('xl/workbook.bin'), 'FORMAT_MISMATCH', /\.xlsb/],
    ['a text document', officeDocument('word/document.xml'), 'FORMAT_MISMATCH', /word\/document\.xml/],
  ])('is told as %s', async (_what, bytes, code, detail) => {
    const { error } = await readBytes(bytes);
    expect(error).toMatchObject({ code, place: { file: 'memory' } });
    expect(error?.detail).toMatch(detail);
  });

  function officeDocument(main: string): Buffer {
    const relations = `<Relationships><Relationship Id="a" Type="x/officeDocument" Target="${main}"/></Relationships>`;
    return writeZip([
      { name: '_rels/.rels', bytes: Buffer.from(relations) },
      { name: main, bytes: Buffer.from('x') },
    ]);
  }
});

describe('A hostile workbook', () => {
  it('whose rows refer to one long string again and again is refused before they are put together', async () => {
    const sharedStrings = `<si><t>${'x'.repeat(500_000)}</t></si>`;
    const twice = '<c t="s"><v>0</v></c>'.repeat(2);
    const single = (count: number) =>
      writeWorkbook({
        sharedStrings,
        sheets: [{ rows: row(['a', 'b', 'c']) + row([twice.slice(0, twice.length / 2)]).repeat(count) }],
      });
    const wide = writeWorkbook({
      sharedStrings,
      sheets: [{ rows: row(['a', 'b', 'c']) + row([twice, '<c t="s"><v>0</v></c>']) + row(['1']) }],
    });
    const aside = await readBytes(wide, {}, { onBadRecord: 'quarantine', maxRecordBytes: MIB });
    expect(aside.bad.map(({ code }) => code)).toEqual(['RECORD_TOO_LARGE']);
    expect(aside.records).toHaveLength(1);

    const before = process.memoryUsage().rss;
    let byteCount = 0;
    const bytes = single(100_000);
    await expect(async () => {
      for await (const batch of createExcelReader({ sheet: null, headerRow: null, emptyRows: 'skip' }).read(
        memorySource(bytes),
        null,
        OPTIONS,
      )) {
        for (const item of batch) byteCount += 'bytes' in item ? item.bytes.length : 0;
      }
    }).rejects.toMatchObject({ code: 'SOURCE_EXPANDS' });
    expect(byteCount).toBeLessThanOrEqual(1000 * bytes.length + 64 * MIB);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
  });

  it('that asks for a million empty records of many columns is refused before they are made', async () => {
    const rows = `${row(Array.from({ length: 2000 }, (_, index) => `column ${index}`))}<row r="1048576"><c><v>1</v></c></row>`;
    const { records, error } = await readBytes(one(rows), { emptyRows: 'keep' });
    expect(records).toEqual([]);
    expect(error?.code).toBe('SOURCE_EXPANDS');
  });

  it('may ask for a million empty records of one column', async () => {
    const rows = `${row(['v'])}<row r="1048576"><c><v>1</v></c></row>`;
    let count = 0;
    for await (const batch of createExcelReader({ sheet: null, headerRow: null, emptyRows: 'keep' }).read(
      memorySource(one(rows)),
      null,
      OPTIONS,
    )) {
      count += batch.length;
    }
    expect(count).toBe(1_048_575);
  });

  it('with a cell larger than a record gives the records around it', async () => {
    const rows = row(['v']) + row(['1']) + row([inline('x'.repeat(3 * MIB))]) + row(['2']);
    const { records, bad, error } = await readBytes(one(rows), {}, { onBadRecord: 'quarantine' });
    expect(error).toBeNull();
    expect(records.map(({ text }) => text)).toEqual(['{"v":"1"}', '{"v":"2"}']);
    expect(bad).toMatchObject([{ code: 'RECORD_TOO_LARGE', recordsBefore: 1 }]);
    expect(bad[0]?.byteLength).toBe(row([inline('x'.repeat(3 * MIB))]).length);
    expect(bad[0]?.raw).toHaveLength(64 * 1024);
  });

  it('with a shared string larger than a record spoils only the records that refer to it', async () => {
    const sharedStrings = `<si><t>${'x'.repeat(2 * MIB)}</t></si><si><t>_xDC00_</t></si><si><t>a</t></si>`;
    const rows = row(['v']) + [0, 1, 2].map((index) => row([`<c t="s"><v>${index}</v></c>`])).join('');
    const { records, bad } = await readBytes(
      writeWorkbook({ sharedStrings, sheets: [{ rows }] }),
      {},
      { onBadRecord: 'quarantine' },
    );
    expect(records.map(({ text }) => text)).toEqual(['{"v":"a"}']);
    expect(bad.map(({ code }) => code)).toEqual(['RECORD_TOO_LARGE', 'LONE_SURROGATE']);
  });

  const broken = (from: string, to: string): Buffer =>
    writeWorkbook({ sheets: [{ xml: sheetXml(row(['v']) + row(['1']) + row(['2'])).replace(from, to) }] });
  it.each<[string, string, Buffer]>([
    ['a tag without an end', 'READER_SYNTAX', broken('</sheetData>', '')],
    ['a root cut off', 'READER_SYNTAX', broken('</worksheet>', '')],
    [
      'a tag of a megabyte',
      'READER_SYNTAX',
      broken(
        '</sheetData>',
        `<c ${Array.from({ length: 200_000 }, (_, index) => `a${index}=">"`).join(' ')}/></sheetData>`,
      ),
    ],
    ['an undeclared entity', 'READER_SYNTAX', broken('</sheetData>', '&e;</sheetData>')],
    ['a declared entity', 'READER_SYNTAX', broken('<worksheet', '<!DOCTYPE w [<!ENTITY e "x">]><worksheet')],
    ['nesting without end', 'RECORD_TOO_DEEP', broken('</sheetData>', '<a>'.repeat(100_000))],
    [
      'bytes that are no UTF-8',
      'INVALID_UTF8',
      writeZip(
        entriesOf({ sheets: [{ rows: row(['v']) + row(['1']) + row(['2']) + row(['\u00ff']) }] }).map((entry) => ({
          ...entry,
          bytes: Buffer.from(Buffer.from(entry.bytes).toString(), 'latin1'),
        })),
      ),
    ],
    [
      'an entity named as what every object has',
      'READER_SYNTAX',
      broken('</sheetData>', '<row><c><v>&toString;</v></c></row></sheetData>'),
    ],
    ['another version of XML', 'READER_SYNTAX', broken('version="1.0"', 'version="1.1"')],
    ['another encoding', 'ENCODING_UNSUPPORTED', broken('UTF-8', 'ISO-8859-1')],
  ])('with %s in its sheet ends there: %s', async (_what, code, bytes) => {
    const { records, error } = await readBytes(bytes);
    expect(error?.code).toBe(code);
    const expected = ['ENCODING_UNSUPPORTED'].includes(code) || records.length === 0 ? [] : ['{"v":"1"}', '{"v":"2"}'];
    expect(records.map(({ text }) => text)).toEqual(expected);
  });

  it('in UTF-16 is refused', async () => {
    const entries = entriesOf({ sheets: [{ rows: row(['v']) }] });
    const bytes = writeZip(
      entries.map((entry) =>
        entry.name.includes('sheet1')
          ? { ...entry, bytes: Buffer.from(`\ufeff${Buffer.from(entry.bytes).toString()}`, 'utf16le') }
          : entry,
      ),
    );
    expect((await readBytes(bytes)).error?.code).toBe('ENCODING_UNSUPPORTED');
  });

  it('whose sheets are one part again and again is refused', async () => {
    const tag = '<sheet name="a" r:id="rId1"/>';
    const files = { 'xl/workbook.xml': `<workbook xmlns:r="urn:r"><sheets>${tag.repeat(2)}</sheets></workbook>` };
    const { error } = await readBytes(writeWorkbook({ sheets: [{ rows: row(['v']) }], files }), { sheet: '*' });
    expect(error?.code).toBe('READER_SYNTAX');
  });

  it('whose sheet is longer than it says gives no end', async () => {
    const entries = entriesOf({ sheets: [{ rows: row(['v']) + row(['1']) }] });
    const lying = entries.map((entry) =>
      entry.name.includes('sheet1') ? { ...entry, declared: { expandedBytes: 10 } } : entry,
    );
    expect((await readBytes(writeZip(lying))).error?.code).toBe('SOURCE_EXPANDS');
  });

  it('of which any bytes were changed gives records or one of our codes', { timeout: 20_000 }, async () => {
    const change = fc.tuple(fc.nat(SOUND.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = Buffer.from(SOUND);
        for (const [index, byte] of changes) changed[index] = byte;
        const { error } = await readBytes(changed);
        if (error !== null) expect(Object.keys(ERRORS)).toContain(error.code);
        expect(error?.code).not.toBe('INTERNAL');
      }),
      { numRuns: 300 },
    );
  });

  it('of which any character of a part was changed gives records or one of our codes', {
    timeout: 20_000,
  }, async () => {
    const entries = entriesOf({
      sharedStrings: '<si><t>ü</t></si>',
      formats: ['yyyy-mm-dd'],
      sheets: [
        {
          rows: `${row(['a', 'b'])}<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>45659</v></c></row>${row(['c'])}`,
        },
      ],
    });
    const character = fc.constantFrom(...'<>/"&; =0Ax\0\n\u00ff');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(entries.length - 1),
        fc.nat(2000),
        character,
        fc.constantFrom('fail', 'quarantine'),
        async (which, at, char, onBadRecord) => {
          const changed = entries.map((entry, index) => {
            if (index !== which) return entry;
            const bytes = Buffer.from(entry.bytes);
            bytes[at % bytes.length] = char.charCodeAt(0);
            return { ...entry, bytes };
          });
          const { error } = await readBytes(writeZip(changed), {}, { onBadRecord });
          if (error !== null) expect(Object.keys(ERRORS)).toContain(error.code);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('that is sound is read after all that', async () => {
    expect(await recordsOf(SOUND)).toEqual(['{"a":"ü","b":"2025-01-02"}', '{"a":"c","b":null}']);
  });
});
