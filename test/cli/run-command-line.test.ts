/**
 * The command line against a real service and a real receiver: each test has its own data directory; the service lives in this process, or the
 * command brings its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import { createReceiver, type Receiver } from '../../mock-receiver/receiver.ts';
import { reportOn } from '../../mock-receiver/report.ts';
import type { CommandContext } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { loadConfig } from '../../src/config.ts';
import type { Logger } from '../../src/model/logger.ts';
import { type RunningService, serve } from '../../src/serve.ts';
import { lockDataDirectory } from '../../src/state/data-directory-lock.ts';
import { interruptedByWriting, recordedContext } from './command-fixtures.ts';

const RECORD_COUNT = 25;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let env: Record<string, string>;
let receiver: Receiver;
let callback: string;
const releasers: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ackstream-cli-'));
  releasers.push(() => rmSync(folder, { recursive: true, force: true }));
  env = { ACKSTREAM_PORT: '0', ACKSTREAM_DATA_DIR: 'state', ACKSTREAM_LOG_DIR: 'log', ACKSTREAM_RATE_LIMIT: '0' };
  const records = Array.from({ length: RECORD_COUNT }, (_, id) => ({ id, name: `Stuhl ${id}` }));
  writeFileSync(join(folder, 'products.json'), JSON.stringify(records));
  await startReceiver();
});

afterEach(async () => {
  while (releasers.length > 0) await releasers.pop()?.();
});

async function startReceiver(faults: readonly FaultRuleInput[] = []): Promise<void> {
  const started = createReceiver({ faults });
  receiver = started;
  callback = `${await started.start(0)}/callback`;
  releasers.push(() => started.stop());
}

async function startService(): Promise<RunningService> {
  const running = await serve(loadConfig({ env, cwd: folder }), { logger: silent });
  releasers.push(() => running.stop());
  return running;
}

/** Runs a command as a shell would; without a terminal. */
async function run(args: readonly string[], changes: Partial<CommandContext> = {}) {
  const { context, written } = recordedContext({ env, cwd: folder, ...changes });
  const code = await runCommandLine(args, context);
  return { code, ...written, documents: () => documentsOf(written.out) };
}

function documentsOf(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function ingest(...more: readonly string[]) {
  return run(['ingest', 'products.json', '--callback', callback, ...more]);
}

/** Leaves the delivery of `products.json` as an earlier service left it: begun, nothing acknowledged. */
async function leaveQueued(): Promise<void> {
  const service = await startService();
  receiver.faults.replace([{ fault: 'status', status: 503 }]);
  await ingest('--no-wait');
  await service.stop();
  releasers.pop();
  receiver.faults.replace([]);
}

function expectDelivered(chunkCount: number): void {
  const [ingestionId = ''] = receiver.store.ingestionIds();
  expect(reportOn(receiver.store, ingestionId)).toMatchObject({
    records: RECORD_COUNT,
    chunks: chunkCount,
    completed: true,
    verdict_ok: true,
  });
}

describe('ackstream ingest without a service', () => {
  it('delivers the file itself', async () => {
    const { code, out, error } = await ingest('--chunk-records', '10');
    expect(error).toBe('');
    expect(out).toMatch(/^STARTED: ingestion [0-9a-f]{64}\n/);
    expect(out).toContain('COMPLETED: 25 records in 3 chunks acknowledged, 100.0 % of the file\nchain checksum ');
    expect(code).toBe(0);
    expectDelivered(3);
  });

  it('sends nothing again that was delivered', async () => {
    await ingest();
    const { code, out } = await ingest();
    expect(out).toMatch(/^COMPLETED: ingestion /);
    expect(code).toBe(0);
    expectDelivered(1);
  });

  it('prints nothing but documents with --json', async () => {
    const { code, documents } = await ingest('--json');
    const all = documents();
    expect(all[0]).toMatchObject({ status: 'STARTED', ingestion_id: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(all.at(-1)).toMatchObject({ status: 'COMPLETED', totals: { records: RECORD_COUNT } });
    expect(code).toBe(0);
  });

  it('tells a failed delivery by its exit code, with the place and what to do', async () => {
    writeFileSync(join(folder, 'products.json'), '[{"id":1},\n{"id":}]');
    const { code, out } = await ingest();
    expect(out).toContain('last error: READER_SYNTAX');
    expect(out).toContain(`place: ${join(folder, 'products.json')}, line 2`);
    expect(out).toContain('what to do: ');
    expect(code).toBe(1);
  });

  it('stops so that the same command goes on', async () => {
    const interruption = new AbortController();
    await startReceiver([{ fault: 'status', status: 503, chunk: 1 }]);
    const first = await run(['ingest', 'products.json', '--callback', callback, '--chunk-records', '10'], {
      signal: interruption.signal,
      // The first wait after chunk 0 has arrived: until then the receiver refuses chunk 1.
      clock: {
        now: () => Date.now(),
        sleep: async () => {
          if (receiver.store.ingestionIds().length > 0) interruption.abort();
          await new Promise((resolve) => setImmediate(resolve));
        },
      },
    });
    expect(first.error).toContain('goes on from there');
    expect(first.code).toBe(130);
    receiver.faults.replace([]);
    const second = await ingest('--chunk-records', '10');
    expect(second.out).toMatch(/^(?:RUNNING|RESUMED): /);
    expect(second.code).toBe(0);
    expectDelivered(3);
  });

  it('leaves alone what else waits in the data directory', async () => {
    await leaveQueued();
    const [before] = (await run(['list', '--json'])).documents();
    writeFileSync(join(folder, 'prices.json'), '[{"price":1.50}]');
    expect(await run(['ingest', 'prices.json', '--callback', callback])).toMatchObject({ code: 0 });
    const [prices, products] = (await run(['list', '--json'])).documents();
    expect(prices).toMatchObject({ status: 'COMPLETED' });
    expect(products).toEqual(before);
    expect(products).toMatchObject({ status: 'QUEUED' });
  });

  it('delivers first what waits of the same file to the same callback', async () => {
    await leaveQueued();
    const { code } = await ingest('--re-ingest');
    expect(code).toBe(0);
    const [again, earlier] = (await run(['list', '--json'])).documents();
    expect([again?.status, earlier?.status]).toEqual(['COMPLETED', 'COMPLETED']);
    expect(Date.parse(String(again?.run_started_at))).toBeGreaterThanOrEqual(Date.parse(String(earlier?.completed_at)));
  });

  it('cannot promise a delivery that it does not wait for', async () => {
    expect(await ingest('--no-wait')).toMatchObject({
      code: 2,
      error: expect.stringContaining('--no-wait needs a running service'),
    });
  });
});

describe('ackstream ingest with a service', () => {
  it('finds the service that holds the data directory', async () => {
    const { url } = await startService();
    const { code, documents } = await ingest('--json');
    expect(code).toBe(0);
    const [answer] = documents();
    const status = await run(['status', String(answer?.ingestion_id), '--json', '--url', `${url}/`]);
    expect(status.documents()[0]).toMatchObject({ status: 'COMPLETED' });
    expectDelivered(1);
  });

  it('finds the service at the configured address', async () => {
    const { url } = await startService();
    const elsewhere = { ...env, ACKSTREAM_DATA_DIR: 'other', ACKSTREAM_PORT: new URL(url).port };
    const { code } = await run(['ingest', 'products.json', '--callback', callback], { env: elsewhere });
    expect(code).toBe(0);
    expectDelivered(1);
  });

  it('ends as soon as it is accepted with --no-wait', async () => {
    await startService();
    const { code, out } = await ingest('--no-wait');
    expect(out).toMatch(/^STARTED: ingestion [0-9a-f]{64}\n$/);
    expect(code).toBe(0);
  });

  it('leaves the service at its work when it is interrupted', async () => {
    await startService();
    receiver.faults.replace([{ fault: 'status', status: 503 }]);
    const { changes, lines } = interruptedByWriting();
    const { code, error } = await run(['ingest', 'products.json', '--callback', callback], changes);
    expect(lines()[0]).toMatch(/^STARTED: /);
    expect(error).toMatch(
      /^The service at http.* goes on delivering\. Go on watching: ackstream status [0-9a-f]{64} --watch\n$/,
    );
    expect(code).toBe(130);
  });

  it('tells a conflict by its exit code', async () => {
    await startService();
    await ingest();
    await startReceiver();
    expect(await ingest()).toMatchObject({
      code: 4,
      error: expect.stringMatching(/^DELIVERED_ELSEWHERE: .*\n.*re_ingestion/),
    });
    expect(await ingest('--re-ingest')).toMatchObject({ code: 0 });
    expectDelivered(1);
  });

  it('says which token it needs', async () => {
    env.ACKSTREAM_API_TOKEN = 'a-token-of-some-length';
    await startService();
    expect(await ingest()).toMatchObject({ code: 0 });
    const other = { ...env, ACKSTREAM_API_TOKEN: 'another-token-than-that' };
    expect(await run(['list'], { env: other })).toMatchObject({
      code: 2,
      error: expect.stringContaining('UNAUTHORIZED'),
    });
  });

  it('names every field that the service refuses, and the option that filled it', async () => {
    await startService();
    const { code, error } = await ingest('--type', 'yaml', '--chunk-records', '100001');
    expect(error).toMatch(/^REQUEST_INVALID: /);
    expect(error).toContain('\n  file_type (--type) must be ');
    expect(error).toContain('\n  chunk_size_by_records (--chunk-records) must be ');
    expect(code).toBe(2);
  });
});

describe('a field that no option of the command line has filled', () => {
  it('is named without one; a member of a format with that of the format', async () => {
    writeFileSync(join(folder, 'delivery.json'), JSON.stringify({ callback_url: 'nowhere' }));
    const format = ['--type', 'csv', '--format', '{"delimiter":"long"}'];
    const { error } = await run(['ingest', 'products.json', '--request', 'delivery.json', ...format]);
    expect(error).toContain('\n  callback_url must be ');
    expect(error).toContain('\n  format.delimiter (--format) must be ');
  });
});

describe('ackstream status and list', () => {
  it('show what the data directory has where no service runs', async () => {
    const { documents } = await ingest('--json');
    const ingestionId = String(documents()[0]?.ingestion_id);
    expect(await run(['status', ingestionId])).toMatchObject({
      code: 0,
      out: expect.stringContaining('status     COMPLETED\n'),
    });
    const list = await run(['list']);
    expect(list.out.split('\n')[1]).toMatch(new RegExp(`^${ingestionId}  COMPLETED  100\\.0 +25 .*/products\\.json$`));
    expect((await run(['list', '--status', 'failed'])).out.split('\n')).toHaveLength(2);
    expect((await run(['list', '--json'])).documents()).toMatchObject([{ ingestion_id: ingestionId }]);
  });

  it('begin nothing', async () => {
    await leaveQueued();
    const before = (await run(['list', '--json'])).documents();
    expect(before).toMatchObject([{ status: 'QUEUED', epoch: expect.any(Number) }]);
    // A run that was begun shows by the next epoch.
    expect((await run(['list', '--json'])).documents()).toEqual(before);
  });

  it('say that there is no such ingestion', async () => {
    await startService();
    expect(await run(['status', 'none'])).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^INGESTION_NOT_FOUND: /),
    });
  });

  it.each([['list'], ['resume', 'latest'], ['re-ingest', 'latest']])('make no data directory: %s', async (...args) => {
    expect(await run(args)).toMatchObject({
      code: 3,
      error: expect.stringMatching(/^SERVICE_UNREACHABLE: .*there is no .*state/),
    });
  });
});

describe('a command that cannot be run', () => {
  it.each([
    ['no command', []],
    ['an unknown command', ['deliver']],
    ['a property of every object as a command', ['toString']],
    ['no file', ['ingest', '--callback', 'http://localhost/']],
    ['no callback', ['ingest', 'products.json']],
    [
      'a bound that is no number',
      ['ingest', 'products.json', '--callback', 'http://localhost/', '--chunk-records', 'ten'],
    ],
    ['options that are no JSON', ['ingest', 'a.csv', '--callback', 'http://localhost/', '--format', 'header=false']],
    ['a state that does not exist', ['list', '--status', 'lost']],
    ['an address that is none', ['list', '--url', 'localhost:8000']],
    ['an option of another command', ['status', 'id', '--callback', 'x']],
    ['more than serve takes', ['serve', 'now']],
  ])('says what it takes: %s', async (_what, args) => {
    const { code, error } = await run(args);
    expect(error).toMatch(/^COMMAND_INVALID: .*\n.*--help/);
    expect(code).toBe(2);
  });

  it('says which port it cannot have', async () => {
    const { url } = await startService();
    const other = { ...env, ACKSTREAM_DATA_DIR: 'other', ACKSTREAM_PORT: new URL(url).port };
    const { code, error } = await run(['serve'], { env: other });
    expect(error).toMatch(/^CONFIG_INVALID: .*\n {2}ACKSTREAM_PORT .* in use.*\n/);
    expect(code).toBe(2);
  });

  it('names every setting that is wrong', async () => {
    const wrong = { ACKSTREAM_PORT: 'eighty', ACKSTREAM_MAX_RUNNING: '0' };
    const { code, error } = await run(['list'], { env: wrong });
    expect(error).toMatch(/^CONFIG_INVALID: [\s\S]*ACKSTREAM_PORT [\s\S]*ACKSTREAM_MAX_RUNNING /);
    expect(code).toBe(2);
  });

  it('says that nobody answers', async () => {
    const { url, stop } = await startService();
    await stop();
    releasers.pop();
    expect(await run(['list', '--url', url])).toMatchObject({
      code: 3,
      error: expect.stringMatching(/^SERVICE_UNREACHABLE: No service answers at http:.*ECONNREFUSED/),
    });
  });

  it('does not take another web server for a service', async () => {
    const server = createServer((_request, response) => response.end('<h1>hello</h1>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    releasers.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const { code, error } = await run(['list', '--url', `http://127.0.0.1:${port}`]);
    expect(error).toContain('what answers there is no Ackstream service (200, not JSON)');
    expect(code).toBe(3);
  });

  it('says who holds the data directory', async () => {
    const lock = lockDataDirectory(join(folder, 'state'), { pid: process.pid, what: 'a test' });
    releasers.push(() => lock.release());
    const { code, error } = await ingest();
    expect(error).toMatch(new RegExp(`^DATA_DIR_LOCKED: .* is in use by a test \\(process ${process.pid}\\)`));
    expect(code).toBe(3);
  });
});
