import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { createExcelReader } from '../../src/readers/excel-reader.ts';
import { describeReader } from '../contracts/reader-suite.ts';
import { row, writeWorkbook } from './excel/workbook-writer.ts';

const HEADER = row(['id', 'v']);
const number = (text: string): string => `<c><v>${text}</v></c>`;
const BOUNDED = row([number('1'), 'x'.repeat(300)]);

describeReader({
  name: 'The Excel reader',
  reader: createExcelReader(DEFAULT_FORMATS.excel),
  recordPath: '',
  document: writeWorkbook({
    sharedStrings:
      '<si><t>naïve 😀</t></si><si><r><t xml:space="preserve">rich </t></r><r><t>text</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>',
    formats: ['yyyy\\-mm\\-dd hh:mm:ss', '[h]:mm:ss'],
    sheets: [
      {
        rows: [
          '<row r="2" spans="1:3"><c r="A2" t="s"><v>0</v></c>\n<c r="B2" t="inlineStr"><is><t>ä</t></is></c><c r="D2" t="str"><v>d</v></c></row>',
          '<row r="3"><c r="A3"><v>1.50</v></c><c r="B3" t="b"><v>1</v></c><c r="D3" t="s"><v>1</v></c></row>',
          '<row r="4"><c r="A4" s="1"/></row>',
          '<row r="6"><c r="A6" s="1"><v>45659.127826851849</v></c><c r="B6" t="e"><v>#N/A</v></c><c r="D6" s="2"><v>1.0604166666666666</v></c></row>',
          '<row r="7"><c r="A7"><f>1/3</f><v>0.33333333333333331</v></c><c r="F7" t="inlineStr"><is><t>&lt;€&#10;"</t></is></c></row>',
        ].join('\n '),
      },
    ],
  }),
  records: [
    '{"column_3":null,"d":"rich text","naïve 😀":1.5,"ä":true}',
    '{"column_3":null,"d":"PT25H27M","naïve 😀":"2025-01-02T03:04:04.240","ä":"#N/A"}',
    '{"column_3":null,"column_6":"<€\\n\\"","d":null,"naïve 😀":0.33333333333333331,"ä":null}',
  ],
  build: (rows) => writeWorkbook({ sheets: [{ rows: HEADER + rows.join('') }] }),
  sound: [
    { text: row([number('1'), 'a']), canonical: '{"id":1,"v":"a"}' },
    { text: row([number('2'), 'ü']), canonical: '{"id":2,"v":"ü"}' },
    { text: row([number('3e2')]), canonical: '{"id":300,"v":null}' },
  ],
  bad: [
    { text: row([number('1'), '<c t="b"><v>maybe</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1'), '<c t="s"><v>7</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1'), '<c t="x"><v>7</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1'), '<c r="A"><v>7</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1'), '<c r="ZZZZ1"><v>7</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row(['<c r="A9"><v>7</v></c>', '<c r="A9"><v>7</v></c>']), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1')], ' r="1"'), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1')], ' r="1048577"'), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1')], ' r="x"'), code: 'READER_SYNTAX', offset: 0 },
    { text: row([number('1e9999999999')]), code: 'NUMBER_OUT_OF_RANGE', offset: 0 },
    { text: row(['_xD83D_']), code: 'LONE_SURROGATE', offset: 0 },
  ],
  bounded: { text: BOUNDED, byteCount: BOUNDED.length },
  isSound: () => false,
  truncationCodes: ['READER_TRUNCATED'],
  isEmptySound: false,
  isText: false,
  generate: null,
});
