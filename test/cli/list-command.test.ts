/** `ackstream list`, of the API over fakes, behind a real socket, and of a real service. */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { apiUnderTest, sampleIngestion } from '../api/api-under-test.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { interruptedByWriting, recordedContext } from './command-fixtures.ts';

describe('list', () => {
  /** A service that has so many ingestions. */
  async function serviceWith(count: number) {
    const all = Array.from({ length: count }, (_, index) =>
      sampleIngestion({ ingestionId: String(index).padStart(64, 'f') }),
    );
    const { app } = apiUnderTest({
      reads: {
        listIngestions: ({ limit, cursor }) => {
          const end = Number(cursor ?? 0) + limit;
          return Promise.resolve({ items: all.slice(end - limit, end), nextCursor: end < count ? String(end) : null });
        },
      },
    });
    const { promise, resolve } = Promise.withResolvers<number>();
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${await promise}`;
    return async (args: string, changes: Partial<CommandContext> = {}) => {
      const { context, written } = recordedContext(changes);
      const code = await runCommandLine([...args.split(' '), '--url', url], context);
      return { code, error: written.error, lines: written.out.trimEnd().split('\n') };
    };
  }

  it('shows a person the newest, and gives programs all of them', async () => {
    const run = await serviceWith(250);
    const shown = await run('list');
    expect(shown).toMatchObject({ code: 0, error: 'Only the newest 100 are shown; --json or --ids prints all.\n' });
    expect(shown.lines).toHaveLength(101);
    const ids = await run('list --ids');
    expect(ids).toMatchObject({ code: 0, error: '' });
    expect(ids.lines).toEqual(Array.from({ length: 250 }, (_, index) => String(index).padStart(64, 'f')));
    const documents = (await run('list --json')).lines.map((line) => JSON.parse(line).ingestion_id);
    expect(documents).toEqual(ids.lines);
  });

  it.each(['--ids', '--json'])(
    'says by its exit code that %s printed a part only, where it is interrupted or nobody reads on',
    async (flag) => {
      const run = await serviceWith(250);
      const { changes, lines } = interruptedByWriting();
      expect(await run(`list ${flag}`, changes)).toMatchObject({ code: 130, error: '' });
      expect(lines()).toHaveLength(100);
    },
  );

  it('asks a running service or none with --service-only, so that a service that starts meanwhile gets the data directory', async () => {
    const folder = tempFolder();
    const env = { ACKSTREAM_PORT: '0', ACKSTREAM_DATA_DIR: 'data', ACKSTREAM_LOG_DIR: 'logs' };
    const run = async (line: string) => {
      const { context, written } = recordedContext({ cwd: folder, env });
      return { code: await runCommandLine(line.split(' '), context), ...written };
    };
    writeFileSync(join(folder, 'products.json'), '[{"id":1}]');
    await run(`ingest products.json --callback ${(await startReceiver()).callbackUrl}`);
    const before = statSync(join(folder, 'data', 'ackstream.db')).mtimeMs;
    rmSync(join(folder, 'logs'), { recursive: true });
    expect(await run('list --ids --service-only')).toMatchObject({
      code: 3,
      out: '',
      error: expect.stringMatching(/^SERVICE_UNREACHABLE: No service answers\.\n/),
    });
    expect(existsSync(join(folder, 'logs'))).toBe(false);
    expect(statSync(join(folder, 'data', 'ackstream.db')).mtimeMs).toBe(before);
    await startService(folder);
    expect(await run('list --ids --service-only')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^[0-9a-f]{64}\n$/),
    });
  });

  it('shows the begin of each id on a terminal, which names it as well', async () => {
    const run = await serviceWith(1);
    const { lines } = await run('list', { terminalColumns: () => 80 });
    expect(lines[1]).toMatch(/^f{12} {2}[A-Z]/);
    expect((await run('list')).lines[1]).toMatch(/^f{63}0 {2}[A-Z]/);
  });
});
