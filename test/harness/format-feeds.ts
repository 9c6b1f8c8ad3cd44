import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import exceljs from 'exceljs';
import yazl from 'yazl';

/** A feed in some format: how to ask for it, and what must come of it. Expectations are written down beside what is written, not computed by what is under test. */
export interface FormatFeed {
  readonly name: string;
  /** Below the folder that is given; of several files their folder. */
  readonly path: string;
  /** Fields of the request beside the path. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Writes the feed of `count` products, and one bad record behind every seventh where it is asked for. */
  readonly write: (path: string, count: number, withBad?: boolean) => Promise<void> | void;
  /** What its files hold once they are text, in the order in which they are read; empty: they are no text. */
  readonly texts: (count: number, withBad?: boolean) => readonly string[];
  /** The canonical record of the `index`-th product. */
  readonly record: (index: number) => string;
  /** A bad record as it stands in the text; null: none can stand in it. */
  readonly badText: string | null;
}

/** Where a bad record begins, as the API writes it. */
export interface BadPlace {
  readonly file_index: number;
  readonly byte_offset: number;
  readonly line: number;
}

const BAD_JSON = '{"id":tru}';
const BAD_NDJSON = '{"id":1,"id":2}';
const BAD_CSV = 'too;few';
const BAD_XML = '<product id="1"><name></product>';

const name = (index: number) => `K\u00e4se "${index}", 5\u00bd\u2033 & <fein>`;
const price = (index: number) => `${index}.${String(index % 100).padStart(2, '0')}`;
const canonicalText = (index: number) =>
  `{"id":"00${index}","name":"K\u00e4se \\"${index}\\", 5\u00bd\u2033 & <fein>","price":"${price(index)}"}`;

const isBadBehind = (index: number, withBad: boolean) => withBad && index % 7 === 3;

function lines(count: number, withBad: boolean, line: (index: number) => string, bad: string): string {
  let text = '';
  for (let index = 0; index < count; index += 1) {
    text += line(index);
    if (isBadBehind(index, withBad)) text += bad;
  }
  return text;
}

const jsonRecord = (index: number) =>
  `{ "price": ${price(index)}0, "name": ${JSON.stringify(name(index))}, "id": ${900_719_925_474_099_300n + BigInt(index)} }`;
const canonicalJson = (index: number) => {
  const canonicalPrice = price(index).replace(/\.?0+$/, '') || '0';
  return `{"id":${900_719_925_474_099_300n + BigInt(index)},"name":"K\u00e4se \\"${index}\\", 5\u00bd\u2033 & <fein>","price":${canonicalPrice}}`;
};
const jsonText = (count: number, withBad = false) => {
  const elements = lines(count, withBad, (index) => `,\n${jsonRecord(index)}`, `,\n${BAD_JSON}`);
  return `{"made":[1],"feed":{"items":[${elements.slice(1)}\n]}}`;
};
const ndjsonText = (count: number, withBad = false) =>
  lines(count, withBad, (index) => `${jsonRecord(index)}\n`, `${BAD_NDJSON}\n`).trimEnd();
const csvText = (count: number, withBad = false) =>
  `name;id;price\r\n${lines(count, withBad, (index) => `"${name(index).replaceAll('"', '""')}";00${index};${price(index)}\r\n`, `${BAD_CSV}\r\n`)}`;
const xmlText = (count: number, withBad = false, head = '') => {
  const escaped = (index: number) => name(index).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const product = (index: number) =>
    `<product id="00${index}"><name>${escaped(index)}</name><price>${price(index)}</price></product>\n`;
  return `${head}<catalog><products>\n${lines(count, withBad, product, `${BAD_XML}\n`)}</products></catalog>\n`;
};
const canonicalXml = (index: number) => canonicalText(index).replace('{"id"', '{"@id"');

async function writeWorkbook(path: string, count: number): Promise<void> {
  const workbook = new exceljs.Workbook();
  const sheet = workbook.addWorksheet('Products');
  sheet.addRow(['name', 'id', 'price']);
  for (let index = 0; index < count; index += 1) sheet.addRow([name(index), `00${index}`, price(index)]);
  await workbook.xlsx.writeFile(path);
}

async function writeZip(path: string, entry: string, bytes: Buffer): Promise<void> {
  const zip = new yazl.ZipFile();
  zip.addBuffer(bytes, entry);
  zip.end();
  const file = createWriteStream(path);
  zip.outputStream.pipe(file);
  await finished(file);
}

/** Two files, of which the second sorts behind the first only by its bytes. */
function folderTexts(count: number, withBad = false): readonly string[] {
  const [header = '', ...rows] = csvText(count, withBad).split(/(?<=\r\n)/);
  const cut = rows.findIndex((row) => row.includes(`;00${Math.floor(count / 2)};`));
  return [header + rows.slice(0, cut).join(''), header + rows.slice(cut).join('')];
}

function writeFolder(folder: string, count: number, withBad = false): void {
  const [first = '', second = ''] = folderTexts(count, withBad);
  mkdirSync(join(folder, 'b'), { recursive: true });
  writeFileSync(join(folder, 'Z.csv'), first);
  writeFileSync(join(folder, 'b', 'a.csv'), second);
  // What must not be taken.
  writeFileSync(join(folder, '.hidden.csv'), 'no;such\r\n');
  writeFileSync(join(folder, 'notes.txt'), 'nothing');
}

type MakeText = (count: number, withBad?: boolean) => string;

/** A text, and how its file is made of it. */
const text = (
  make: MakeText,
  encode: (text: string) => Uint8Array = Buffer.from,
): Pick<FormatFeed, 'texts' | 'write'> => ({
  texts: (count, withBad) => [make(count, withBad)],
  write: (path, count, withBad) => writeFileSync(path, encode(make(count, withBad))),
});

const json = { ...text(jsonText), record: canonicalJson, badText: BAD_JSON };
const ndjson = { ...text(ndjsonText), record: canonicalJson, badText: BAD_NDJSON };
const csv = { ...text(csvText), record: canonicalText, badText: BAD_CSV };
const xml = { ...text(xmlText), record: canonicalXml, badText: BAD_XML };

/** Feeds in every format and coding. */
export const FORMAT_FEEDS: readonly FormatFeed[] = [
  { name: 'JSON', path: 'feed.json', request: {}, ...json },
  { name: 'NDJSON', path: 'feed.ndjson', request: {}, ...ndjson },
  { name: 'CSV', path: 'feed.csv', request: {}, ...csv },
  { name: 'XML', path: 'feed.xml', request: {}, ...xml },
  {
    name: 'Excel',
    path: 'feed.xlsx',
    request: {},
    texts: () => [],
    write: writeWorkbook,
    record: canonicalText,
    badText: null,
  },
  {
    name: 'CSV in UTF-16',
    path: 'feed.csv',
    request: {},
    ...csv,
    ...text(csvText, (content) => Buffer.from(`\ufeff${content}`, 'utf16le')),
  },
  {
    name: 'XML in UTF-16',
    path: 'feed.xml',
    request: { record_path: 'product' },
    ...xml,
    ...text(
      (count, withBad) => xmlText(count, withBad, '<?xml version="1.0" encoding="UTF-16"?>'),
      (content) => Buffer.from(`\ufeff${content}`, 'utf16le').swap16(),
    ),
  },
  { name: 'gzipped NDJSON', path: 'feed.ndjson.gz', request: {}, ...ndjson, ...text(ndjsonText, gzipSync) },
  { name: 'JSON by zstd', path: 'feed.json.zst', request: {}, ...json, ...text(jsonText, zstdCompressSync) },
  {
    name: 'zipped XML',
    path: 'feed.zip',
    request: { file_type: 'xml' },
    ...xml,
    write: (path, count, withBad) => writeZip(path, 'export/feed.xml', Buffer.from(xmlText(count, withBad))),
  },
  {
    name: 'a folder of CSV files',
    path: 'feeds',
    request: { file_type: 'csv' },
    ...csv,
    texts: folderTexts,
    write: writeFolder,
  },
];

/** Those in which a bad record can stand. */
export const FEEDS_WITH_BAD = FORMAT_FEEDS.filter(({ badText }) => badText !== null);

/** The feed with a name. */
export function feedNamed(feedName: string): FormatFeed {
  const found = FORMAT_FEEDS.find((feed) => feed.name === feedName);
  if (found === undefined) throw new Error(`no feed ${feedName}`);
  return found;
}

/** What must arrive of a feed of `count` products, in order. */
export function recordsOfFeed(feed: FormatFeed, count: number): string[] {
  return Array.from({ length: count }, (_, index) => feed.record(index));
}

/** How many bad records a feed of `count` products holds, where it was written with them. */
export function badCountOf(count: number): number {
  return Array.from({ length: count }, (_, index) => index).filter((index) => isBadBehind(index, true)).length;
}

/** Where they are, in the order of the feed. */
export function badPlacesOf({ texts, badText }: FormatFeed, count: number): BadPlace[] {
  if (badText === null) return [];
  return texts(count, true).flatMap((content, fileIndex) => {
    let end = 0;
    let line = 1;
    return content
      .split(badText)
      .slice(0, -1)
      .map((before) => {
        const byteOffset = end + Buffer.byteLength(before);
        end = byteOffset + Buffer.byteLength(badText);
        line += before.split('\n').length - 1;
        return { file_index: fileIndex, byte_offset: byteOffset, line };
      });
  });
}

/** Where to write a feed below a folder. */
export function pathOfFeed(feed: FormatFeed, folder: string): string {
  const path = join(folder, feed.path);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
