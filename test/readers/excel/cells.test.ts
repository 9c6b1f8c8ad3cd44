import { describe, expect, it } from 'vitest';
import type { ReaderOptions } from '../../../src/readers/reader.ts';
import { readBytes, recordsOf } from './read-workbook.ts';
import { row, sheetXml, type WrittenWorkbook, writeWorkbook } from './workbook-writer.ts';

/** The JSON of one cell below the header `v`. */
async function jsonOf(
  cell: string,
  workbook: Partial<WrittenWorkbook> = {},
  options: Partial<ReaderOptions> = {},
): Promise<string> {
  const bytes = writeWorkbook({ sheets: [{ rows: row(['v', 'w']) + row([cell, 'w']) }], ...workbook });
  const [record] = await recordsOf(bytes, {}, options);
  return /^\{"v":(.*),"w":"w"\}$/s.exec(record ?? '')?.[1] ?? `no record of one value: ${record}`;
}

const n = (text: string, style = ''): string => `<c${style === '' ? '' : ` s="${style}"`}><v>${text}</v></c>`;

describe('A cell', () => {
  it.each([
    ['a number', n('12'), '12'],
    ['a fraction', n('0.1'), '0.1'],
    ['a number with all its digits', n('0.30000000000000004'), '0.30000000000000004'],
    ['a number with an exponent', n('1.0000000000000001E-2'), '0.010000000000000001'],
    ['a large number', n('1E+25'), '1e+25'],
    ['zeros at the end', n('1.500'), '1.5'],
    ['a negative zero', n('-0'), '0'],
    ['a long integer', n('12345678901234567890'), '12345678901234567890'],
    ['a number among white space', n(' 7\n'), '7'],
    ['a number without a digit before the point', n('.5'), '".5"'],
    ['zeros at the start', n('007'), '"007"'],
    ['a text where a number should be', n('n/a'), '"n/a"'],
    ['digits of another script', n('\u0661\u0131'), '"\u0661\u0131"'],
    ['not a number', n('NaN'), '"NaN"'],
    ['true', '<c t="b"><v>1</v></c>', 'true'],
    ['false', '<c t="b"><v>0</v></c>', 'false'],
    ['an error', '<c t="e"><v>#DIV/0!</v></c>', '"#DIV/0!"'],
    ['the number of a formula', '<c><f>1+1</f><v>2</v></c>', '2'],
    ['the text of a formula', '<c t="str"><f>"a"</f><v> a </v></c>', '" a "'],
    ['the empty text of a formula', '<c t="str"><f>""</f><v></v></c>', '""'],
    ['a formula never computed', '<c><f>1+1</f></c>', 'null'],
    ['a formula with an empty value', '<c><f>1+1</f><v/></c>', 'null'],
    ['a style alone', '<c s="0"/>', 'null'],
    ['an inline string', '<c t="inlineStr"><is><t xml:space="preserve"> a\nb </t></is></c>', '" a\\nb "'],
    ['an empty inline string', '<c t="inlineStr"><is/></c>', '""'],
    ['an inline string that is not there', '<c t="inlineStr"/>', 'null'],
    ['an inline string as a value', '<c t="inlineStr"><v>a</v></c>', '"a"'],
    [
      'runs of an inline string',
      '<c t="inlineStr"><is><r><rPr><b/></rPr><t>a</t></r><r><t> b</t></r></is></c>',
      '"a b"',
    ],
    [
      'a string with its reading',
      '<c t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></is></c>',
      '"東京"',
    ],
    ['CDATA', '<c t="inlineStr"><is><t>a<![CDATA[<b> & ]]>c</t></is></c>', '"a<b> & c"'],
    ['references', '<c t="inlineStr"><is><t>&lt;&amp;&#x20AC;&#10;</t></is></c>', '"<&€\\n"'],
    ['escaped characters', '<c t="inlineStr"><is><t>a_x000D__x000a_b_x0009_</t></is></c>', '"a\\r\\nb\\t"'],
    [
      'an escaped escape',
      '<c t="inlineStr"><is><t>_x005F_x000D_ _x12_ _xD83D__xDE00_</t></is></c>',
      '"_x000D_ _x12_ 😀"',
    ],
    ['a comment in its midst', '<c t="inlineStr"><is><t>a<!-- <row> -->b</t></is></c>', '"ab"'],
    ['an ISO date', '<c t="d"><v>2025-01-02T03:04:05</v></c>', '"2025-01-02T03:04:05"'],
    ['an extension with a value of its own', '<c><v>1</v><extLst><ext><v>2</v></ext></extLst></c>', '1'],
  ])('that holds %s', async (_what, cell, json) => {
    expect(await jsonOf(cell)).toBe(json);
  });

  it('rounds numbers where the form is that of RFC 8785', async () => {
    expect(await jsonOf(n('0.10000000000000000555'), {}, { numberForm: 'jcs' })).toBe('0.1');
    expect(await jsonOf(n('12345678901234567890'), {}, { numberForm: 'jcs' })).toBe('12345678901234567000');
  });

  it('takes shared strings, plain and rich, without their readings, and empty ones', async () => {
    const sharedStrings =
      '<si><t>a</t></si><si/><si><t></t></si><si><r><t>b</t></r><r><t xml:space="preserve"> c_x000D_</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>';
    for (const [index, json] of ['"a"', '""', '""', '"b c\\r"'].entries()) {
      expect(await jsonOf(`<c t="s"><v>${index}</v></c>`, { sharedStrings })).toBe(json);
    }
  });

  it('is a date by its style, in both date systems', async () => {
    const formats = ['yyyy-mm-dd', 'h:mm', '[h]:mm', '0.00', '"day" 0'];
    const all = { formats, builtInFormats: [14, 22, 46, 49] };
    const values = (isDate1904: boolean) =>
      Promise.all(
        ['1', '2', '3', '4', '5', '6', '7', '8', '9', '99'].map((style) =>
          jsonOf(n('45659.25', style), { ...all, isDate1904 }),
        ),
      );
    const numberJson = '45659.25';
    expect(await values(false)).toEqual([
      '"2025-01-02T06:00:00"',
      '"2025-01-02T06:00:00"',
      '"PT1095822H"',
      numberJson,
      numberJson,
      '"2025-01-02T06:00:00"',
      '"2025-01-02T06:00:00"',
      '"PT1095822H"',
      numberJson,
      numberJson,
    ]);
    expect((await values(true))[0]).toBe('"2029-01-03T06:00:00"');
    expect(await jsonOf(n('-1', '1'), all)).toBe('-1');
    expect(await jsonOf(n('soon', '1'), all)).toBe('"soon"');
  });

  it('without a style has the first, whatever that is', async () => {
    const files = {
      'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="14"/><xf numFmtId="0"/></cellXfs></styleSheet>',
    };
    expect(await jsonOf(n('45659'), { files })).toBe('"2025-01-02"');
    expect(await jsonOf(`${n('45659')}<!-- for the parser -->`, { files })).toBe('"2025-01-02"');
    expect(await jsonOf(n('45659', '1'), { files })).toBe('45659');
  });

  it('is the same with a prefix before every name, in the strict form and without any reference', async () => {
    const xml =
      '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>v</x:t></x:is></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c></x:row><x:row><x:c><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>';
    const relations =
      '<Relationships><Relationship Id="a" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="/xl/worksheets/sheet1.xml"/></Relationships>';
    const bytes = writeWorkbook({
      sheets: [{ xml }],
      files: {
        'xl/workbook.xml':
          '<w:workbook xmlns:w="urn:w" xmlns:s="urn:s"><w:sheets><w:sheet name="a" s:id="a"/></w:sheets></w:workbook>',
        'xl/_rels/workbook.xml.rels': relations,
      },
    });
    expect(await recordsOf(bytes)).toEqual(['{"v":1}', '{"v":2}']);
    const straight = await readBytes(bytes);
    expect(straight.records.map(({ position }) => position.line)).toEqual([2, 3]);
  });

  it('outside of the rows is none', async () => {
    const xml = sheetXml(row(['v']) + row(['1'])).replace(
      '</worksheet>',
      '<ext><row><c><v>9</v></c></row></ext></worksheet>',
    );
    expect(await recordsOf(writeWorkbook({ sheets: [{ xml }] }))).toEqual(['{"v":"1"}']);
  });
});
