/** Documents that attack whoever parses them, through the whole service: nothing is fetched, read, expanded or delivered that is not in the file. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { type ServiceProcess, startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { corpusFolder } from '../protocol/corpora.ts';
import { row, writeWorkbook } from '../readers/excel/workbook-writer.ts';
import { setTrap } from './trap.ts';

const CANARY = 'canary-of-a-file-that-no-feed-names';
const MAX_GROWTH_KIB = 50 * 1024;

/** What an attack would reach for. */
interface Bait {
  readonly url: string;
  readonly file: string;
}

type Attack = readonly [name: string, bytes: (bait: Bait) => string | Buffer];

const doctype = (declarations: string, body: string) =>
  `<?xml version="1.0"?>\n<!DOCTYPE r [${declarations}]>\n<r>${body}</r>`;
const laughs = (depth: number, width: number) =>
  doctype(
    Array.from({ length: depth }, (_, level) => {
      const inner = level === 0 ? 'lol' : `&l${level - 1};`.repeat(width);
      return `<!ENTITY l${level} "${inner}">`;
    }).join('\n'),
    `<p>&l${depth - 1};</p>`,
  );

const OWN: readonly Attack[] = [
  ['an external entity of a file', ({ file }) => doctype(`<!ENTITY x SYSTEM "file://${file}">`, '<p>&x;</p>')],
  ['an external entity of a server', ({ url }) => doctype(`<!ENTITY x SYSTEM "${url}/x">`, '<p>&x;</p>')],
  ['a public entity', ({ url }) => doctype(`<!ENTITY x PUBLIC "-//X//" "${url}/x">`, '<p>&x;</p>')],
  ['a parameter entity', ({ url }) => doctype(`<!ENTITY % x SYSTEM "${url}/x">%x;`, '<p>1</p>')],
  ['an external document type', ({ url }) => `<!DOCTYPE r SYSTEM "${url}/r.dtd"><r><p>1</p><p>2</p></r>`],
  ['a style sheet', ({ url }) => `<?xml-stylesheet href="${url}/x.xsl" type="text/xsl"?><r><p>1</p><p>2</p></r>`],
  [
    'a schema',
    ({ url }) =>
      `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${url} ${url}/x.xsd"><p>1</p><p>2</p></r>`,
  ],
  [
    'an inclusion',
    ({ url, file }) =>
      `<r xmlns:xi="http://www.w3.org/2001/XInclude"><p><xi:include href="${url}/x"/></p><p><xi:include parse="text" href="file://${file}"/></p></r>`,
  ],
  ['a billion laughs', () => laughs(10, 10)],
  ['a quadratic expansion', () => doctype(`<!ENTITY x "${'x'.repeat(100_000)}">`, `<p>${'&x;'.repeat(10_000)}</p>`)],
  ['an entity of itself', () => doctype('<!ENTITY x "&x;">', '<p>&x;</p>')],
  ['an entity in an attribute', () => doctype('<!ENTITY x "1">', '<p a="&x;"/>')],
  ['a default attribute', () => doctype('<!ATTLIST p a CDATA "smuggled">', '<p>1</p><p>2</p>')],
  [
    'UTF-16 that hides an entity',
    ({ url }) => Buffer.from(`\ufeff${doctype(`<!ENTITY x SYSTEM "${url}">`, '<p>&x;</p>')}`, 'utf16le'),
  ],
  ['UTF-7', () => '<?xml version="1.0" encoding="UTF-7"?>+ADw-r+AD4-+ADw-/r+AD4-'],
];

if (process.platform !== 'linux') console.log('skipped: how much memory the attacks take is looked at on Linux only');
const attacks = corpusFolder('xml-attacks');
const CORPUS: readonly Attack[] = (attacks === undefined ? [] : readdirSync(attacks))
  .filter((name) => name.endsWith('.xml'))
  .map((name) => [name, (bait) => baited(readFileSync(join(attacks ?? '', name)), bait)]);

/** What is no attack to a parser that fetches and expands nothing. */
const PLAIN_OF_CORPUS = attacks === undefined ? [] : ['pat-xinclude.xml'];

/** The document with our own server and file in place of those that it names. */
function baited(bytes: Buffer, { url, file }: Bait): Buffer {
  const text = bytes
    .toString('latin1')
    .replace(/http:\/\/(?!www\.w3\.org\/2001|schemas\.)[^/"' ]+/g, url)
    .replace(/file:\/\/[^"' &+]+/g, `file://${file}`);
  return Buffer.from(text, 'latin1');
}

/** The most memory that a process ever held, KiB; 0 where the system does not tell. */
function peakMemoryOf({ process: { pid } }: ServiceProcess): number {
  if (process.platform !== 'linux') return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe('a document that attacks its parser', () => {
  const REFUSALS = [
    'ENTITY_REFUSED',
    'READER_SYNTAX',
    'READER_TRUNCATED',
    'FORMAT_MISMATCH',
    'ENCODING_UNSUPPORTED',
    'INVALID_UTF8',
    'RECORD_PATH_NEEDED',
    'RECORD_PATH_NOT_FOUND',
    'RECORDS_NOT_FOUND',
  ];

  it('is refused or plain data: in little memory, without a connection or a look at another file', async () => {
    const folder = tempFolder();
    const trap = await setTrap();
    const bait = { url: `http://127.0.0.1:${trap.port}`, file: join(folder, 'secret.txt') };
    writeFileSync(bait.file, CANARY);
    const receiver = await startReceiver();
    const service = await startServiceProcess(folder);
    const send = async (name: string, document: string | Buffer, request: Readonly<Record<string, unknown>> = {}) => {
      const path = join(folder, name);
      writeFileSync(path, document);
      const { body } = await service.api.ingest({ file_path: path, callback_url: receiver.callbackUrl, ...request });
      return body.ingestion_id;
    };
    const sound = await send('sound.xml', `<r>${'<p>1</p>'.repeat(20_000)}</r>`);
    await service.api.untilStatus(sound, 'COMPLETED');
    const memoryBefore = peakMemoryOf(service);

    const sent: { name: string; ingestionId: string }[] = [];
    for (const [index, [name, make]] of [...OWN, ...CORPUS].entries()) {
      // With a path the whole document is read for records, without one only its beginning may be.
      const request = index % 2 === 0 ? { record_path: 'p', on_bad_record: 'quarantine' } : {};
      sent.push({ name, ingestionId: await send(`${index}.xml`, make(bait), request) });
    }
    const plain: string[] = [];
    for (const { name, ingestionId } of sent) {
      const shown = await service.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED');
      const { status, last_error: error } = shown;
      if (status === 'FAILED') expect(REFUSALS, `${name}: ${error?.message}`).toContain(error?.code);
      else plain.push(name);
      expect((await receiver.records(ingestionId)).join('')).not.toMatch(/canary|smuggled|lollol/);
      expect(JSON.stringify(shown)).not.toContain(CANARY);
    }
    expect([...new Set(plain)].toSorted()).toEqual(
      [
        'a default attribute',
        'a schema',
        'a style sheet',
        'an external document type',
        'an inclusion',
        ...PLAIN_OF_CORPUS,
      ].toSorted(),
    );
    expect(peakMemoryOf(service) - memoryBefore).toBeLessThan(MAX_GROWTH_KIB);
    expect(trap.connections).toEqual([]);
  }, 60_000);

  it('is refused as a part of a workbook', async () => {
    const folder = tempFolder();
    const trap = await setTrap();
    const bait = { url: `http://127.0.0.1:${trap.port}`, file: join(folder, 'secret.txt') };
    writeFileSync(bait.file, CANARY);
    const receiver = await startReceiver();
    const service = await startServiceProcess(folder);
    const sheets = [{ rows: row(['id', 'name']) + row(['1', '<c t="s"><v>0</v></c>']) }];
    for (const [index, part] of [
      'xl/workbook.xml',
      'xl/sharedStrings.xml',
      'xl/worksheets/sheet1.xml',
      'xl/styles.xml',
      '_rels/.rels',
    ].entries()) {
      for (const [n, [name, make]] of OWN.filter(([what]) => /a parameter entity|laughs/.test(what)).entries()) {
        const path = join(folder, `${index}-${n}.xlsx`);
        writeFileSync(
          path,
          writeWorkbook({ sheets, sharedStrings: '<si><t>x</t></si>', files: { [part]: make(bait).toString() } }),
        );
        const { body } = await service.api.ingest({ file_path: path, callback_url: receiver.callbackUrl });
        const { status, last_error: error } = await service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED');
        expect(status, `${part}: ${name}`).toBe('FAILED');
        expect(['ENTITY_REFUSED', 'READER_SYNTAX', 'FORMAT_MISMATCH']).toContain(error?.code);
        expect(await receiver.records(body.ingestion_id)).toEqual([]);
      }
    }
    expect(trap.connections).toEqual([]);
  });
});
