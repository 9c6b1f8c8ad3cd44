import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { canonicalizeValue } from '../../src/protocol/canonical-json.ts';
import { createCsvReader } from '../../src/readers/csv-reader.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { readAll } from '../contracts/reader-suite.ts';
import { corpusFolder } from '../protocol/corpora.ts';

const reader = createCsvReader(DEFAULT_FORMATS.csv);

/** Its expected JSON is not of its CSV: another number, and other characters. */
const DEFECTIVE = 'location_coordinates';

const spectrum = corpusFolder('csv-spectrum');
describe.skipIf(spectrum === undefined)('The CSV spectrum', () => {
  const names =
    spectrum === undefined ? [] : readdirSync(join(spectrum, 'csvs')).map((name) => name.replace('.csv', ''));
  const readFile = (name: string) =>
    readAll(reader, memorySource(readFileSync(join(spectrum ?? '', 'csvs', `${name}.csv`))));

  it.each(names.filter((name) => name !== DEFECTIVE))('%s has the records expected', async (name) => {
    const { records, error } = await readFile(name);
    expect(error).toBeNull();
    const expected = JSON.parse(readFileSync(join(spectrum ?? '', 'json', `${name}.json`), 'utf8')) as Record<
      string,
      string
    >[];
    expect(records.map(({ text }) => text)).toEqual(expected.map(canonicalizeValue));
  });

  it('has quotes inside of an unquoted cell, which stand for themselves', async () => {
    const { records, error } = await readFile(DEFECTIVE);
    expect(error).toBeNull();
    expect(records.map(({ text }) => text)).toEqual([
      '{"Cities":"Modesto","Contact Phone Number":"2095257564","Counties":"Stanislaus","Location Coordinates":"37\ufffd36\'37.8\\"N 121\ufffd2\'17.9\\"W"}',
    ]);
  });
});

const naughty = corpusFolder('naughty-strings');
describe.skipIf(naughty === undefined)('Naughty strings', () => {
  const strings =
    naughty === undefined ? [] : (JSON.parse(readFileSync(join(naughty, 'blns.json'), 'utf8')) as string[]);
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  it('arrive as cells as they are', async () => {
    const text = `text,number\n${strings.map((one, index) => `${quoted(one)},${index}\n`).join('')}`;
    const { records, error } = await readAll(reader, memorySource(Buffer.from(text)));
    expect(error).toBeNull();
    expect(records.map((one) => one.text)).toEqual(
      strings.map((one, index) => canonicalizeValue({ text: one, number: String(index) })),
    );
  });

  it('arrive as names of columns as they are, white space around them aside', async () => {
    const names = strings.map((one) => one.trim()).filter((one) => one !== '');
    const distinct = [...new Set(names)];
    const text = `${distinct.map(quoted).join()}\n${distinct.map((_, index) => index).join()}\n`;
    const { records, error } = await readAll(reader, memorySource(Buffer.from(text)));
    expect(error).toBeNull();
    const sorted = distinct.map((name, index) => ({ name, index })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const members = sorted.map(({ name, index }) => `${canonicalizeValue(name)}:"${index}"`);
    expect(records.map((one) => one.text)).toEqual([`{${members.join()}}`]);
  });
});
