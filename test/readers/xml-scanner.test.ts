/**
 * What the scanner makes of a record is what the parser makes of it: documents are read twice, once with a scanner that takes nothing, and all must be the same, bytes, positions, bad
 * records and errors.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_FORMATS, type XmlFormat } from '../../src/model/format.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { RecordScanner } from '../../src/readers/xml/record-scanner.ts';
import { createXmlReader } from '../../src/readers/xml-reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../contracts/reader-suite.ts';
import { corpusFolder } from '../protocol/corpora.ts';

interface Asked extends Partial<ReaderOptions> {
  readonly format?: Partial<XmlFormat>;
  readonly cut?: () => number;
}

/** What is left of a reading for comparison. */
async function read(bytes: Uint8Array, { format, cut, ...options }: Asked): Promise<object> {
  const reader = createXmlReader({ ...DEFAULT_FORMATS.xml, ...format });
  const { records, bad, error }: ReadResult = await readAll(reader, memorySource(bytes, cut), {
    recordPath: 'p',
    ...options,
  });
  return { records, bad, code: error?.code, message: error?.message, place: error?.place };
}

/** Expects both ways to agree, and returns how many records the scanner took and was given. */
async function compare(bytes: Uint8Array, asked: Asked): Promise<{ readonly taken: number; readonly given: number }> {
  const scan = vi.spyOn(RecordScanner.prototype, 'scan');
  const scanned = await read(bytes, asked);
  const taken = scan.mock.results.filter(({ value }) => value >= 0).length;
  const given = scan.mock.results.length;
  scan.mockImplementation((_, start) => ~start);
  expect(scanned).toEqual(await read(bytes, asked));
  scan.mockRestore();
  return { taken, given };
}

afterEach(() => {
  vi.restoreAllMocks();
});

const CHARACTERS = [
  'a',
  'b c',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '\t',
  '"',
  '\\',
  '\\n',
  ']',
  ']]',
  '>',
  '/',
  '-',
  '=',
  "'",
  ';',
  'ö',
  '漢',
  '😀',
  '～',
  '\u0085',
  '\u00a0',
  '\u2003',
  '\u3000',
  '\ufeff',
  '\u007f',
  '\u200b',

  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#10;',
  '&#13;',
  '&#32;',
  '&#x9;',
  '&#xe4;',
  '&#128512;',
  '&#093;',
  '&#x00A0;',
];
/** What the parser refuses, or takes for something else. */
const FAULTS = [
  '&',
  '&x;',
  '&#0;',
  '&#xD800;',
  '&#X41;',
  '&#xFFFE;',
  '&#;',
  '&#12',
  '&amp',
  ']]>',
  '<',
  '<>',
  '</',
  '</p>',
  '</a>',
  '<p>',
  '<a>',
  '<a',
  '<!',
  '<!-',
  '<!--',
  '-->',

  '<!-- -- -->',
  '<!-->',
  '<![CDATA[',
  '<![CDATA',
  '<!DOCTYPE p>',
  '<?x y?>',
  '<?xml version="1.0"?>',
  '"',
  "'",
  '=',
  ' a="1"',
  ' a="1" a="2"',
  '/',
  '/>',
  '\u0000',
  '\u0001',
  '\ufffe',
  '\uffff',
  '\ud800',
];
const NAMES = ['a', 'b', 'a', 'b', 'x:a', 'y:a', 'ö', 'xmlns', 'xmlns:x', 'p', 'aa', 'a-b.c'];

const name = fc.constantFrom(...NAMES);
const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n');
const content = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 4 }).map((pieces) => pieces.join(''));
const attribute = fc
  .tuple(space, name, space, space, content, fc.boolean())
  .map(([before, key, left, right, value, isSingle]) => {
    const quote = isSingle ? "'" : '"';
    return ` ${before}${key}${left}=${right}${quote}${value.replaceAll(quote, '').replaceAll(']]>', '')}${quote}`;
  });
const tag = fc
  .tuple(fc.uniqueArray(attribute, { maxLength: 3, selector: (text) => text.split('=')[0]?.trim() }), space)
  .map(([attributes, end]) => attributes.join('') + end);
const { element } = fc.letrec<{ element: string; inside: string }>((tie) => ({
  element: fc
    .tuple(name, tag, fc.array(tie('inside'), { maxLength: 4 }), space)
    .map(([key, rest, inside, end]) =>
      inside.length === 0 && end === '' ? `<${key}${rest}/>` : `<${key}${rest}>${inside.join('')}</${key}${end}>`,
    ),
  inside: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    content,
    space,
    content.map((text) => `<![CDATA[${text}]]>`),
    content.map((text) => `<!--${text.replaceAll('-', '')}-->`),
    tie('element'),
  ),
}));
const record = fc
  .tuple(tag, fc.array(fc.oneof(element, element, content), { maxLength: 5 }))
  .map(([rest, inside]) => `<p${rest}>${inside.join('')}</p>`);
const change = fc.record({ at: fc.nat(999), drop: fc.nat(3), fragment: fc.constantFrom('', '', ...FAULTS) });
const changed = fc.tuple(record, fc.option(change, { freq: 1 })).map(([text, one]) => {
  if (one === null) return text;
  const at = Math.floor((one.at * text.length) / 1000);
  return text.slice(0, at) + one.fragment + text.slice(at + one.drop);
});
const feed = fc
  .tuple(fc.array(changed, { minLength: 16, maxLength: 24 }), space)
  .map(([records, between]) => `<r>${LEARNT}${records.join(between)}</r>`);
/** A sound record with all names, for the scanner to know them. */
const LEARNT = `<p ${['a', 'b', 'x:a', 'y:a', 'ö', 'xmlns', 'xmlns:x', 'p', 'aa', 'a-b.c'].map((key) => `${key}="1"`).join(' ')}>${[...new Set(NAMES)].map((key) => `<${key}/>`).join('')}</p>`;
const format = fc.constantFrom<Partial<XmlFormat>>(
  {},
  {},
  { trim: false },
  { stripNamespaces: true },
  { attributePrefix: '', forceList: ['a'] },
  { forceList: true, textKey: 'b' },
);

describe('The scanner of XML records', () => {
  it('agrees with the parser on 8 000 records, sound and broken, however they are cut', async () => {
    let taken = 0;
    let given = 0;
    await fc.assert(
      fc.asyncProperty(feed, format, fc.nat(200), fc.boolean(), async (document, options, cut, isSmall) => {
        const bytes = Buffer.from(document);
        const limits = isSmall ? { maxRecordBytes: 400, maxDepth: 3 } : {};
        const asked: Asked = { format: options, onBadRecord: 'quarantine', ...limits };
        const counts = await compare(bytes, cut === 0 ? asked : { ...asked, cut: () => cut });
        taken += counts.taken;
        given += counts.given;
      }),
      { numRuns: 400 },
    );
    // Else nothing was compared.
    expect(taken).toBeGreaterThan(given / 8);
    expect(taken).toBeGreaterThan(1500);
  }, 60_000);

  it('agrees with the parser on bytes that are no UTF-8, wherever they stand', async () => {
    const text = '<p a="ö"><a>漢 x</a><!-- ü --><![CDATA[😀]]></p>';
    const before = `<r>${LEARNT}<p a="1"><a/></p>`;
    const length = Buffer.byteLength(text);
    for (const byte of [0x80, 0xc3, 0xed, 0xef, 0xf5, 0xff]) {
      for (let at = 0; at < length; at += 1) {
        const bytes = Buffer.from(`${before}${text}<p/></r>`);
        bytes[before.length + 1 + at] = byte;
        await compare(bytes, { onBadRecord: 'quarantine' });
      }
    }
  });

  it('agrees with the parser on each byte of ASCII in each place', async () => {
    const text = '<p a="1" ><a>]]x>&lt;&#10;</a ><!-- c --><![CDATA[x]] ]]></p>';
    for (let at = 0; at < text.length; at += 1) {
      const variants = Array.from(
        { length: 128 },
        (_, byte) => text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1),
      );
      await compare(Buffer.from(`<r>${LEARNT}${text}${variants.join('')}<p/></r>`), { onBadRecord: 'quarantine' });
    }
  });

  it('takes all records of a feed but the first, and those with names that are new', async () => {
    const records = Array.from(
      { length: 50 },
      (_, n) => `<p id="${n}">\n  <a b='"'>ö &amp; <![CDATA[<x>]]></a><!-- c --><a/>${n === 20 ? '<new/>' : ''}\n</p>`,
    );
    const counts = await compare(Buffer.from(`<r><p/>${records.join('\n')}</r>`), { cut: () => 1000 });
    expect(counts.taken).toBe(48);
  });

  it('leaves names to the parser that are found by too many', async () => {
    const names = Array.from({ length: 1500 }, (_, n) => `n${n}`);
    const records = names.map((one) => `<p><${one}>1</${one}></p>`);
    await compare(Buffer.from(`<r>${records.join('')}${records.join('')}</r>`), {});
  });
});

const attacks = corpusFolder('xml-attacks');
const folders = [join(import.meta.dirname, '..', '..', 'fixtures', 'xml'), ...(attacks === undefined ? [] : [attacks])];
describe.each(folders)('The documents of %s', (folder) => {
  const names = readdirSync(folder).filter((one) => one.endsWith('.xml'));

  it.each(names)('%s are read alike with scanner and without', async (one) => {
    const bytes = readFileSync(join(folder, one));
    const elements = new Set(bytes.toString('latin1').match(/(?<=<)[A-Za-z][\w:.-]*/g));
    for (const recordPath of elements) await compare(bytes, { recordPath, onBadRecord: 'quarantine' });
  });
});
