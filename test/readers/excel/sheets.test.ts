import { describe, expect, it } from 'vitest';
import type { ExcelFormat } from '../../../src/model/format.ts';
import type { Position } from '../../../src/model/record.ts';
import { createExcelReader } from '../../../src/readers/excel-reader.ts';
import { memorySource } from '../../contracts/memory-source.ts';
import { readAll } from '../../contracts/reader-suite.ts';
import { readBytes, recordsOf } from './read-workbook.ts';
import { row, sheetXml, writeWorkbook } from './workbook-writer.ts';

const oneColumn = (...values: string[]): string => ['v', ...values].map((value) => row([value])).join('');
const isSamePlace = (a: Position, b: Position): boolean => a.byteOffset === b.byteOffset && a.line === b.line;
const one = (rows: string): Buffer => writeWorkbook({ sheets: [{ rows }] });

describe('The sheets of a workbook', () => {
  const bytes = writeWorkbook({
    activeTab: 2,
    sheets: [
      { name: 'First', rows: oneColumn('a', 'b') },
      { name: 'Chart', type: 'chartsheet', xml: '<chartsheet/>' },
      { name: 'Übersicht', rows: oneColumn('c') },
      { name: 'Empty' },
      { name: 'Secret', rows: oneColumn('d'), state: 'veryHidden' },
    ],
  });

  it.each<[ExcelFormat['sheet'], string]>([
    [null, 'c'],
    ['First', 'ab'],
    ['übersicht', 'c'],
    ['Secret', 'd'],
    ['Empty', ''],
    [0, 'ab'],
    [1, 'c'],
    [3, 'd'],
    ['*', 'abcd'],
  ])('are chosen by %j', async (sheet, values) => {
    expect(await recordsOf(bytes, { sheet })).toEqual([...values].map((value) => `{"v":"${value}"}`));
  });

  it.each<[ExcelFormat['sheet']]>([['Chart'], ['none'], [4], [-1]])(
    'are named where there is no sheet %j',
    async (sheet) => {
      const { error, records } = await readBytes(bytes, { sheet });
      expect(records).toEqual([]);
      expect(error).toMatchObject({
        code: 'SHEET_NOT_FOUND',
        data: { candidates: ['First', 'Übersicht', 'Empty', 'Secret'] },
      });
    },
  );

  it('without cells, or hidden, are never the active one', async () => {
    const sheets = [
      { rows: oneColumn('hidden'), state: 'hidden' as const },
      { type: 'chartsheet', xml: '<chartsheet/>' },
      { rows: oneColumn('seen') },
    ];
    for (const activeTab of [0, 1, 2, 9]) {
      expect(await recordsOf(writeWorkbook({ sheets, activeTab }))).toEqual(['{"v":"seen"}']);
    }
    expect(await recordsOf(writeWorkbook({ sheets: sheets.slice(0, 1) }))).toEqual(['{"v":"hidden"}']);
    expect((await readBytes(writeWorkbook({ sheets: sheets.slice(1, 2) }))).error?.code).toBe('SHEET_NOT_FOUND');
  });

  it('are shown by the first of several windows', async () => {
    const views = '<bookViews><workbookView/><workbookView activeTab="1"/></bookViews>';
    const files = {
      'xl/workbook.xml': `<workbook xmlns:r="urn:r">${views}<sheets><sheet name="a" r:id="rId1"/><sheet name="b" r:id="rId2"/></sheets></workbook>`,
    };
    const sheets = [{ rows: oneColumn('a') }, { rows: oneColumn('b') }];
    expect(await recordsOf(writeWorkbook({ sheets, files }))).toEqual(['{"v":"a"}']);
  });

  it('have names with any characters', async () => {
    const sheets = [{ rows: oneColumn('a') }, { name: '&quot;a&quot; &amp; &apos;ü&apos; &lt;', rows: oneColumn('b') }];
    expect(await recordsOf(writeWorkbook({ sheets }), { sheet: '"a" & \'Ü\' <' })).toEqual(['{"v":"b"}']);
  });

  it('are found wherever their parts lie', async () => {
    const relations = (tags: string) => `<Relationships>${tags}</Relationships>`;
    const relation = (id: string, type: string, target: string) =>
      `<Relationship Id="${id}" Type="http://x/${type}" Target="${target}"/>`;
    const files = {
      '_rels/.rels': relations(relation('a', 'officeDocument', '/Book/WORKBOOK.xml')),
      'book/workbook.xml': '<workbook xmlns:r="urn:r"><sheets><sheet name="a" r:id="a"/></sheets></workbook>',
      'book/_rels/Workbook.xml.rels': relations(
        relation('a', 'worksheet', '../Parts/Sheet%201.xml') + relation('b', 'sharedStrings', './strings.xml'),
      ),
      'parts/sheet 1.xml': `\ufeff${sheetXml(row(['v']) + row(['<c t="s"><v>0</v></c>']))}`,
      'book/strings.xml': '<sst><si><t>ü</t></si></sst>',
    };
    expect(await recordsOf(writeWorkbook({ sheets: [], files }))).toEqual(['{"v":"ü"}']);
  });

  it('have offsets that ascend over all of them, and every record can be resumed at', async () => {
    const format: ExcelFormat = { sheet: '*', headerRow: null, emptyRows: 'keep' };
    const several = writeWorkbook({
      sheets: [
        { rows: `${oneColumn('a', 'b')}<row r="6"><c><v>1</v></c></row>` },
        {},
        { rows: oneColumn('ü', 'd') },
        { rows: oneColumn('e') },
      ],
    });
    const whole = await readBytes(several, format);
    expect(whole.records.map(({ text }) => JSON.parse(text).v)).toEqual(['a', 'b', null, null, 1, 'ü', 'd', 'e']);
    const offsets = whole.records.map(({ position }) => position.byteOffset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    for (const [index, { position }] of whole.records.entries()) {
      const stored = JSON.parse(JSON.stringify(position)) as Position;
      const resumed = await readAll(createExcelReader(format), memorySource(several), {}, stored);
      expect(resumed.records).toEqual(whole.records.slice(index));
      expect(resumed.error).toBeNull();
    }
    const sizes = whole.records.map(({ position }) => position.sourceBytes);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(sizes.at(-1)).toBeLessThan(several.length);
  });
});

describe('The header of a sheet', () => {
  it('is the first row that is not empty, whatever a dimension says', async () => {
    const rows = `<row r="2"><c r="A2" s="0"/></row><row r="4"><c r="B4" t="inlineStr"><is><t> v </t></is></c></row><row r="5"><c r="A5"><v>1</v></c><c r="B5"><v>2</v></c></row>`;
    for (const dimension of ['', '<dimension ref="A1"/>', '<dimension ref="A1:XFD1048576"/>']) {
      const xml = sheetXml(rows).replace('<sheetData>', `${dimension}<sheetData>`);
      expect(await recordsOf(writeWorkbook({ sheets: [{ xml }] }))).toEqual(['{"column_1":1,"v":2}']);
    }
  });

  it('is the row that was asked for, and what comes before it is passed over', async () => {
    const rows = row(['title']) + row(['<c t="x"/>']) + row(['v']) + row(['1']);
    expect(await recordsOf(one(rows), { headerRow: 3 })).toEqual(['{"v":"1"}']);
    expect(await recordsOf(one(rows), { headerRow: 9 })).toEqual([]);
    const gap = `<row r="1"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row>`;
    expect(await recordsOf(one(gap), { headerRow: 2 })).toEqual(['{"column_1":2}']);
  });

  it('gives names twice, empty ones and those of cells that are no text', async () => {
    const date = '<c s="1"><v>45659</v></c>';
    const rows =
      row(['a', 'a', '', ' a ', '<c><v>2024</v></c>', '<c t="b"><v>1</v></c>', date]) +
      row(['1', '2', '3', '4', '5', '6', '7']);
    expect(await recordsOf(writeWorkbook({ sheets: [{ rows }], formats: ['yyyy-mm-dd'] }))).toEqual([
      '{"2024":"5","2025-01-02":"7","a":"1","a_2":"2","a_3":"4","column_3":"3","true":"6"}',
    ]);
  });

  it('is no bound: cells behind it are in the records that have them, under names that are free', async () => {
    const rows = row(['column_3', 'b']) + row(['1', '2', '3', '<c s="0"/>', '5']) + row(['1']) + row(['1', '2', '3']);
    expect(await recordsOf(one(rows))).toEqual([
      '{"b":"2","column_3":"1","column_3_2":"3","column_5":"5"}',
      '{"b":null,"column_3":"1"}',
      '{"b":"2","column_3":"1","column_3_2":"3"}',
    ]);
  });

  it('that is bad ends the reading', async () => {
    const { error, records } = await readBytes(
      one(row(['<c t="x"><v>1</v></c>']) + row(['1'])),
      {},
      { onBadRecord: 'quarantine' },
    );
    expect(records).toEqual([]);
    expect(error).toMatchObject({ code: 'READER_SYNTAX', place: { line: 1 } });
  });

  it.each([
    ['no rows', ''],
    ['a header alone', row(['v'])],
    ['styles alone', '<row><c s="0"/></row>'],
  ])('may be all there is: %s', async (_what, rows) => {
    expect(await recordsOf(one(rows))).toEqual([]);
    expect(await recordsOf(one(rows), { emptyRows: 'keep' })).toEqual([]);
  });
});

describe('Rows', () => {
  it('that hold only 0, false or an empty text are records', async () => {
    const falsy = ['<c><v>0</v></c>', '<c t="b"><v>0</v></c>', ''];
    expect(await recordsOf(one(row(['v']) + falsy.map((cell) => row([cell])).join('')))).toEqual([
      '{"v":0}',
      '{"v":false}',
      '{"v":""}',
    ]);
  });

  const sparse = `${row(['v'])}<row r="3"/><row r="5"><c r="A5"><v>1</v></c></row><row r="6"><c r="A6" s="0"/></row><row r="7"><c r="A7"><v>2</v></c></row><row r="9"><c s="0"/></row>`;

  it('that hold nothing are skipped', async () => {
    expect(await recordsOf(one(sparse))).toEqual(['{"v":1}', '{"v":2}']);
  });

  it('that hold nothing or are missing are kept up to the last that holds something, if asked for', async () => {
    const { records } = await readBytes(one(sparse), { emptyRows: 'keep' });
    expect(records.map(({ text, position }) => [position.line, text])).toEqual([
      [2, '{"v":null}'],
      [3, '{"v":null}'],
      [4, '{"v":null}'],
      [5, '{"v":1}'],
      [6, '{"v":null}'],
      [7, '{"v":2}'],
    ]);
  });

  it('that are bad come behind the empty ones before them, and each can be resumed at', async () => {
    const format: ExcelFormat = { sheet: '*', headerRow: null, emptyRows: 'keep' };
    const bad = (number: number) => `<row r="${number}"><c r="A${number}" t="b"><v>2</v></c></row>`;
    const rows = `${row(['v'])}<row r="4"/>${bad(5)}${bad(5)}<row r="7"><c r="A7"><v>7</v></c></row>${bad(9)}<row r="x"/>`;
    const bytes = writeWorkbook({ sheets: [{ rows }, { rows }] });
    const whole = await readBytes(bytes, format, { onBadRecord: 'quarantine' });
    expect(whole.error).toBeNull();
    const lines = [2, 3, 4, 6, 7, 8];
    expect(whole.records.map(({ position }) => position.line)).toEqual([...lines, ...lines]);
    expect(whole.bad.map(({ recordsBefore, position }) => [recordsBefore, position.line])).toEqual(
      [0, 6].flatMap((before) => [
        [before + 3, 5],
        [before + 3, 5],
        [before + 6, 9],
        [before + 6, 9],
      ]),
    );
    expect(new Set(whole.bad.map(({ position }) => position.byteOffset)).size).toBe(8);
    for (const { position } of [...whole.records, ...whole.bad]) {
      const stored = JSON.parse(JSON.stringify(position)) as Position;
      const resumed = await readAll(
        createExcelReader(format),
        memorySource(bytes),
        { onBadRecord: 'quarantine' },
        stored,
      );
      const first = whole.records.findIndex((item) => isSamePlace(item.position, position));
      const isRecord = first !== -1;
      expect(resumed.records).toEqual(
        isRecord
          ? whole.records.slice(first)
          : whole.records.filter((item) => item.position.byteOffset > position.byteOffset),
      );
      expect(resumed.bad.map((item) => item.position)).toEqual(
        whole.bad.map((item) => item.position).filter((item) => item.byteOffset >= position.byteOffset),
      );
    }
  });

  it('may lack their numbers, and their cells the references', async () => {
    const rows = `${row(['a', 'b'])}<row><c r="B2"><v>1</v></c></row><row r="7"><c><v>2</v></c><c r="D7"><v>3</v></c><c><v>4</v></c></row><row><c><v>5</v></c></row>`;
    const { records } = await readBytes(one(rows));
    expect(records.map(({ text, position }) => [position.line, text])).toEqual([
      [2, '{"a":null,"b":1}'],
      [7, '{"a":2,"b":null,"column_4":3,"column_5":4}'],
      [8, '{"a":5,"b":null}'],
    ]);
  });

  it('may have their cells in any order', async () => {
    const rows = `${row(['a', 'b'])}<row r="2"><c r="B2"><v>2</v></c><c r="A2"><v>1</v></c></row>`;
    expect(await recordsOf(one(rows))).toEqual(['{"a":1,"b":2}']);
  });

  it('with cells of another row, or that come again, are bad, and are set aside with their XML', async () => {
    const good = '<row r="9"><c r="A9"><v>1</v></c></row>';
    const bad = [
      '<row r="2"><c r="A3"><v>ü</v></c></row>',
      '<row r="3"><c r="A3"/><c r="A3"><v>1</v></c></row>',
      '<row r="3"><c><v>1</v></c></row>',
    ];
    const result = await readBytes(one(row(['v']) + bad.join('\n') + good), {}, { onBadRecord: 'quarantine' });
    expect(result.error).toBeNull();
    expect(result.records.map(({ text }) => text)).toEqual(['{"v":1}']);
    expect(result.bad.map(({ raw }) => Buffer.from(raw, 'latin1').toString())).toEqual(bad);
    expect(result.bad.map(({ byteLength }) => byteLength)).toEqual(bad.map((text) => Buffer.byteLength(text)));
    expect(result.bad.map(({ place }) => place?.line)).toEqual([2, 3, 3]);
  });
});
