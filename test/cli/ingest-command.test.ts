/** Which request the command lines of `ackstream ingest` and `re-ingest` make: the body that goes over the wire. */

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import type { OptionSpec } from '../../src/cli/command-spec.ts';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { IngestionView } from '../../src/cli/service-client.ts';
import { ingestRequestSchema } from '../../src/protocol/ingest-request-schema.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { INGESTION_ID, recordedContext, viewOf } from './command-fixtures.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const FILE_ID = 'f'.repeat(64);

/** A service that takes every request, and shows one ingestion. */
async function startTaker(view: IngestionView) {
  const bodies: unknown[] = [];
  const submission = { status: 'STARTED', ingestion_id: INGESTION_ID, file_id: FILE_ID };
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.method === 'POST') bodies.push(JSON.parse(body.toString()));
      response.end(JSON.stringify(request.method === 'POST' ? submission : view));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

/** What brings these members by standard input. */
const reading = (members: object) => ({ readStandardInput: () => Promise.resolve(JSON.stringify(members)) });

/** Runs a command to its acceptance, and gives back the request that it made. */
async function requestOf(
  words: readonly string[],
  { view = viewOf(), ...changes }: Partial<CommandContext> & { readonly view?: IngestionView } = {},
) {
  const { url, bodies } = await startTaker(view);
  const { context, written } = recordedContext({ cwd: '/srv/feeds', ...changes });
  const code = await runCommandLine([...words, '--no-wait', '--url', url], context);
  return { code, error: written.error, out: written.out, body: bodies[0] };
}

const ingest = ['ingest', 'a.csv', '--callback', 'http://r/'];
/** What every one of these requests has. */
const ALWAYS = { file_path: '/srv/feeds/a.csv', callback_url: 'http://r/' };

/** An option of `ingest`, and what it adds to the request. */
const MEMBERS: readonly (readonly [option: string, value: string | null, member: Readonly<Record<string, unknown>>])[] =
  [
    ['--type', 'tsv', { file_type: 'tsv' }],
    ['--record-path', 'products.items', { record_path: 'products.items' }],
    ['--encoding', 'latin1', { format: { encoding: 'latin1' } }],
    ['--delimiter', ';', { format: { delimiter: ';' } }],
    ['--delimiter', '\\t', { format: { delimiter: '\t' } }],
    ['--sheet', '2', { format: { sheet: 2 } }],
    ['--sheet', 'Prices', { format: { sheet: 'Prices' } }],
    ['--sheet', '*', { format: { sheet: '*' } }],
    ['--format', '{"sheet": "2"}', { format: { sheet: '2' } }],
    ['--on-bad-record', 'Quarantine', { on_bad_record: 'quarantine' }],
    ['--max-bad-records', '5', { max_bad_records: 5 }],
    ['--max-bad-records', '0.5%', { max_bad_records: '0.5%' }],
    ['--chunk-records', '500', { chunk_size_by_records: 500 }],
    ['--chunk-bytes', '1048576', { chunk_size_by_memory: 1_048_576 }],
    ['--re-ingest', null, { re_ingestion: true }],
  ];
/** The options that say nothing of the request, or all of it. */
const OTHERS = ['--callback', '--request', '--no-wait', '--json', '--url'];

describe('ackstream ingest', () => {
  it.each(MEMBERS)('with %s %s asks for just that', async (option, value, member) => {
    const { code, body } = await requestOf([...ingest, option, ...(value === null ? [] : [value])]);
    expect(body).toEqual({ ...ALWAYS, ...member });
    expect(code).toBe(0);
  });

  it('knows which field each option fills, so that errors can name both', () => {
    const options: readonly OptionSpec[] = COMMANDS.ingest.options;
    for (const [name, , member] of MEMBERS) {
      const { field = '' } = options.find(({ flags }) => flags.split(' ')[0] === name) ?? {};
      expect(member, name).toHaveProperty(field);
    }
  });

  it('has no option besides', () => {
    const flags = COMMANDS.ingest.options.map((option) => option.flags.split(' ')[0]);
    expect(new Set([...MEMBERS.map(([option]) => option), ...OTHERS])).toEqual(new Set(flags));
  });

  it('asks for nothing that it was not told', async () => {
    expect((await requestOf(ingest)).body).toEqual(ALWAYS);
  });

  it('has a flag go before the same in --format', async () => {
    const { body } = await requestOf([
      ...ingest,
      '--encoding',
      'latin1',
      '--format',
      '{"header":false,"encoding":"x"}',
    ]);
    expect(body).toEqual({ ...ALWAYS, format: { header: false, encoding: 'latin1' } });
  });
});

/** Every member of a request that a file can have, the secrets among them. */
const WHOLE = {
  file_path: '/elsewhere.json',
  file_type: 'csv',
  callback_url: 'http://other/',
  chunk_size_by_records: 7,
  chunk_size_by_memory: 70_000,
  re_ingestion: true,
  record_path: 'a.b',
  format: { delimiter: '|' },
  on_bad_record: 'quarantine',
  max_bad_records: '1%',
  number_form: 'jcs',
  retry: { window: '1h', max_delay: '5s' },
  callback_headers: { Authorization: 'Bearer t' },
  callback_secret: SECRET,
  status_url: 'http://status/',
};

describe('--request', () => {
  it('covers every member there is', () => {
    expect(Object.keys(WHOLE).toSorted()).toEqual(Object.keys(ingestRequestSchema.shape).toSorted());
  });

  it.each([
    ['a file', 'delivery.json'],
    ['standard input', '-'],
  ])('takes all of a request from %s, in the place of which comes what the command line says', async (_, from) => {
    const cwd = tempFolder();
    const text = JSON.stringify(WHOLE);
    writeFileSync(join(cwd, 'delivery.json'), text);
    const changes = { cwd, readStandardInput: () => Promise.resolve(text) };
    const { code, body, out, error } = await requestOf(
      ['ingest', 'a.csv', '--request', from, '--chunk-records', '9'],
      changes,
    );
    expect(body).toEqual({ ...WHOLE, file_path: join(cwd, 'a.csv'), chunk_size_by_records: 9 });
    expect(code).toBe(0);
    expect(`${out}${error}`).not.toContain(SECRET);
  });

  it.each([
    [['--delimiter', ';'], { header: false, skip_lines: 1, delimiter: ';' }],
    [['--format', '{"skip_lines":2,"delimiter":"|"}'], { header: false, skip_lines: 2, delimiter: '|' }],
    [
      ['--format', '{"skip_lines":2,"delimiter":"|"}', '--delimiter', ';'],
      { header: false, skip_lines: 2, delimiter: ';' },
    ],
    [['--chunk-records', '9'], { header: false, skip_lines: 1 }],
  ])('keeps what of a format %j does not say', async (words, format) => {
    const members = { callback_url: 'http://r/', format: { header: false, skip_lines: 1 } };
    const { body } = await requestOf(['ingest', 'a.csv', '--request', '-', ...words], reading(members));
    expect(body).toMatchObject({ ...ALWAYS, format });
    expect((body as { format: object }).format).toEqual(format);
  });

  it('may say of a format that there is nothing to say', async () => {
    const { body } = await requestOf([...ingest, '--request', '-', '--delimiter', ';'], reading({ format: null }));
    expect(body).toEqual({ ...ALWAYS, format: { delimiter: ';' } });
  });

  it('cannot have a format that is no object where an option adds to it', async () => {
    const { code, body, error } = await requestOf(
      [...ingest, '--request', '-', '--delimiter', ';'],
      reading({ format: 'csv' }),
    );
    expect(error).toMatch(/^COMMAND_INVALID: format in --request must be a JSON object\.\n/);
    expect({ code, body }).toEqual({ code: 2, body: undefined });
  });

  it.each([
    ['a file', 'delivery.json'],
    ['standard input', '-'],
  ])('is read from %s that begins with a byte order mark', async (_, from) => {
    const cwd = tempFolder();
    const text = '\ufeff{"callback_url":"http://r/"}';
    writeFileSync(join(cwd, 'delivery.json'), text);
    const { body } = await requestOf(['ingest', 'a.csv', '--request', from], {
      cwd,
      readStandardInput: () => Promise.resolve(text),
    });
    expect(body).toEqual({ ...ALWAYS, file_path: join(cwd, 'a.csv') });
  });

  it('that cannot be read from standard input is refused', async () => {
    const readStandardInput = () => Promise.reject(new Error('EISDIR: illegal operation on a directory, read'));
    const { code, error } = await requestOf([...ingest, '--request', '-'], { readStandardInput });
    expect(error).toMatch(/^COMMAND_INVALID: --request cannot be read: EISDIR/);
    expect(code).toBe(2);
  });

  it.each([
    ['is not there', 'missing.json', /^COMMAND_INVALID: --request cannot be read: ENOENT/],
    ['is no JSON', 'text.json', /^COMMAND_INVALID: --request text\.json must be a JSON object\.\n/],
    ['has two byte order marks', 'marked.json', /^COMMAND_INVALID: --request marked\.json must be a JSON object\.\n/],
    ['is a list', 'list.json', /^COMMAND_INVALID: --request list\.json must be a JSON object\.\n/],
    ['does not say where to', 'empty.json', /^COMMAND_INVALID: Where to post to is missing: --callback, /],
  ])('that %s is refused without a word of what is in it', async (_, file, problem) => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'text.json'), `{"callback_secret": ${SECRET}`);
    writeFileSync(join(cwd, 'marked.json'), `\ufeff\ufeff{"callback_secret":"${SECRET}"}`);
    writeFileSync(join(cwd, 'list.json'), `["${SECRET}"]`);
    writeFileSync(join(cwd, 'empty.json'), '{}');
    const { code, body, error } = await requestOf(['ingest', 'a.csv', '--request', file], { cwd });
    expect(error).toMatch(problem);
    expect(error).not.toContain('whsec');
    expect({ code, body }).toEqual({ code: 2, body: undefined });
  });
});

describe('ackstream re-ingest', () => {
  const view = viewOf({ callback_header_names: ['Authorization'], number_form: 'jcs', format: { encoding: null } });
  const shown = {
    file_path: view.file_path,
    file_type: 'json',
    format: { encoding: null },
    record_path: null,
    number_form: 'jcs',
    on_bad_record: 'fail',
    max_bad_records: null,
    callback_url: view.callback_url,
    status_url: null,
    chunk_size_by_records: 500,
    chunk_size_by_memory: 0,
    retry: { window: '72h', max_delay: '60s' },
    re_ingestion: true,
  };

  const reIngest = (members: object, shownView: IngestionView) =>
    requestOf(['re-ingest', INGESTION_ID, '--request', '-'], { view: shownView, ...reading(members) });

  it('asks for the same again, with what cannot be read back from --request', async () => {
    const members = { callback_headers: WHOLE.callback_headers, callback_secret: SECRET, chunk_size_by_records: 9 };
    const { code, body } = await reIngest(members, view);
    expect(body).toEqual({ ...shown, ...members });
    expect(code).toBe(0);
  });

  it.each([{}, { callback_headers: null }])('does not leave out headers that it cannot know: %j', async (members) => {
    const { code, body, error } = await reIngest(members, view);
    expect({ code, body }).toEqual({ code: 2, body: undefined });
    expect(error).toMatch(/^COMMAND_INVALID: .*\(Authorization\).*--request/);
  });

  it('leaves them out where it is told to', async () => {
    expect((await reIngest({ callback_headers: {} }, view)).body).toEqual({ ...shown, callback_headers: {} });
  });

  it.each([
    [{ file_path: '/other' }, 'file_path'],
    [{ re_ingestion: false }, 're_ingestion'],
    [{ re_ingestion: 'no' }, 're_ingestion'],
  ])('cannot be told to be anything else: %j', async (members, name) => {
    const { code, body, error } = await reIngest({ callback_headers: {}, ...members }, view);
    expect({ code, body }).toEqual({ code: 2, body: undefined });
    expect(error).toMatch(new RegExp(`^COMMAND_INVALID: --request has a ${name}\\b`));
  });

  it('may be told what it is', async () => {
    const members = { file_path: null, re_ingestion: true };
    expect((await reIngest(members, viewOf())).body).toMatchObject({ file_path: view.file_path, re_ingestion: true });
  });

  const readSo = { file_type: 'excel', format: { sheet: 2 }, record_path: null } as const;
  it.each([
    [{ file_type: 'xlsx' }, { ...readSo, file_type: 'xlsx' }],
    [{ file_type: null }, { ...readSo, file_type: null }],
    [{ file_type: 'csv' }, { file_type: 'csv' }],
    [
      { file_type: 'CSV', format: { delimiter: ';' } },
      { file_type: 'CSV', format: { delimiter: ';' } },
    ],
    [{ file_type: 'yaml' }, { file_type: 'yaml' }],
  ])('has the file read as it was, unless its type is another: %j', async (members, expected) => {
    const { body } = await reIngest(members, viewOf({ file_type: 'excel', format: { sheet: 2 } }));
    const { file_type, format, record_path: recordPath } = body as Readonly<Record<string, unknown>>;
    expect({ file_type, format, record_path: recordPath }).toEqual({
      format: undefined,
      record_path: undefined,
      ...expected,
    });
  });
});

describe.each([ingest, ['re-ingest', INGESTION_ID]])('ackstream %s that is interrupted', (...words) => {
  const nothingAsked = { code: 130, out: '', error: 'Interrupted: no delivery was asked for.\n', body: undefined };

  it.each([
    ['let go', () => Promise.reject(new Error('aborted'))],
    ['cut off', () => Promise.resolve('{"callback_url"')],
    ['there', () => Promise.resolve('{"callback_url":"http://r/"}')],
  ])('while it reads standard input, which then is %s, asks for nothing', async (_, read) => {
    const interruption = new AbortController();
    const readStandardInput = () => {
      interruption.abort();
      return read();
    };
    const changes = { readStandardInput, signal: interruption.signal };
    expect(await requestOf([...words, '--request', '-'], changes)).toEqual(nothingAsked);
  });

  it('before it asks, asks for nothing', async () => {
    expect(await requestOf(words, { signal: AbortSignal.abort() })).toEqual(nothingAsked);
  });
});
