/** The commands that move an ingestion or look at one, against a real service and a real receiver, and without a service. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { ingestionIdOf } from '../../src/cli/ingestion-id.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { ServiceClient } from '../../src/cli/service-client.ts';
import { findFreePort } from '../harness/free-port.ts';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';
import { recordedContext, viewOf } from './command-fixtures.ts';

/** A folder with two feeds, a receiver, and commands that run there. */
async function setUp() {
  const folder = tempFolder();
  for (const name of ['products.json', 'prices.json'])
    writeFileSync(join(folder, name), '[{"id":1},{"id":2},{"id":3}]');
  const receiver = await startReceiver();
  const env = { ACKSTREAM_PORT: '0', ACKSTREAM_DATA_DIR: 'data', ACKSTREAM_LOG_DIR: 'logs', ACKSTREAM_RATE_LIMIT: '0' };
  const run = async (line: string, changes: Partial<CommandContext> = {}) => {
    const { context, written } = recordedContext({ cwd: folder, env, ...changes });
    const code = await runCommandLine(line.split(' '), context);
    return { code, out: written.out, error: written.error, bytes: written.bytes };
  };
  const ingest = (file: string, more = '') => run(`ingest ${file} --callback ${receiver.callbackUrl}${more}`);
  const view = async (meant = 'latest') => JSON.parse((await run(`status ${meant} --json`)).out);
  return { folder, receiver, run, ingest, view };
}

function failFrom(receiver: TestReceiver, chunk: number): void {
  receiver.setFaults({ fault: 'status', status: 503, chunk });
}

describe('pause, resume and cancel', () => {
  it('move an ingestion of a service, and say what it is then', async () => {
    const { folder, receiver, run, ingest } = await setUp();
    await startService(folder);
    failFrom(receiver, 1);
    await ingest('products.json', ' --chunk-records 1 --no-wait');
    expect(await run('pause latest')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^PAUSED .*products\.json: ingestion [0-9a-f]{64}\n$/),
    });
    expect(await run('pause latest')).toMatchObject({ code: 4, error: expect.stringMatching(/^MOVE_NOT_ALLOWED: /) });
    expect(JSON.parse((await run('cancel latest --json')).out)).toMatchObject({ status: 'CANCELLED' });
    receiver.setFaults();
    expect(await run('resume latest')).toMatchObject({ code: 0, error: '' });
    expect(await run('status latest --watch')).toMatchObject({
      code: 0,
      out: expect.stringContaining('COMPLETED: 3 records in 3 chunks'),
    });
  });

  it('put it on record where no service runs', async () => {
    const { folder, receiver, run, ingest, view } = await setUp();
    const service = await startService(folder);
    failFrom(receiver, 0);
    await ingest('products.json', ' --no-wait');
    await service.stop();
    expect(await run('pause latest')).toMatchObject({ code: 0, error: '' });
    expect(await view()).toMatchObject({ status: 'PAUSED' });
    receiver.setFaults();
    const { code, out } = await run('resume latest');
    expect(out).toMatch(/^QUEUED .*\n[\s\S]*COMPLETED: 3 records in 1 chunk acknowledged/);
    expect(code).toBe(0);
  });

  it('tell the status_url of what they did where no service runs, before they end', async () => {
    const { folder, receiver, run, ingest } = await setUp();
    const events = await startWireTap(null);
    writeFileSync(join(folder, 'delivery.json'), JSON.stringify({ status_url: events.url }));
    const service = await startService(folder);
    failFrom(receiver, 0);
    await ingest('products.json', ' --request delivery.json --no-wait');
    await service.stop();
    expect(await run('pause latest')).toMatchObject({ code: 0 });
    expect(events.subjects().at(-1)).toBe('PAUSED');
    receiver.setFaults();
    expect(await run('resume latest')).toMatchObject({ code: 0, error: '' });
    expect(events.subjects().at(-1)).toBe('COMPLETED');
  });

  it('have nothing to watch where no service runs', async () => {
    const { folder, receiver, run, ingest } = await setUp();
    const service = await startService(folder);
    failFrom(receiver, 0);
    await ingest('products.json', ' --no-wait');
    await service.stop();
    expect(await run('status latest --watch')).toMatchObject({
      code: 3,
      error: expect.stringMatching(/^SERVICE_UNREACHABLE: QUEUED, .* there is nothing to watch/),
    });
  });
});

describe('delete', () => {
  it('removes what has ended, where it is meant', async () => {
    const { run, ingest, view } = await setUp();
    await ingest('products.json');
    const { ingestion_id: id } = await view();
    const asked: string[] = [];
    const answering = (answer: string | null): Partial<CommandContext> => ({
      ask: (question) => {
        asked.push(question);
        return Promise.resolve(answer);
      },
    });
    for (const answer of ['', 'n', 'yellow', null]) {
      expect(await run('delete latest', answering(answer))).toMatchObject({
        code: 1,
        out: '',
        error: 'Nothing is deleted.\n',
      });
    }
    expect(asked[0]).toMatch(
      new RegExp(`^COMPLETED .*products\\.json, asked for .*: ingestion ${id}\nDelete .*\\[y/N\\] $`),
    );
    expect((await view()).ingestion_id).toBe(id);
    expect(await run('delete latest', answering(' Y '))).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^deleted .*products\\.json: ingestion ${id}\n$`)),
    });
    expect(await run(`status ${id}`)).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^INGESTION_NOT_FOUND: /),
    });
  });

  it('asks nobody where there is nobody', async () => {
    const { run, ingest, view } = await setUp();
    await ingest('products.json');
    expect(await run('delete latest')).toMatchObject({ code: 2, error: expect.stringContaining('--yes is needed') });
    const { ingestion_id: id } = await view();
    const { code, out } = await run('delete latest --yes --json');
    expect(JSON.parse(out)).toEqual({ ingestion_id: id, file_path: expect.stringMatching(/products\.json$/) });
    expect(code).toBe(0);
  });

  it('leaves what is under way', async () => {
    const { folder, receiver, run, ingest } = await setUp();
    await startService(folder);
    failFrom(receiver, 0);
    await ingest('products.json', ' --no-wait');
    expect(await run('delete latest --yes')).toMatchObject({
      code: 4,
      error: expect.stringMatching(/^MOVE_NOT_ALLOWED: /),
    });
  });
});

describe('chunk', () => {
  it('prints the bytes that were sent', async () => {
    const { folder, receiver, run, ingest, view } = await setUp();
    writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":123456789012345678,"name":"\u009b31m日本"}]');
    await ingest('products.json', ' --chunk-records 1');
    const { code, out, bytes } = await run('chunk latest 1');
    const body = Buffer.concat(bytes).toString();
    const [, record = ''] = await receiver.records((await view()).ingestion_id);
    expect(body).toContain(`"records":[${record}]`);
    expect(body).toContain('"id":123456789012345678');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    const shown = await run('chunk latest 1', { terminalColumns: () => 80 });
    expect(shown.out).toContain('"name":"\\u009b31m日本"');
    expect(JSON.parse(shown.out)).toEqual(JSON.parse(body));
  });

  it('says that there is none, or that it cannot be what was sent', async () => {
    const { folder, run, ingest } = await setUp();
    await ingest('products.json');
    expect(await run('chunk latest first')).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^COMMAND_INVALID: /),
    });
    expect(await run('chunk latest 1')).toMatchObject({ code: 2, error: expect.stringMatching(/^CHUNK_NOT_FOUND: /) });
    writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2},{"id":4}]');
    expect(await run('chunk latest 0')).toMatchObject({ code: 4, error: expect.stringMatching(/^SOURCE_CHANGED: /) });
    expect(await run('chunk latest 0', { signal: AbortSignal.abort() })).toMatchObject({ code: 130 });
  });
});

describe('verify', () => {
  it('says that the file is what was delivered, and the chunk that is not', async () => {
    const { folder, run, ingest } = await setUp();
    await ingest('products.json', ' --chunk-records 2');
    expect(await run('verify latest')).toMatchObject({
      code: 0,
      out: 'The file is what was delivered: 2 of 2 chunks, 3 records compared.\n',
      error: '',
    });
    writeFileSync(join(folder, 'products.json'), '[{"id":1},{"id":2},{"id":4}]');
    expect(await run('verify latest')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Chunk \d+ \(records \d+ to \d+\) is not what was delivered: /),
    });
    expect(JSON.parse((await run('verify latest --json')).out)).toMatchObject({
      state: 'done',
      mismatch: { kind: 'source' },
    });
  });
});

describe('status --watch', () => {
  it('prints each change with --json, and tells the end by the exit code', async () => {
    const { folder, run, ingest } = await setUp();
    await startService(folder);
    writeFileSync(join(folder, 'prices.json'), '[{"id":1},');
    expect((await ingest('prices.json')).code).toBe(1);
    const { code, out } = await run('status latest --watch --json');
    expect(code).toBe(1);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      status: 'FAILED',
      last_error: { code: 'READER_TRUNCATED' },
    });
  });
});

describe('a service that is ended while it is watched', () => {
  it('is waited for, and watched to the end by the one that follows it', async () => {
    const { folder, receiver, ingest } = await setUp();
    const env = { ACKSTREAM_PORT: String(await findFreePort()) };
    const first = await startService(folder, { env });
    failFrom(receiver, 1);
    await ingest('products.json', ' --chunk-records 1 --no-wait');
    const { context, written } = recordedContext({ cwd: folder });
    const watching = runCommandLine(['status', 'latest', '--watch', '--json', '--url', first.url], context);
    await until(
      () => written.out,
      (out) => out.includes('ATTEMPT_FAILED'),
    );
    await first.stop();
    await until(
      () => written.error,
      (error) => error.startsWith('service unreachable, trying again: '),
    );
    receiver.setFaults();
    await startService(folder, { env });
    expect(await watching).toBe(0);
    expect(written.error).toMatch(/^[^\n]*\nThe service answers again\.\n$/);
    const documents = written.out.trimEnd().split('\n');
    expect(JSON.parse(documents.at(-1) ?? '')).toMatchObject({ status: 'COMPLETED', totals: { records: 3 } });
    expect(new Set(documents).size).toBe(documents.length);
  });
});

describe('an ingestion that the receiver refuses', () => {
  it.each([true, false])('is told with what the receiver answered; by a service: %s', async (hasService) => {
    const { folder, receiver, run, ingest } = await setUp();
    if (hasService) await startService(folder);
    receiver.setFaults({ fault: 'status', status: 410 });
    const { code, out } = await ingest('products.json', ' --chunk-records 1');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^FAILED: [\s\S]*\nthe receiver answered: HTTP 410 Gone[^\n]*\nall of it: ackstream status [0-9a-f]{64}\n/m,
    );
    const { out: status } = await run('status latest');
    expect(status).toMatch(
      /\n\nlast failed attempt: attempt \d at chunk 0, ended [^\n]*\n {2}\| HTTP 410 Gone\n {2}\| [\w-]+: /i,
    );
  });
});

describe('re-ingest', () => {
  it('delivers the file again with the settings it had', async () => {
    const { folder, receiver, run, ingest, view } = await setUp();
    writeFileSync(join(folder, 'products.csv'), 'id;name\n1;a\nbad\n2;b\n');
    await ingest('products.csv', ' --delimiter ; --on-bad-record quarantine --chunk-records 1');
    const first = await view();
    const { code, out } = await run('re-ingest latest');
    expect(out).toMatch(/^STARTED: /);
    expect(code).toBe(0);
    const second = await view();
    expect(second.ingestion_id).not.toBe(first.ingestion_id);
    for (const name of [
      'file_path',
      'file_type',
      'format',
      'on_bad_record',
      'callback_url',
      'chunk_size_by_records',
      'retry',
      'totals',
    ]) {
      expect(second[name], name).toEqual(first[name]);
    }
    expect(await receiver.records(second.ingestion_id)).toEqual(await receiver.records(first.ingestion_id));
  });

  it.each(['products.json', 'products.ndjson', 'products.xml'])('takes every setting of %s back', async (name) => {
    const { run, view, ingest } = await setUp();
    await run(`generate --format ${name.split('.')[1]} --records 3 --out ${name} --force`);
    expect((await ingest(name)).code).toBe(0);
    expect(await run('re-ingest latest')).toMatchObject({ code: 0, error: '' });
    expect((await view()).totals.records).toBe(3);
  });

  it('does not leave out headers that it cannot know', async () => {
    const { folder, receiver, run } = await setUp();
    const { api } = await startService(folder);
    await api.callForText('POST', '/api/ingest', {
      file_path: join(folder, 'products.json'),
      callback_url: receiver.callbackUrl,
      callback_headers: { 'X-Shop': 'a' },
    });
    expect(await run('re-ingest latest')).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^COMMAND_INVALID: .*X-Shop/i),
    });
  });
});

describe('an ingestion', () => {
  it('is named by its id, the beginning of it, or as the latest', async () => {
    const { run, ingest, view } = await setUp();
    expect(await run('ingest products.json --callback http://127.0.0.1:1/ --url http://127.0.0.1:1')).toMatchObject({
      code: 3,
    });
    await ingest('products.json');
    const { ingestion_id: first } = await view();
    await ingest('prices.json');
    const { ingestion_id: second, file_path: path } = await view('latest');
    expect(path).toMatch(/prices\.json$/);
    expect((await view(first)).ingestion_id).toBe(first);
    expect((await view(first.slice(0, 12))).ingestion_id).toBe(first);
    expect((await view(second.slice(0, 63))).ingestion_id).toBe(second);
    expect(await run('status none')).toMatchObject({ code: 2, error: expect.stringMatching(/^INGESTION_NOT_FOUND: /) });
  });

  it('that there is none of, or that several could be, is asked for again', async () => {
    const clientOf = (...ids: readonly string[]) =>
      new ServiceClient({
        url: 'http://service.test',
        token: null,
        send: () => Response.json({ items: ids.map((id) => viewOf({ ingestion_id: id })), next_cursor: null }),
      });
    await expect(ingestionIdOf(clientOf(), 'latest')).rejects.toThrow('There are no ingestions yet');
    await expect(ingestionIdOf(clientOf('ab1', 'ab2', 'c'), 'ab')).rejects.toThrow('ab begins 2 ids');
    expect(await ingestionIdOf(clientOf('ab1', 'ab2', 'c'), 'ab2')).toBe('ab2');
    expect(await ingestionIdOf(clientOf('ab1'), 'f')).toBe('f');
  });
});
