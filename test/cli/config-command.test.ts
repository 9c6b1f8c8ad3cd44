import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

async function config(cwd: string, ...args: readonly string[]) {
  const env = { ACKSTREAM_DATA_DIR: 'state', ACKSTREAM_API_TOKEN: 'a-token-of-some-length' };
  const { context, written } = recordedContext({ cwd, env });
  const code = await runCommandLine(['config', ...args], context);
  return { code, out: written.out, error: written.error };
}

it('shows each setting with where it comes from, no secrets, and begins nothing', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, '.env'), 'ACKSTREAM_MAX_RUNNING=3\nACKSTREAM_DATA_DIR=elsewhere\n');
  const { code, out, error } = await config(folder);
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out).toMatch(new RegExp(`^ACKSTREAM_DATA_DIR +environment +${join(folder, 'state')}$`, 'm'));
  expect(out).toMatch(/^ACKSTREAM_MAX_RUNNING +\.env +3$/m);
  expect(out).toMatch(/^ACKSTREAM_PORT +default +8000$/m);
  expect(out).toMatch(/^ACKSTREAM_API_TOKEN +environment +set$/m);
  expect(existsSync(join(folder, 'state'))).toBe(false);
  const documents = JSON.parse((await config(folder, '--json')).out);
  expect(documents).toMatchObject({
    ACKSTREAM_MAX_RUNNING: { value: '3', source: '.env' },
    ACKSTREAM_API_TOKEN: { value: 'set', source: 'environment' },
    ACKSTREAM_CALLBACK_SECRET: { value: 'not set', source: 'default' },
  });
  expect(JSON.stringify(documents)).not.toContain('a-token');
});

it('names every setting that is wrong', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, '.env'), 'ACKSTREAM_PORT=eighty\nACKSTREAM_COLOUR=red\n');
  expect(await config(folder)).toMatchObject({
    code: 2,
    out: '',
    error: expect.stringMatching(/^CONFIG_INVALID: [\s\S]*ACKSTREAM_PORT [\s\S]*ACKSTREAM_COLOUR /),
  });
});
