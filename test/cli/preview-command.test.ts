/** `ackstream preview` over real files, in this process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { badPlacesOf, FORMAT_FEEDS, pathOfFeed } from '../harness/format-feeds.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

async function run(cwd: string, args: readonly string[], changes: Partial<CommandContext> = {}) {
  const { context, written } = recordedContext({ cwd, ...changes });
  const code = await runCommandLine(['preview', ...args], context);
  return { code, ...written };
}

/** A CSV of three products and a bad row. */
function writeProducts(folder: string): string {
  const path = join(folder, 'products.csv');
  writeFileSync(path, 'id;name\r\n00123;K\u00e4se\r\nbad\r\n7;"two\x1b[2J"\r\n8;\r\n', 'utf8');
  return path;
}

describe('ackstream preview', () => {
  it('shows a person what is in a file', async () => {
    const folder = tempFolder();
    const path = writeProducts(folder);
    const { code, out, error } = await run(folder, [
      'products.csv',
      '--full',
      '--records',
      '2',
      '--chunk-records',
      '2',
    ]);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toBe(
      `type         csv
files        ${path} (44 bytes)
encoding     utf-8
format       {"encoding":null,"delimiter":null,"quote":"\\"","escape":"\\"","header":true,"skip_lines":0}

Fields of the first 3 records:
FIELD  TYPES   SEEN  EXAMPLES
id     string     3  "00123"  "7"  "8"
name   string     3  "K\u00e4se"  "two\\u001b[2J"  ""

record 1: {"id":"00123","name":"K\u00e4se"}
record 2: {"id":"7","name":"two\\u001b[2J"}

1 bad record; a delivery stops at the first, or sets them aside with --on-bad-record quarantine:
  line 3, byte 22: ROW_WIDTH: The row has 1 cells, and there are 2 columns.

In all: 3 records, 86 bytes in 2 chunks, the largest of 64 bytes; 1 bad record.
`,
    );
  });
});

describe.each(FORMAT_FEEDS)('ackstream preview --json of $name', (feed) => {
  it('prints the document of the API', async () => {
    const folder = tempFolder();
    const path = pathOfFeed(feed, folder);
    await feed.write(path, 30, true);
    const { api } = await startService(folder);
    const answer = await api.callForText('POST', '/api/preview', {
      file_path: path,
      ...feed.request,
      records: 3,
      full: true,
    });
    const { file_type: type, record_path: recordPath } = feed.request;
    const flags = [
      ...(typeof type === 'string' ? ['--type', type] : []),
      ...(typeof recordPath === 'string' ? ['--record-path', recordPath] : []),
    ];
    const { code, out } = await run(folder, [feed.path, ...flags, '--full', '--json']);
    expect(out).toBe(`${answer.body}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(out).bad_records.length).toBe(badPlacesOf(feed, 30).length);
  });
});

describe('ackstream preview', () => {
  it.each<[string, readonly string[], number, string]>([
    ['a file that is broken', ['broken.json'], 1, 'READER_TRUNCATED'],
    ['a file of another type', ['products.csv', '--type', 'excel'], 1, 'FORMAT_MISMATCH'],
    ['no file', ['missing.csv'], 2, 'SOURCE_NOT_FOUND'],
    ['a path that is left out', [], 2, 'COMMAND_INVALID'],
    ['an option that there is not', ['products.csv', '--callback', 'http://x/'], 2, 'COMMAND_INVALID'],
    ['a number that is none', ['products.csv', '--records', 'many'], 2, 'COMMAND_INVALID'],
    ['too many records', ['products.csv', '--records', '1000'], 2, 'REQUEST_INVALID'],
    ['an option of another type', ['products.csv', '--sheet', '1'], 2, 'REQUEST_INVALID'],
  ])('says what is wrong with %s', async (_, args, code, error) => {
    const folder = tempFolder();
    writeProducts(folder);
    writeFileSync(join(folder, 'broken.json'), '[1');
    const ended = await run(folder, args);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.error).toMatch(new RegExp(`^${error}: `));
  });

  it('takes the options of the type by flags and as JSON', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'plain.txt'), Buffer.from('1|\xe4\n', 'latin1'));
    const flags = ['--delimiter', '|', '--encoding', 'windows-1252', '--format', '{"header": ["a", "b"]}'];
    const { out } = await run(folder, ['plain.txt', '--type', 'csv', ...flags, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      encoding: 'windows-1252',
      format: { delimiter: '|', encoding: 'windows-1252', header: ['a', 'b'] },
      records: [{ a: '1', b: '\u00e4' }],
    });
  });

  it('says that there are no records', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'none.json'), '[]');
    const { code, out } = await run(folder, ['none.json', '--full']);
    expect(out).toContain('record path  the array at the top\n');
    expect(out).toContain('There are no records.\n');
    expect(out).toContain('In all: 0 records, 0 bytes in 0 chunks, the largest of 0 bytes; 0 bad records.\n');
    expect(code).toBe(0);
  });

  it('ends with 130 where it is interrupted, and shows how far it is on a terminal', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'long.ndjson'), Buffer.alloc(64 << 20, `{"text":"${'x'.repeat(117)}"}\n`));
    const interrupt = new AbortController();
    const { context, written } = recordedContext({ cwd: folder, isErrorTerminal: true, signal: interrupt.signal });
    const writeError = (text: string) => {
      context.writeError(text);
      interrupt.abort();
    };
    const code = await runCommandLine(['preview', 'long.ndjson', '--full'], { ...context, writeError });
    expect(code).toBe(130);
    expect(written.error.replaceAll('\r\x1b[2K', '')).toMatch(/^\d+ % {2}[\d,]+ records/);
    expect(written.error.endsWith('\r\x1b[2K')).toBe(true);
    expect(written.out).toBe('');
  });
});
