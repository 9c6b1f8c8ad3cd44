/**
 * Bad records in JSON and NDJSON, in any document: all sound ones arrive, and each bad one is set aside as it stands, or the reading ends there
 * with its error after all that came before.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, ServiceError } from '../../src/errors.ts';
import { jsonReader } from '../../src/readers/json-reader.ts';
import { ndjsonReader } from '../../src/readers/ndjson-reader.ts';
import type { ReaderOptions } from '../../src/readers/reader.ts';
import type { Source } from '../../src/sources/source.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { type ReadResult, readAll } from '../contracts/reader-suite.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import { corpusFolder } from '../protocol/corpora.ts';

const QUARANTINE: Partial<ReaderOptions> = { onBadRecord: 'quarantine' };
const texts = ({ records }: ReadResult): string[] => records.map(({ text }) => text);

const recover = (text: string | Buffer, options: Partial<ReaderOptions> = {}): Promise<ReadResult> =>
  readAll(
    jsonReader,
    memorySource(Buffer.from(text), () => 3),
    { ...QUARANTINE, ...options },
  );

describe('Recovery in JSON', () => {
  it.each([
    ['[1,tru,2]', ['1', '2'], ['tru']],
    ['[1, tru \n, 2]', ['1', '2'], ['tru']],
    ['[1,,2]', ['1', '2'], ['']],
    ['[,1]', ['1'], ['']],
    ['[1,]', ['1'], ['']],
    ['[,]', [], ['', '']],
    ['[1 2,3]', ['3'], ['1 2']],
    ['[{"a":1}{"a":2},3]', ['3'], ['{"a":1}{"a":2}']],
    ['[{"a":1}\n\n{"a":2}]', [], ['{"a":1}\n\n{"a":2}']],
    ['[{"a":1,"a":2},3]', ['3'], ['{"a":1,"a":2}']],
    ['[{a:[1,"]"]},3]', ['3'], ['{a:[1,"]"]}']],
    ['[NaN,-,01,.5,1e,3]', ['3'], ['NaN', '-', '01', '.5', '1e']],
    ['["\\x",3]', ['3'], ['"\\x"']],
  ] as const)('reads of %j %j and sets %j aside', async (text, sound, bad) => {
    const result = await recover(text);
    expect(result.error).toBeNull();
    expect(texts(result)).toEqual(sound);
    expect(result.bad.map(({ raw }) => raw)).toEqual(bad);
    for (const { position, raw, byteLength } of result.bad) {
      expect(text.slice(position.byteOffset, position.byteOffset + byteLength)).toBe(raw);
    }
  });

  it.each([
    ['[1,tru', ['1'], 'READER_TRUNCATED'],
    ['[1,trx', ['1'], 'READER_SYNTAX'],
    ['[1,"abc,2]', ['1'], 'READER_TRUNCATED'],
    ['[1,{"a":"\\ud800",2]', ['1'], 'LONE_SURROGATE'],
    ['[1,{"a":1,2]', ['1'], 'READER_SYNTAX'],
    ['[1,{"a":1,"a":2]', ['1'], 'READER_SYNTAX'],
    ['[1,[2},3]', ['1'], 'READER_SYNTAX'],
    ['[1},3]', [], 'READER_SYNTAX'],
    ['[1,2', ['1'], 'READER_TRUNCATED'],
    ['[1,"x"', ['1', '"x"'], 'READER_TRUNCATED'],
    ['[1,tru,2]]', ['1', '2'], 'READER_SYNTAX'],
    ['[1,2]"', ['1', '2'], 'READER_SYNTAX'],
  ] as const)('of %j reads %j and ends with %s, for the end of what is bad is in doubt', async (text, sound, code) => {
    const result = await recover(text);
    expect(texts(result)).toEqual(sound);
    expect(result.error?.code).toBe(code);
  });

  it('sets invalid UTF-8 and records too large or too deep aside', async () => {
    const large = `{"a":[${'"xxxxxxxx",'.repeat(20_000)}"\\"]"]}`;
    const deep = `${'['.repeat(100)}{"a":"]"}${']'.repeat(100)}`;
    const text = Buffer.from(`{"o":{"a":[1,"?",${large},2,${deep},3],"z":1}}`);
    text[text.indexOf('?')] = 0xff;
    const { records, bad, error } = await recover(text, { recordPath: 'o.a', maxRecordBytes: 1000 });
    expect(error).toBeNull();
    expect(records.map((record) => record.text)).toEqual(['1', '2', '3']);
    expect(bad.map(({ code, raw, byteLength }) => [code, raw, byteLength])).toEqual([
      ['INVALID_UTF8', '"\xff"', 3],
      ['RECORD_TOO_LARGE', large.slice(0, 65_536), large.length],
      ['RECORD_TOO_DEEP', deep, deep.length],
    ]);
  });

  it('answers for white space between a record and its comma as for the record, however much there is', async () => {
    for (const spaces of [1, 5, 11, 12, 13, 100_000]) {
      for (const cut of [1, 7, 1_000_000]) {
        const read = (text: string) =>
          readAll(
            jsonReader,
            memorySource(Buffer.from(text), () => cut),
            { ...QUARANTINE, maxRecordBytes: 12 },
          );
        const sound = await read(`[1,"x"${' '.repeat(spaces)},2]`);
        expect([texts(sound), sound.bad, sound.error]).toEqual([['1', '"x"', '2'], [], null]);
        const stray = await read(`[1,"x"${' '.repeat(spaces)}tru,2]`);
        if (spaces < 10) expect([texts(stray), stray.bad.length, stray.error]).toEqual([['1', '2'], 1, null]);
        else expect([texts(stray), stray.bad, stray.error?.code]).toEqual([['1', '"x"'], [], 'READER_SYNTAX']);
      }
    }
  });

  it('finds the same whatever the blocks are, also where a fault lies at the bound', async () => {
    for (const element of [
      '{"a":1,"a":2,"b":[1,2,3,4,5,6,7]}',
      '["\\ud800", "xxxxxxxxxxxxxxxxxxx"]',
      '[1e1000000000     ]',
    ]) {
      const bytes = Buffer.from(`[1,${element},2]`);
      for (let maxRecordBytes = 5; maxRecordBytes < element.length + 5; maxRecordBytes += 1) {
        const read = (cut: number) =>
          readAll(
            jsonReader,
            memorySource(bytes, () => cut),
            { ...QUARANTINE, maxRecordBytes },
          );
        const whole = await read(1000);
        expect([texts(whole), whole.error, whole.bad.length]).toEqual([['1', '2'], null, 1]);
        expect(await read(1)).toEqual(whole);
        expect(await read(6)).toEqual(whole);
      }
    }
  });
});

describe.each([
  { name: 'JSON', reader: jsonReader, frame: ['[', ',', ']'] },
  { name: 'NDJSON', reader: ndjsonReader, frame: ['', '\n', ''] },
] as const)('Recovery in $name', ({ reader, frame: [before, between, after] }) => {
  const read = (source: Source, options: Partial<ReaderOptions> = {}) =>
    readAll(reader, source, { ...QUARANTINE, ...options });

  it('yields exactly the sound records and exactly the bad ones that were planted', async () => {
    const sound = fc
      .jsonValue({ maxDepth: 3 })
      .map((value) => ({ text: JSON.stringify(value), isBad: false }))
      // What the canonical form refuses, or what is a bad record's text, is another matter.
      .filter(({ text }) => !text.includes('\\u') && !text.includes('__proto__'));
    const bad = fc.constantFrom(
      '{"a":tru}',
      '[01]',
      '{"a" 1}',
      '{"a":1,"a":2}',
      '"\\ud800"',
      '[1e1000000000]',
      '1 2',
      '[,"],{"]',
      '{"x":[{"y" "}]"}]}',
    );
    const element = fc.oneof(
      { weight: 3, arbitrary: sound },
      { weight: 1, arbitrary: bad.map((text) => ({ text, isBad: true })) },
    );
    const gap = fc.constantFrom('', ' ', '\t ', '  \r');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(gap, element, gap), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        async (parts, cut) => {
          const text = before + parts.map(([left, { text: one }, right]) => left + one + right).join(between) + after;
          const result = await read(memorySource(Buffer.from(text), () => cut));
          expect(result.error).toBeNull();
          const elements = parts.map(([, one]) => one);
          expect(result.bad.map(({ raw }) => Buffer.from(raw, 'latin1').toString())).toEqual(
            elements.filter(({ isBad }) => isBad).map((one) => one.text),
          );
          const alone = await Promise.all(
            elements
              .filter(({ isBad }) => !isBad)
              .map((one) => read(memorySource(Buffer.from(before + one.text + after)))),
          );
          expect(texts(result)).toEqual(alone.flatMap(texts));
          expect(result.bad.map(({ recordsBefore }) => recordsBefore)).toEqual(
            elements.flatMap(({ isBad }, index) =>
              isBad ? [elements.slice(0, index).filter((one) => !one.isBad).length] : [],
            ),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('reads mutated documents to records, bad records or an error of the table, the same however they are cut', async () => {
    const records = ['{"a":[1,2,{"b":"x\\"y"}]}', '"ü\\u00fc"', '[[],{}]', '-1.5e3', 'null'];
    const original = Buffer.from(before + records.join(between) + after);
    const change = fc.tuple(
      fc.nat(original.length - 1),
      fc.constantFrom(...Buffer.from('{}[]",:\\ \n0ex\xff\0', 'latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = Buffer.from(original);
        for (const [index, byte] of changes) bytes[index] = byte;
        const whole = await read(memorySource(bytes));
        if (whole.error !== null) {
          expect(whole.error).toBeInstanceOf(ServiceError);
          expect(ERRORS).toHaveProperty(whole.error.code);
          expect(whole.error.code).not.toBe('INTERNAL');
        }
        expect(await read(memorySource(bytes, () => 1))).toEqual(whole);
        for (const { position } of [...whole.records, ...whole.bad]) {
          const resumed = await readAll(reader, memorySource(bytes), QUARANTINE, position);
          const isFromHere = (one: { position: { byteOffset: number } }) =>
            one.position.byteOffset >= position.byteOffset;
          expect(texts(resumed)).toEqual(whole.records.filter(isFromHere).map(({ text }) => text));
          expect(resumed.bad.map(({ raw }) => raw)).toEqual(whole.bad.filter(isFromHere).map(({ raw }) => raw));
          expect(resumed.error?.code).toBe(whole.error?.code);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes time that grows with the number of bad records and with the length of one', {
    timeout: 60_000,
  }, async () => {
    const many = Array.from({ length: 50_000 }, () => '{"a":tru}').join(between === ',' ? ', ' : between);
    const { bad, error } = await read(memorySource(Buffer.from(before + many + after)));
    expect([bad.length, error]).toEqual([50_000, null]);
    const small = [...Array.from({ length: 200_000 }, () => '1'), 'tru ', '2', 'tru '];
    const among = await read(memorySource(Buffer.from(before + small.join(between) + after)));
    expect(among.bad.map(({ recordsBefore }) => recordsBefore)).toEqual([200_000, 200_001]);
    const long = `["${'x]'.repeat(10_000_000)}"]`;
    const result = await read(
      memorySource(Buffer.from(before + ['1', long, '2'].join(between) + after), () => 60_000),
      { maxRecordBytes: 5000 },
    );
    expect(texts(result)).toEqual(['1', '2']);
    expect(result.bad).toMatchObject([{ code: 'RECORD_TOO_LARGE', byteLength: long.length }]);
  });

  it('holds no more of a bad record than is kept of it', { timeout: 60_000 }, async () => {
    const block = Buffer.alloc(1 << 20, 'x');
    const heldBytes: number[] = [];
    const source: Source = {
      ...memorySource(new Uint8Array()),
      async *open() {
        yield Buffer.from(`${before}1${between}"`);
        for (let index = 0; index < 64; index += 1) {
          yield block;
          if (index % 8 > 0) continue;
          collectGarbage();
          heldBytes.push(process.memoryUsage().arrayBuffers);
        }
        yield Buffer.from(`"${between}2${after}`);
      },
    };
    const result = await read(source, { maxRecordBytes: 1 << 20 });
    expect(texts(result)).toEqual(['1', '2']);
    expect(result.bad).toMatchObject([{ code: 'RECORD_TOO_LARGE', byteLength: 64 * block.length + 2 }]);
    expect(Math.max(...heldBytes) - Math.min(...heldBytes)).toBeLessThan(24 << 20);
  });

  it('takes every faulty text of the JSON test suite as a bad record between sound ones, or ends there', async () => {
    const folder = corpusFolder('json-testsuite');
    if (folder === undefined) return;
    const names = (await readdir(folder, { recursive: true })).filter((name) => /(?:^|\/)n_[^/]*\.json$/.test(name));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const bytes = await readFile(join(folder, name));
      const document = Buffer.concat([
        Buffer.from(`${before}"first"${between}`),
        bytes,
        Buffer.from(`${between}"last"${after}`),
      ]);
      const whole = await read(memorySource(document));
      expect(texts(whole)[0], name).toBe('"first"');
      if (whole.error === null) expect(texts(whole).at(-1), name).toBe('"last"');
      else expect(whole.error, name).toBeInstanceOf(ServiceError);
      expect(await read(memorySource(document, () => 1)), name).toEqual(whole);
    }
  });
});
