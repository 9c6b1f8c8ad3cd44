/** What hostile and broken documents may not do: end in anything but records and our codes, take long, or fill the memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { isBadRecord } from '../../src/model/record.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import { declaredEncoding } from '../../src/readers/xml-encoding.ts';
import { createXmlReader } from '../../src/readers/xml-reader.ts';
import { findXmlRecordPath } from '../../src/readers/xml-record-path.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../contracts/reader-suite.ts';
import { corpusFolder } from '../protocol/corpora.ts';

const reader = createXmlReader(DEFAULT_FORMATS.xml);
const read = (bytes: Uint8Array, options: Partial<ReaderOptions>, cut?: () => number): Promise<ReadResult> =>
  readAll(reader, memorySource(bytes, cut), { recordPath: 'p', ...options });

const attacks = corpusFolder('xml-attacks');
describe.skipIf(attacks === undefined)('Documents that attack XML parsers', () => {
  const folder = attacks ?? '';
  const names = attacks === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.xml'));
  const ACCEPTED = new Set(['dx-dtd-retrieval.xml', 'pat-xinclude.xml', 'pat-cdata-inner-doctype.xml']);

  it.each(names)('%s is refused, or plain data', async (name) => {
    const bytes = readFileSync(join(folder, name));
    const encoding = declaredEncoding(bytes);
    const text = encoding?.startsWith('utf-16') ? Buffer.from(new TextDecoder(encoding).decode(bytes)) : bytes;
    const error = await findXmlRecordPath(memorySource(text), { maxDepth: 64 }).then(
      async (path) => (await read(text, { recordPath: path })).error,
      (failure) => failure,
    );
    const { error: readError } = await read(text, { recordPath: 'foo' });
    if (ACCEPTED.has(name)) {
      expect([undefined, 'RECORD_PATH_NEEDED', 'RECORDS_NOT_FOUND']).toContain(error?.code);
      expect(readError?.code).toBe('RECORD_PATH_NOT_FOUND');
    } else {
      expect(['ENTITY_REFUSED', 'READER_SYNTAX', 'FORMAT_MISMATCH']).toContain(error.code);
      expect(['ENTITY_REFUSED', 'READER_SYNTAX', 'FORMAT_MISMATCH']).toContain(readError?.code);
    }
  });
});

describe('A document without end', () => {
  const MAX_RECORD_BYTES = 1 << 20;
  const STREAM_BYTES = 64 << 20;

  /** Reads `before` and then one block again and again. */
  async function endOf(before: string, repeated: string, options: Partial<ReaderOptions> = {}): Promise<unknown> {
    const block = Buffer.from(repeated.repeat(Math.ceil((1 << 16) / repeated.length)));
    let givenBytes = 0;
    const source = {
      ...memorySource(new Uint8Array()),
      async *open() {
        yield Buffer.from(before);
        for (; givenBytes < STREAM_BYTES; givenBytes += block.length) yield block;
      },
    };
    const { error } = await readAll(reader, source, { recordPath: 'p', maxRecordBytes: MAX_RECORD_BYTES, ...options });
    return { code: error?.code, isStoppedEarly: givenBytes < 4 * MAX_RECORD_BYTES };
  }

  it.each([
    ['text', '<r><p>', 'x', 'RECORD_TOO_LARGE'],
    ['white space', '<r><p>', ' ', 'RECORD_TOO_LARGE'],
    ['an attribute', '<r><p a="', 'x', 'RECORD_TOO_LARGE'],
    ['attributes', '<r><p', ' b="1"', 'RECORD_TOO_LARGE'],
    ['a name', '<r><p><', 'x', 'RECORD_TOO_LARGE'],
    ['a comment', '<r><p><!--', 'x', 'RECORD_TOO_LARGE'],
    ['CDATA', '<r><p><![CDATA[', ']', 'RECORD_TOO_LARGE'],
    ['references', '<r><p>', '&lt;', 'RECORD_TOO_LARGE'],
    ['children', '<r><p>', '<a/>', 'RECORD_TOO_LARGE'],
    ['nesting', '<r><p>', '<a>', 'RECORD_TOO_DEEP'],
    ['a reference', '<r><p>&', 'x', 'READER_SYNTAX'],
    ['text outside of records', '<r>', 'x', 'READER_SYNTAX'],
    ['a name outside of records', '<r><', 'x', 'READER_SYNTAX'],
    ['nesting outside of records', '<r>', '<a>', 'READER_SYNTAX'],
    ['an attribute outside of records', '<r a="', 'x', 'READER_SYNTAX'],
    ['a comment outside of records', '<r><!--', 'x', 'READER_SYNTAX'],
    ['a comment before the root', '<!--', 'x', 'READER_SYNTAX'],
    ['a document type declaration', '<!DOCTYPE r [', 'x', 'READER_SYNTAX'],
    ['an entity', '<!DOCTYPE r [<!ENTITY a "', 'x', 'ENTITY_REFUSED'],
  ])('made of %s is refused soon', async (_, before, repeated, code) => {
    expect(await endOf(before, repeated)).toEqual({ code, isStoppedEarly: true });
  });

  it('that is one bad record is passed over in flat memory, to its end', async () => {
    expect(await endOf('<r><p>', 'x', { onBadRecord: 'quarantine' })).toEqual({
      code: 'RECORD_TOO_LARGE',
      isStoppedEarly: false,
    });
  });
});

describe('Broken documents', () => {
  const DOCUMENT = Buffer.from(
    `<?xml version="1.0"?><r a="1"><h/>${Array.from({ length: 12 }, (_, n) => `<p id="${n}"><a>x ${n} &amp; ö</a><![CDATA[<p>]]><b c='d'/><!-- </p> --></p>\n`).join('')}</r>`,
  );
  const FRAGMENTS = [
    '<',
    '>',
    '&',
    '</p>',
    '<p>',
    '<p',
    '"',
    "'",
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '&#0;',
    '</r>',
    '<!DOCTYPE',
    '\0',
    '\xff',
    '\xc3',
  ];
  const mutations = fc.array(
    fc.record({ at: fc.nat(DOCUMENT.length), drop: fc.nat(6), fragment: fc.constantFrom('', ...FRAGMENTS) }),
    { minLength: 1, maxLength: 4 },
  );
  const mutate = (changes: readonly { at: number; drop: number; fragment: string }[]): Buffer => {
    let bytes = DOCUMENT;
    for (const { at, drop, fragment } of changes) {
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(fragment, 'latin1'), bytes.subarray(at + drop)]);
    }
    return bytes;
  };

  it('give records, bad records and our codes, the same however they are cut and from wherever they are read', async () => {
    await fc.assert(
      fc.asyncProperty(mutations, fc.integer({ min: 1, max: 40 }), async (changes, length) => {
        const bytes = mutate(changes);
        for (const onBadRecord of ['fail', 'quarantine'] as const) {
          const straight = await read(bytes, { onBadRecord });
          if (straight.error !== null) expect(Object.keys(ERRORS)).toContain(straight.error.code);
          const cut = await read(bytes, { onBadRecord }, () => length);
          expect(cut.error?.code).toBe(straight.error?.code);
          expect(cut.error?.place).toEqual(straight.error?.place);
          expect([cut.records, cut.bad]).toEqual([straight.records, straight.bad]);
          const from = straight.records[Math.min(length, straight.records.length - 1)]?.position;
          if (from === undefined) continue;
          const resumed = await readAll(reader, memorySource(bytes), { recordPath: 'p', onBadRecord }, from);
          expect(resumed.records).toEqual(
            straight.records.filter(({ position }) => position.byteOffset >= from.byteOffset),
          );
          expect(resumed.error?.place).toEqual(straight.error?.place);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('lose nothing between records unsaid: a bad record reaches to where reading goes on', async () => {
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const bytes = mutate(changes);
        const { records, bad, error } = await read(bytes, { onBadRecord: 'quarantine' });
        if (error !== null) return;
        const ends = bad.map(({ position, byteLength }) => position.byteOffset + byteLength);
        for (const { position } of records)
          expect(bytes.subarray(position.byteOffset, position.byteOffset + 2).toString()).toBe('<p');
        for (const [index, { position }] of bad.entries())
          if (index > 0) expect(position.byteOffset).toBeGreaterThanOrEqual(ends[index - 1] ?? 0);
      }),
      { numRuns: 200 },
    );
  });

  it('of records that each seem to go on behind their end are read in time that grows with their size', async () => {
    const record = `<p><![CDATA[${'x'.repeat(1000)}</p>`;
    const bytes = Buffer.from(`<r>${record.repeat(500)}<p/></r>`);
    const { bad, records } = await read(bytes, { onBadRecord: 'quarantine', maxRecordBytes: 64 << 10 });
    expect(bad).toHaveLength(500);
    expect(records).toHaveLength(1);
  });

  it('of records with an ampersand that stands for itself are read at the speed of others', async () => {
    const bytes = Buffer.from(`<r>${`<p>Tom & Jerry ${'x'.repeat(1000)}</p>`.repeat(3000)}<p/></r>`);
    let badCount = 0;
    const options = {
      maxRecordBytes: 1 << 20,
      maxDepth: 9,
      numberForm: 'exact',
      recordPath: 'p',
      onBadRecord: 'quarantine',
    } as const;
    for await (const batch of reader.read(memorySource(bytes), null, options))
      badCount += batch.filter(isBadRecord).length;
    expect(badCount).toBe(3000);
  });
});
