import { describe, expect, it } from 'vitest';
import { DEFAULT_FORMATS, type XmlFormat } from '../../src/model/format.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { createXmlReader } from '../../src/readers/xml-reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeReader, framed, placeIn, type ReadResult, readAll } from '../contracts/reader-suite.ts';

const reader = createXmlReader(DEFAULT_FORMATS.xml);

const DOCUMENT = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>\r
<!DOCTYPE catalog SYSTEM "catalog.dtd" [<!-- <!ENTITY in a comment --> <!ELEMENT catalog ANY>]>
<catalog xmlns:g="http://example.com/g"><!-- <product/> & -->
  <head>none of them</head>
  <products a='1'><product
    id="7" g:kind='"&lt;"'>Größe <b>ü 😀</b> &amp;<![CDATA[<&>]]>
  </product><product/>
  between<product> text \\ only&#x1F600;\t </product   >
  <?go on?>
  </products><products><product>
    <z>1</z><image>a</image><é>x</é><image/><image k="v">😀</image></product></products>
</catalog>
<!-- end -->
`);

describeReader({
  name: 'The XML reader',
  reader,
  recordPath: 'catalog/products/product',
  document: DOCUMENT,
  records: [
    '{"#text":"Größe  &<&>","@g:kind":"\\"<\\"","@id":"7","b":"ü 😀"}',
    'null',
    '"text \\\\ only😀"',
    '{"image":["a",null,{"#text":"😀","@k":"v"}],"z":"1","é":"x"}',
  ],
  ...framed({
    before: '<catalog>\n<products>',
    between: '\n',
    after: '</products>\n</catalog>',
    filler: `<product id="1"><name>${'x'.repeat(500)}</name>\n<description>${'y '.repeat(200)}</description></product>`,
  }),
  sound: [
    { text: '<product>1</product>', canonical: '"1"' },
    { text: '<product b="2"><a/></product>', canonical: '{"@b":"2","a":null}' },
    { text: '<product>zwei ö</product>', canonical: '"zwei ö"' },
  ],
  bad: [
    { text: '<product><a>x</product>', code: 'READER_SYNTAX', offset: 22 },
    { text: '<product>Tom & Jerry</product>', code: 'READER_SYNTAX', offset: 13 },
    { text: '<product a="&nbsp;"/>', code: 'READER_SYNTAX', offset: 12 },
    { text: '<product a="1" a="2"></product>', code: 'READER_SYNTAX', offset: 20 },
    { text: '<product a=1></product>', code: 'READER_SYNTAX', offset: 11 },
    { text: '<product>&#xD800;</product>', code: 'READER_SYNTAX', offset: 16 },
    { text: '<product>ö\u0001</product>', code: 'READER_SYNTAX', offset: 11 },
  ],
  bounded: { text: '<product><abc>1234567</abc></product>', byteCount: 37 },
  isSound: (prefix) => /<\/catalog>\s*(?:<!-- end -->\s*)?$/.test(Buffer.from(prefix).toString()),
  truncationCodes: ['READER_TRUNCATED'],
  isEmptySound: false,
});

interface Asked extends Partial<ReaderOptions> {
  readonly format?: Partial<XmlFormat>;
  readonly cut?: (offset: number) => number;
}

const read = (text: string | Uint8Array, { format, cut, ...options }: Asked = {}): Promise<ReadResult> =>
  readAll(createXmlReader({ ...DEFAULT_FORMATS.xml, ...format }), memorySource(Buffer.from(text), cut), {
    recordPath: 'p',
    ...options,
  });

/** The one record of `<r>…</r>`. */
async function recordOf(text: string, format: Partial<XmlFormat> = {}): Promise<string | undefined> {
  const { records, error } = await read(`<r>${text}</r>`, { format });
  if (error !== null) throw error;
  return records[0]?.text;
}

describe('The value of an XML record', () => {
  it.each<[string, Partial<XmlFormat>, string]>([
    ['<p a="1"><b/></p>', { attributePrefix: '' }, '{"a":"1","b":null}'],
    ['<p a="1">x</p>', { textKey: 'value' }, '{"@a":"1","value":"x"}'],
    ['<p><b>1</b><c>2</c></p>', { forceList: ['b'] }, '{"b":["1"],"c":"2"}'],
    ['<p d="0"><b>1</b><c>2</c>x</p>', { forceList: true }, '{"#text":"x","@d":"0","b":["1"],"c":["2"]}'],
    ['<p> <b> x </b> </p>', { trim: false }, '{"#text":"  ","b":" x "}'],
    ['<p> </p>', { trim: false }, '" "'],
    [
      '<x:p xmlns:x="u" xmlns="v" x:a="1"><y:b/><x:b>2</x:b></x:p>',
      { stripNamespaces: true },
      '{"@a":"1","b":[null,"2"]}',
    ],
    ['<p xmlns:x="u"><x:b/></p>', {}, '{"@xmlns:x":"u","x:b":null}'],
    ['<p><\u{10000}/><\uf900/></p>', {}, '{"\u{10000}":null,"\uf900":null}'],
  ])('of %s with %o', async (text, format, expected) => {
    expect(await recordOf(text, format)).toBe(expected);
  });

  it.each<[string, Partial<XmlFormat>]>([
    ['<p a="1"><a/></p>', { attributePrefix: '' }],
    ['<p a="1" x:a="2"/>', { stripNamespaces: true }],
    ['<p b="1">x<t/></p>', { textKey: 't' }],
  ])('is refused where two parts of %s would have one key', async (text, format) => {
    const { records, error } = await read(`<r><p/>${text}</r>`, { format });
    expect(records).toHaveLength(1);
    expect(error?.code).toBe('DUPLICATE_KEY');
  });

  it('keeps the order of keys right however many and new they are', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `k${(index * 7919) % 3000}`);
    const document = `<r>${[0, 1, 2].map((n) => `<p>${names.map((name) => `<${name}.${n}/>`).join('')}</p>`).join('')}</r>`;
    const { records } = await read(document);
    for (const [n, { text }] of records.entries()) {
      const keys = names.map((name) => `${name}.${n}`).toSorted();
      expect(text).toBe(`{${keys.map((key) => `"${key}":null`).join(',')}}`);
    }
  });
});

describe('The elements that are records of an XML document', () => {
  it('are those of a name below the root, but not inside of each other', async () => {
    const { records } = await read('<p><p>1</p><g><p>2<p>3</p></p></g><q><h><p>4</p></h></q></p>');
    expect(records.map(({ text }) => text)).toEqual(['"1"', '{"#text":"2","p":"3"}', '"4"']);
  });

  it('are those at a path, and no others of their name', async () => {
    const document = '<r><p>0</p><g><p>1</p><h><p>x</p></h></g><h><p>y</p></h><g><p>2</p></g></r>';
    const { records } = await read(document, { recordPath: 'r/g/p' });
    expect(records.map(({ text }) => text)).toEqual(['"1"', '"2"']);
  });

  it('are named with their prefix, or without where prefixes are left out', async () => {
    const document = '<x:r xmlns:x="u"><x:p>1</x:p><p>2</p></x:r>';
    expect((await read(document)).records.map(({ text }) => text)).toEqual(['"2"']);
    expect((await read(document, { recordPath: 'x:r/x:p' })).records.map(({ text }) => text)).toEqual(['"1"']);
    for (const recordPath of ['r/p', 'p', 'x:r/x:p']) {
      expect((await read(document, { recordPath, format: { stripNamespaces: true } })).records).toHaveLength(2);
    }
  });

  it.each(['<x:r xmlns:x="u"><x:p/></x:r>', '<r/>', '<p/>', '<html><body/></html>'])(
    'are missed in %s, which is an error and no empty success',
    async (document) => {
      expect((await read(document)).error?.code).toBe('RECORD_PATH_NOT_FOUND');
    },
  );
});

describe('What is wrong with an XML document', () => {
  it.each([
    ['', 'READER_TRUNCATED', 0],
    [' \n ', 'READER_TRUNCATED', 3],
    ['id;name\n1;x', 'FORMAT_MISMATCH', 0],
    ['{"p":1}', 'FORMAT_MISMATCH', 0],
    ['PK\u0003\u0004', 'FORMAT_MISMATCH', 0],
    ['<r><p/>', 'READER_TRUNCATED', 7],
    ['<r><p/></r>\n x', 'READER_SYNTAX', 13],
    ['<r><p/></r><r/>', 'READER_SYNTAX', 13],
    ['<r><p/></q>', 'READER_SYNTAX', 10],
    ['<r> x & y <p/></r>', 'READER_SYNTAX', 6],
    ['<r><p/><!-- a -- b --></r>', 'READER_SYNTAX', 16],
    ['<!DOCTYPE r [<!ENTITY a "b">]><r><p/></r>', 'ENTITY_REFUSED', 13],
    ['<!DOCTYPE r [<!-- - -->\n <!ENTITY % a SYSTEM "b">]><r><p/></r>', 'ENTITY_REFUSED', 25],
    [`<!DOCTYPE r [${' '.repeat(70_000)}]><r><p/></r>`, 'READER_SYNTAX', 0],
  ])('is told with its place: %s', async (document, code, byteOffset) => {
    for (const cut of [undefined, () => 7]) {
      for (const onBadRecord of ['fail', 'quarantine'] as const) {
        const { bad, error } = await read(document, { onBadRecord, ...(cut && { cut }) });
        expect(bad).toEqual([]);
        expect(error).toMatchObject({ code, place: placeIn(Buffer.from(document), byteOffset) });
      }
    }
  });

  it('is invalid UTF-8 at its byte, in a record as well as outside of one', async () => {
    const inside = Buffer.from('<r><p>1</p><p>?</p><p>2</p></r>', 'latin1');
    inside[14] = 0xff;
    const aside = await read(inside, { onBadRecord: 'quarantine' });
    expect(aside.error).toBeNull();
    expect(aside.records.map(({ text }) => text)).toEqual(['"1"', '"2"']);
    expect(aside.bad).toMatchObject([{ code: 'INVALID_UTF8', byteLength: 8, place: { byteOffset: 14 } }]);
    const outside = Buffer.from('<r><p>1</p>?<p>2</p></r>', 'latin1');
    outside[11] = 0xe4;
    expect((await read(outside, { onBadRecord: 'quarantine' })).error).toMatchObject({
      code: 'INVALID_UTF8',
      place: { byteOffset: 11 },
    });
    const surrogate = Buffer.from('<r><p>\u0800</p></r>');
    surrogate.set([0xed, 0xa0, 0x80], 6);
    expect((await read(surrogate)).error).toMatchObject({ code: 'LONE_SURROGATE', place: { byteOffset: 6 } });
  });
});

describe('A broken XML record that is set aside', () => {
  const aside = async (text: string, recordPath = 'r/g/p') => {
    const { records, bad, error } = await read(text, { recordPath, onBadRecord: 'quarantine' });
    expect(error).toBeNull();
    return { texts: records.map((record) => record.text), raw: bad.map((one) => one.raw) };
  };

  it.each([
    ['ends behind its own end tag', '<r><g><p><a></p> <p>2</p></g></r>', ['<p><a></p>']],
    ['ends where the next record begins', '<r><g><p><a> <p>2</p></g></r>', ['<p><a> ']],
    ['ends with the element around it', '<r><g><p><a> </g><g><p>2</p></g></r>', ['<p><a> ']],
    ['may be the last', '<r><g><p>2</p><p><a></g></r>', ['<p><a>']],
    [
      'takes in a comment, CDATA section or value that does not end',
      '<r><g><p><!-- </p><p><![CDATA[</p><p a="></p><p>2</p></g></r>',
      ['<p><!-- </p>', '<p><![CDATA[</p>', '<p a="></p>'],
    ],
    ['is not ended by longer names', '<r><g><p><a></px><px/></p  ><p>2</p></g></r>', ['<p><a></px><px/></p  >']],
    ['is not closed by the end tag of another', '<r><g><p></g><g><p>2</p></g></r>', ['<p>']],
  ])('%s', async (_, text, raw) => {
    expect(await aside(text)).toEqual({ texts: ['"2"'], raw });
  });

  it('keeps the beginning of its raw bytes where it is large', async () => {
    const text = `<r><p>&${'x'.repeat(200_000)}</p><p/></r>`;
    const { bad, records } = await read(text, { onBadRecord: 'quarantine', cut: () => 1000 });
    expect(records).toHaveLength(1);
    expect(bad).toMatchObject([{ byteLength: 200_008, code: 'READER_SYNTAX' }]);
    expect(bad[0]?.raw).toBe(text.slice(3, 3 + 65_536));
  });

  it('does not hide that the document is cut off or broken behind it', async () => {
    const cutOff = await read('<r><p>1</p><p><a>', { onBadRecord: 'quarantine' });
    expect([cutOff.bad.length, cutOff.error?.code]).toEqual([0, 'READER_TRUNCATED']);
    const broken = await read('<r><p>&x;</p></s>', { onBadRecord: 'quarantine' });
    expect([broken.bad.length, broken.error?.code]).toEqual([1, 'READER_SYNTAX']);
  });
});
