import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { until } from '../harness/until.ts';
import { postCompletion } from '../mock-receiver/send.ts';
import { recordedContext } from './command-fixtures.ts';

async function receiver(...args: readonly string[]) {
  const { context, written } = recordedContext({ signal: AbortSignal.abort() });
  const code = await runCommandLine(['receiver', '--port', '0', ...args], context);
  return { code, ...written };
}

it.each([
  ['stauts', '--fault: there is no stauts (did you mean status?).'],
  ['unheard-of', '--fault: there is no unheard-of.'],
  [
    'status,status=503,tmes=1',
    '--fault: status,status=503,tmes=1 is no rule.\n  tmes is not a member of this fault (did you mean times?)',
  ],
  ['status,status=9', '--fault: status,status=9 is no rule.\n  status '],
])('tells a fault that is none, %s, as other commands do', async (fault, problem) => {
  const { code, out, error } = await receiver('--fault', fault);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error.startsWith(`COMMAND_INVALID: ${problem}`)).toBe(true);
  expect(error).toMatch(/\nRun the command with --help to see what it takes\.\n$/);
});

it('says of a port that is taken what `serve` says', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  expect(await receiver('--port', String(port))).toEqual({
    code: 1,
    out: '',
    error: `The receiver cannot listen. Correct the option named, or end what is there.\n  --port ${port} is in use by another program\n`,
    bytes: [],
  });
});

it('tells an option that cannot be meant as other commands do, and no secret', async () => {
  const port = await receiver('--port', '70000');
  expect(port).toMatchObject({
    code: 2,
    error: expect.stringMatching(/^COMMAND_INVALID: --port must be .* 65535\.\n/),
  });
  const secret = await receiver('--secret', 'whsec_short');
  expect(secret.error).toMatch(/^COMMAND_INVALID: --secret must be whsec_ followed by/);
  expect(secret.error).not.toContain('short');
});

it('prints nothing of what others send that a terminal obeys', async () => {
  const stopping = new AbortController();
  const { context, written } = recordedContext({ signal: stopping.signal });
  const ended = runCommandLine(['receiver', '--port', '0', '--json'], context);
  const [, url = ''] = await until(
    () => written.out.match(/listens on (\S+)\n/) ?? [],
    (match) => match.length > 0,
  );
  await postCompletion(url, 1, {}, { 'idempotency-key': '"\u009b31m"' });
  await until(
    () => written.out.split('\n').length,
    (lines) => lines > 2,
  );
  stopping.abort();
  expect(await ended).toBe(0);
  expect(written.out).toContain('\\u009b31m');
  expect(written.out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
