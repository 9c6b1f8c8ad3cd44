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
  /** The canonical record of the `index`-th product. */
  readonly record: (index: number) => string;
  /** Whether a bad record can stand in it. */
  readonly takesBad: boolean;
}

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
  const elements = lines(count, withBad, (index) => `,\n${jsonRecord(index)}`, ',\n{"id":tru}');
  return `{"made":[1],"feed":{"items":[${elements.slice(1)}\n]}}`;
};
const ndjsonText = (count: number, withBad = false) =>
  lines(count, withBad, (index) => `${jsonRecord(index)}\n`, '{"id":1,"id":2}\n').trimEnd();
const csvText = (count: number, withBad = false) =>
  `name;id;price\r\n${lines(count, withBad, (index) => `"${name(index).replaceAll('"', '""')}";00${index};${price(index)}\r\n`, 'too;few\r\n')}`;
const xmlText = (count: number, withBad = false, head = '') => {
  const escaped = (index: number) => name(index).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const product = (index: number) =>
    `<product id="00${index}"><name>${escaped(index)}</name><price>${price(index)}</price></product>\n`;
  return `${head}<catalog><products>\n${lines(count, withBad, product, '<product id="1"><name></product>\n')}</products></catalog>\n`;
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

function writeFolder(folder: string, count: number, withBad: boolean): void {
  // Two files, of which the second sorts behind the first only by its bytes; and what must not be taken.
  const half = Math.floor(count / 2);
  const text = csvText(count, withBad).split(/(?<=\r\n)/);
  const [header = '', ...rows] = text;
  const cut = rows.findIndex((row) => row.includes(`;00${half};`));
  mkdirSync(join(folder, 'b'), { recursive: true });
  writeFileSync(join(folder, 'Z.csv'), header + rows.slice(0, cut).join(''));
  writeFileSync(join(folder, 'b', 'a.csv'), header + rows.slice(cut).join(''));
  writeFileSync(join(folder, '.hidden.csv'), 'no;such\r\n');
  writeFileSync(join(folder, 'notes.txt'), 'nothing');
}

const text =
  (make: (count: number, withBad?: boolean) => string, encode: (text: string) => Uint8Array = Buffer.from) =>
  (path: string, count: number, withBad = false): void =>
    writeFileSync(path, encode(make(count, withBad)));

/** Feeds in every format and coding. */
export const FORMAT_FEEDS: readonly FormatFeed[] = [
  { name: 'JSON', path: 'feed.json', request: {}, write: text(jsonText), record: canonicalJson, takesBad: true },
  { name: 'NDJSON', path: 'feed.ndjson', request: {}, write: text(ndjsonText), record: canonicalJson, takesBad: true },
  { name: 'CSV', path: 'feed.csv', request: {}, write: text(csvText), record: canonicalText, takesBad: true },
  { name: 'XML', path: 'feed.xml', request: {}, write: text(xmlText), record: canonicalXml, takesBad: true },
  {
    name: 'Excel',
    path: 'feed.xlsx',
    request: {},
    write: writeWorkbook,
    record: canonicalText,
    takesBad: false,
  },
  {
    name: 'CSV in UTF-16',
    path: 'feed.csv',
    request: {},
    write: text(csvText, (content) => Buffer.from(`\ufeff${content}`, 'utf16le')),
    record: canonicalText,
    takesBad: true,
  },
  {
    name: 'XML in UTF-16',
    path: 'feed.xml',
    request: { record_path: 'product' },
    write: text(
      (count, withBad) => xmlText(count, withBad, '<?xml version="1.0" encoding="UTF-16"?>'),
      (content) => Buffer.from(`\ufeff${content}`, 'utf16le').swap16(),
    ),
    record: canonicalXml,
    takesBad: true,
  },
  {
    name: 'gzipped NDJSON',
    path: 'feed.ndjson.gz',
    request: {},
    write: text(ndjsonText, gzipSync),
    record: canonicalJson,
    takesBad: true,
  },
  {
    name: 'JSON by zstd',
    path: 'feed.json.zst',
    request: {},
    write: text(jsonText, zstdCompressSync),
    record: canonicalJson,
    takesBad: true,
  },
  {
    name: 'zipped XML',
    path: 'feed.zip',
    request: { file_type: 'xml' },
    write: (path, count, withBad) => writeZip(path, 'export/feed.xml', Buffer.from(xmlText(count, withBad))),
    record: canonicalXml,
    takesBad: true,
  },
  {
    name: 'a folder of CSV files',
    path: 'feeds',
    request: { file_type: 'csv' },
    write: (path, count, withBad = false) => writeFolder(path, count, withBad),
    record: canonicalText,
    takesBad: true,
  },
];

/** What must arrive of a feed of `count` products, in order. */
export function recordsOfFeed(feed: FormatFeed, count: number): string[] {
  return Array.from({ length: count }, (_, index) => feed.record(index));
}

/** How many bad records a feed of `count` products holds, where it was written with them. */
export function badCountOf(count: number): number {
  return Array.from({ length: count }, (_, index) => index).filter((index) => isBadBehind(index, true)).length;
}

/** Where to write a feed below a folder. */
export function pathOfFeed(feed: FormatFeed, folder: string): string {
  const path = join(folder, feed.path);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
