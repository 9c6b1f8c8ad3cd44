/** Rows that are scanned are held against the same rows given to the parser of XML alone: whatever a row is, both must find the same in it. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { CellLiterals } from '../../../src/readers/excel/cell-literals.ts';
import type { Row } from '../../../src/readers/excel/row.ts';
import { RowCells } from '../../../src/readers/excel/row-cells.ts';
import { RowParser, type RowParserOptions } from '../../../src/readers/excel/row-parser.ts';
import { RowScanner, UNUSUAL } from '../../../src/readers/excel/row-scanner.ts';
import { SheetRows } from '../../../src/readers/excel/sheet-rows.ts';
import { openWorkbook } from '../../../src/readers/excel/workbook.ts';
import { decode } from '../../../src/readers/excel/xml-text.ts';
import { memorySource } from '../../contracts/memory-source.ts';
import { sheetXml, writeWorkbook } from './workbook-writer.ts';

const workbook = await openWorkbook(
  memorySource(
    writeWorkbook({
      sharedStrings: '<si><t>shared "ü"</t></si><si><t>_xD83D_</t></si><si/>',
      formats: ['yyyy-mm-dd', 'hh:mm:ss', '[h]:mm'],
      sheets: [{}],
    }),
  ),
  1000,
);
const MAX_RECORD_BYTES = 400;

/** What is told of rows, as it is compared, and how the reading ended. */
interface Told {
  readonly rows: readonly unknown[];
  readonly error: string | null;
}

function tell(read: (options: RowParserOptions) => void): Told {
  const rows: unknown[] = [];
  const cells = new RowCells();
  const onRow = ({ fault, raw, number, previous, byteOffset, byteLength }: Row): void => {
    const values = Array.from({ length: cells.width }, (_cell, column) => cells.valueAt(column));
    const found = fault === null ? values : fault.message;
    rows.push({ number, previous, byteOffset, byteLength, raw: raw(), found });
  };
  const literals = new CellLiterals(workbook, 'exact', cells.output);
  const place = { file: 'memory', part: 'sheet' };
  try {
    read({ cells, literals, maxRecordBytes: MAX_RECORD_BYTES, place, onRow, elements: [], previousRow: 0 });
    return { rows, error: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { rows, error: `${error.code}: ${error.message}` };
  }
}

const byScanner = (xml: string): Told =>
  tell((options) => {
    const rows = new SheetRows(options);
    rows.begin({ bytes: Buffer.from(xml), byteOffset: 0 });
    while (!rows.isAtEnd) rows.next();
    rows.end();
  });

const byParser = (xml: string): Told =>
  tell((options) => {
    const rows = new RowParser(options);
    rows.write(decode({ bytes: Buffer.from(xml), byteOffset: 0 }));
    rows.end();
  });

/** A row that both take as it is. */
const USUAL: readonly (readonly [program: string, row: string])[] = [
  [
    'Excel',
    '<row r="2" spans="1:3" s="1" customFormat="1" ht="15.75" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2"><f>A1+1</f><v>0.33333333333333331</v></c><c r="C2" s="1"/></row>',
  ],
  [
    'Excel, with formulas',
    '<row r="2"><c r="A2" t="str"><f t="shared" ref="A2:A9" si="0">"a"&amp;B2&lt;3</f><v>a&amp;b</v></c><c r="B2" t="e"><f t="shared" si="0"/><v>#N/A</v></c><c r="C2" t="b"><v>1</v></c></row>',
  ],
  [
    'LibreOffice',
    '<row r="2" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"><c r="A2" s="0" t="s"><v>0</v></c><c r="B2" s="1" t="n"><v>45659</v></c><c r="C2" s="0" t="b"><f aca="false">TRUE()</f><v>1</v></c></row>',
  ],
  ['openpyxl', '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="B2" s="1"><f>A1</f><v /></c></row>'],
  ['.NET', '<row r="2" spans="1:2" ><c r="A2" t="n" ><v>1</v></c>\r\n  <c r="B2" s="1" /></row>'],
  [
    'Google Sheets',
    '<row r="2"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2" s="2"><f t="array" ref="B2">NOW()</f><v>45659.5</v></c></row>',
  ],
  ['programs without references', '<row><c t="inlineStr"><is><t>a</t></is></c><c><v>-1.50</v></c></row>'],
  ['programs that write empty rows', '<row r="2"/>'],
];

describe('The scanner of rows', () => {
  let cells: RowCells;
  let scanner: RowScanner;
  beforeEach(() => {
    cells = new RowCells();
    const literals = new CellLiterals(workbook, 'exact', cells.output);
    scanner = new RowScanner({ cells, literals, maxRecordBytes: MAX_RECORD_BYTES });
  });

  it.each(USUAL)('takes those of %s', (_program, row) => {
    const bytes = Buffer.from(row);
    expect(scanner.scan(bytes, 0, 1)).toBe(bytes.length);
    expect(scanner.number).toBe(2);
  });

  it('takes no row that is cut off', () => {
    for (const [, row] of USUAL) {
      const bytes = Buffer.from(row);
      for (let end = 0; end < bytes.length; end += 1) {
        expect(scanner.scan(bytes.subarray(0, end), 0, 1)).toBe(UNUSUAL);
      }
    }
  });
});

const oneOf = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const text = fc
  .array(
    fc.oneof(
      { arbitrary: fc.string({ maxLength: 5 }), weight: 1 },
      {
        arbitrary: oneOf(
          'a',
          'ü',
          '東',
          '😀',
          '\\',
          '&quot;',
          '"',
          "'",
          '&amp;',
          '&lt;',
          '&gt;',
          '&apos;',
          ' ',
          '\n',
          '\t',
          '\r\n',

          '_x000D_',
          '_x005F_',
          '_xD83D_',
          '_x',
          ']]>',
          '>',
          '&#10;',
          '&e;',
          '<![CDATA[<row/>]]>',
          '<!-- </row> -->',
          '\ufffe',
          '\uffff',
          '\u0001',
          '\u0085',
          '\u2028',
        ),
        weight: 3,
      },
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const numeral = oneOf(
  '0',
  '1',
  '2',
  '-1',
  '1.50',
  '45659.25',
  '0.1',
  '1E-7',
  '-0',
  '.5',
  '007',
  '1e999999999999',
  ' 7 ',
  '',
  '60',
  '9'.repeat(30),
);
const value = fc.oneof(text, numeral);
const attribute = oneOf(
  '',
  '',
  '',
  ' s="1"',
  ' s="2"',
  ' s="3"',
  ' s="99"',
  ' s="x"',
  ' cm="1"',
  ' s="1" s="1"',
  " s='1'",
  ' ',
  ' s="&#49;"',
);
const type = oneOf(
  '',
  '',
  ' t="s"',
  ' t="s"',
  ' t="inlineStr"',
  ' t="str"',
  ' t="b"',
  ' t="e"',
  ' t="d"',
  ' t="n"',
  ' t="x"',
);
const formula = fc.oneof(
  oneOf('', '', '', '<f/>', '<f t="shared" si="0"/>', '<f t="shared" ref="A1" si="0">A1</f>', '<f a="1" a="2"/>'),
  text.map((content) => `<f>${content}</f>`),
);
const content = fc.oneof(
  value.map((v) => `<v>${v}</v>`),
  value.map((v) => `<is><t>${v}</t></is>`),
  value.map((v) => `<is><t xml:space="preserve">${v}</t></is>`),
  oneOf(
    '',
    '<v/>',
    '<v />',
    '<v xml:space="preserve">1</v>',
    '<is><r><t>a</t></r><r><t>b</t></r></is>',
    '<v>1</v><v>2</v>',
    '<x/>',
  ),
);
const cellOf = (row: number): fc.Arbitrary<string> =>
  fc
    .record({
      column: oneOf('A', 'B', 'C', 'AB', 'XFD', 'XFE', '', 'a'),
      hasReference: fc.boolean(),
      attribute,
      type,
      formula,
      content,
    })
    .map(
      ({ column, hasReference, attribute: extra, type: kind, formula: computed, content: inside }) =>
        `<c${hasReference ? ` r="${column}${row}"` : ''}${extra}${kind}>${computed}${inside}</c>`,
    );
const rowOf = (number: number): fc.Arbitrary<string> =>
  fc
    .record({
      reference: oneOf(
        '',
        ...Array.from({ length: 9 }, () => ` r="${number}"`),
        ` r="1"`,
        ` r="0${number}"`,
        ' r="1048577"',
      ),
      extra: oneOf(
        '',
        '',
        ' spans="1:3"',
        ' spans="1:3" ht="15"',
        ' a="<"',
        ' x:y="&amp;"',
        ' spans="1" spans="1"',
        ' ',
      ),
      between: oneOf('', '', '\n', ' \r\n', 'x', '<!-- c -->', '<row/>'),
      cells: fc.array(cellOf(number), { maxLength: 4 }),
      end: oneOf(...Array.from({ length: 20 }, () => '</row>'), '</row >', '</c>', ''),
    })
    .map(({ reference, extra, between, cells, end }) => `${between}<row${reference}${extra}>${cells.join('')}${end}`);
const sheet = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => rowOf(index + 1))))
  .map((rows) => sheetXml(rows.join('')));

describe('A sheet of which rows are scanned', () => {
  it('gives what the parser gives, for rows of any form', () => {
    fc.assert(
      fc.property(sheet, (xml) => {
        expect(byScanner(xml)).toEqual(byParser(xml));
      }),
      { numRuns: 1500 },
    );
  });

  it('gives what the parser gives, with any character of usual rows changed', () => {
    const xml = sheetXml(
      USUAL.map(([, row], index) => row.replaceAll(/(?<=r="[A-Z]?)2(?=")/g, String(index + 2))).join(''),
    );
    fc.assert(
      fc.property(fc.nat(xml.length - 1), oneOf(...'<>/"&; =0Axcrtsvfi\n\r\u0001\u00ff]', ''), (at, character) => {
        const changed = xml.slice(0, at) + character + xml.slice(at + 1);
        expect(byScanner(changed)).toEqual(byParser(changed));
      }),
      { numRuns: 1500 },
    );
  });
});
