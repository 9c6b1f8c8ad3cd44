/** Feeds made of strings that programs stumble over: what is accepted arrives byte by byte as another program would write it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import exceljs from 'exceljs';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { startLoggedService } from './logged-service.ts';
import { NAUGHTY_STRINGS } from './naughty-strings.ts';

const json = (text: string) => JSON.stringify(text);
/** What XML 1.0 can hold: https://www.w3.org/TR/xml/#charsets */
const XML_STRINGS = NAUGHTY_STRINGS.filter((text) =>
  /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text),
);
const inXml = (text: string) => text.replace(/[<>&"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
/** A zero byte ends a CSV file: what writes one is no writer of text. */
const CSV_STRINGS = NAUGHTY_STRINGS.filter((text) => !text.includes('\0'));
/** As names of columns: without white space around, each once. */
const COLUMN_NAMES = [...new Set(CSV_STRINGS.map((text) => text.trim()))].filter((name) => name !== '');
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** The workbook's writer keeps neither a carriage return nor `_x000D_`, which means one. */
const CELLS = XML_STRINGS.filter((text) => !/\r|_x[0-9A-F]{4}_/i.test(text));

interface NaughtyFeed {
  readonly name: string;
  readonly file: string;
  readonly write: (path: string) => void | Promise<void>;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly records: readonly string[];
}

const values = NAUGHTY_STRINGS.map((text) => `{"value":${json(text)}}`);
const keys = NAUGHTY_STRINGS.map((text, index) => `{${json(text)}:${index}}`);
const nested = NAUGHTY_STRINGS.map((text) => `{"a":[{${json(text)}:{${json(text)}:${json(text)}}}]}`);

const FEEDS: readonly NaughtyFeed[] = [
  {
    name: 'JSON values and keys',
    file: 'feed.json',
    write: (path) => writeFileSync(path, `[${[...values, ...keys, ...nested].join(',\n')}]`),
    records: [...values, ...keys, ...nested],
  },
  {
    name: 'JSON values, every character of them escaped',
    file: 'feed.ndjson',
    write: (path) => writeFileSync(path, NAUGHTY_STRINGS.map((text) => `{"value":"${escaped(text)}"}\n`).join('')),
    records: values,
  },
  {
    name: 'CSV fields',
    file: 'feed.csv',
    write: (path) =>
      writeFileSync(path, `id,value\r\n${CSV_STRINGS.map((text, n) => `${n},${quoted(text)}\r\n`).join('')}`),
    records: CSV_STRINGS.map((text, index) => `{"id":"${index}","value":${json(text)}}`),
  },
  {
    name: 'XML texts and attributes',
    file: 'feed.xml',
    write: (path) =>
      writeFileSync(
        path,
        `<r>${XML_STRINGS.map((text) => `<p a="${inXml(text)}"><t>${inXml(text)}</t></p>`).join('\n')}</r>`,
      ),
    request: { record_path: 'p', format: { trim: false } },
    records: XML_STRINGS.map((text) => `{"@a":${json(text)},"t":${json(text)}}`),
  },
  {
    name: 'cells of a workbook',
    file: 'feed.xlsx',
    write: async (path) => {
      const workbook = new exceljs.Workbook();
      const sheet = workbook.addWorksheet('A');
      sheet.addRow(['id', 'value']);
      for (const [index, text] of CELLS.entries()) sheet.addRow([`n${index}`, text]);
      await workbook.xlsx.writeFile(path);
    },
    records: CELLS.map((text, index) => `{"id":"n${index}","value":${json(text)}}`),
  },
];

function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, n) => `\\u${text.charCodeAt(n).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

describe('a feed of naughty strings', () => {
  it.each(FEEDS)('as $name arrives byte by byte', async ({ file, write, request, records }) => {
    const folder = tempFolder();
    await write(join(folder, file));
    const receiver = await startReceiver();
    const service = await startLoggedService(folder);
    const { body } = await service.api.ingest({
      file_path: join(folder, file),
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: 100,
      ...request,
    });
    const shown = await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
    expect(shown).toMatchObject({ status: 'COMPLETED', last_error: null });
    expect(await receiver.records(body.ingestion_id)).toEqual(records);
    expect(await receiver.report(body.ingestion_id)).toMatchObject({ verdict_ok: true });
    await service.stopAndCheckLogs();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('as names of columns arrives byte by byte', async () => {
    const folder = tempFolder();
    writeFileSync(
      join(folder, 'feed.csv'),
      `${COLUMN_NAMES.map(quoted).join(',')}\n${COLUMN_NAMES.map((_, index) => index).join(',')}\n`,
    );
    const receiver = await startReceiver();
    const service = await startLoggedService(folder);
    const { body } = await service.api.ingest({
      file_path: join(folder, 'feed.csv'),
      callback_url: receiver.callbackUrl,
      format: { delimiter: ',' },
    });
    expect(await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED')).toMatchObject({ last_error: null });
    const [record = ''] = await receiver.records(body.ingestion_id);
    // A name takes its place among the others by the canonical order, which is held against vectors elsewhere: here each must be there as it is.
    for (const [index, name] of COLUMN_NAMES.entries()) expect(record).toContain(`${json(name)}:"${index}"`);
    expect(record.length).toBe(
      COLUMN_NAMES.reduce((length, name, index) => length + json(name).length + `:"${index}",`.length, 1),
    );
    await service.stopAndCheckLogs();
  });

  it('as names of files is read in the order of their bytes', async () => {
    const folder = tempFolder();
    const feeds = join(folder, 'feeds');
    mkdirSync(feeds);
    // A name with U+FFFD is refused: it looks like one that is no text.
    const names = NAUGHTY_STRINGS.filter((text) => !/[/\0\ufffd]|^\./.test(text) && Buffer.byteLength(text) < 240);
    for (const name of names) writeFileSync(join(feeds, `${name}.ndjson`), `{"value":${json(name)}}\n`);
    const receiver = await startReceiver();
    const service = await startLoggedService(folder);
    const { body } = await service.api.ingest({
      file_path: feeds,
      file_type: 'ndjson',
      callback_url: receiver.callbackUrl,
    });
    expect(body).toMatchObject({ status: 'STARTED' });
    expect(await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED')).toMatchObject({ last_error: null });
    const inOrder = names.toSorted((one, other) =>
      Buffer.compare(Buffer.from(`${one}.ndjson`), Buffer.from(`${other}.ndjson`)),
    );
    expect(await receiver.records(body.ingestion_id)).toEqual(inOrder.map((name) => `{"value":${json(name)}}`));
    await service.stopAndCheckLogs();
  });
});
