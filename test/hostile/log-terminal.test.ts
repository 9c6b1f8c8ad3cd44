/** What the command line shows of texts from outside: one line each, and nothing that a terminal obeys. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { recordedContext } from '../cli/command-fixtures.ts';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { startWireTap } from '../harness/wire-tap.ts';

const HOSTILE = 'x\u001b[31m\u001b]0;title\u0007\u009b2J\r\u0085\u2028\u202e\u2066y';
/** But for the ends of our own lines. */
const OBEYED = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

describe('the command line', () => {
  it('shows no command to the terminal, wherever a text from outside stands', async () => {
    const cwd = tempFolder();
    const folder = join(cwd, HOSTILE);
    mkdirSync(folder);
    const path = join(folder, `${HOSTILE}.json`);
    const key = JSON.stringify(HOSTILE);
    writeFileSync(path, `[{${key}:${key}},{${key}:1,${key}:2},{${key}:tru}]`);
    const tap = await startWireTap(null, () => ({ status: 410, body: JSON.stringify({ ack: false, error: HOSTILE }) }));
    const receiver = await startReceiver();
    const outputs: string[] = [];
    const run = async (...args: readonly string[]) => {
      const { context, written } = recordedContext({ cwd, env: { ACKSTREAM_PORT: '0' } });
      const code = await runCommandLine(args, context);
      outputs.push(written.out, written.error);
      return { code, ...written };
    };

    await run('preview', path, '--on-bad-record', 'quarantine', '--full');
    expect((await run('ingest', path, '--callback', tap.url)).code).toBe(1);
    const taken = await run(
      'ingest',
      path,
      '--callback',
      receiver.callbackUrl,
      '--on-bad-record',
      'quarantine',
      '--re-ingest',
    );
    expect(taken.code).toBe(0);
    const listed = await run('list');
    expect(listed.out.trim().split('\n')).toHaveLength(3);
    for (const [id = ''] of listed.out.matchAll(/^[0-9a-f]{64}/gm)) {
      await run('status', id);
      await run('rejects', id);
    }
    for (const args of [
      ['preview', `${path}?`],
      ['status', HOSTILE],
      [HOSTILE],
      ['ingest', path, `--${HOSTILE}`],
      ['ingest', path, '--callback', HOSTILE],
      ['backup', `no/${HOSTILE}`],
      ['backup', HOSTILE],
      ['list', '--status', HOSTILE],
      ['list', '--url', HOSTILE],
      ['generate', '--format', HOSTILE, '--records', '1'],
    ]) {
      expect((await run(...args)).code, args.join(' ')).not.toBe(0);
    }
    expect((await run('backup', `${HOSTILE}.db`)).code).toBe(0);
    for (const output of outputs) expect(output).not.toMatch(OBEYED);
    expect(outputs.join('')).toContain('\\u001b[31m');
  });
});
