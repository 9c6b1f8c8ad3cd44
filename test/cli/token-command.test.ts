import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/access/api-token.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { recordedContext } from './command-fixtures.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

function commandsIn(cwd: string, now = NOW) {
  return async (...args: readonly string[]) => {
    const env = { ACKSTREAM_DATA_DIR: 'state', ACKSTREAM_HOST: '0.0.0.0' };
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const { context, written } = recordedContext({ env, cwd, clock });
    const code = await runCommandLine(['token', ...args], context);
    return { code, out: written.out, error: written.error };
  };
}

const CREATE = ['create', '--name', 'pim', '--scope', 'read', '--scope', 'ingest'];

describe('ackstream token create', () => {
  it('prints the token alone, once, and keeps its digest', async () => {
    const folder = tempFolder();
    const token = commandsIn(folder);
    const { code, out, error } = await token(...CREATE, '--expires', '90d');
    expect(code).toBe(0);
    expect(out).toMatch(/^ack_[\w-]{43}\n$/);
    expect(error).toMatch(/^Token pim, id [0-9a-f]{12}: ingest, read; expires 2026-05-30T12:00:00\.000Z\. /);
    const kept = readFileSync(join(folder, 'state', 'tokens.json'), 'utf8');
    expect(kept).toContain(digestOf(out.trim()).toString('hex'));
    expect(kept + error + (await token('list')).out + (await token('list', '--json')).out).not.toContain(out.trim());
  });

  it('prints it as JSON', async () => {
    const { out } = await commandsIn(tempFolder())(...CREATE, '--json');
    expect(JSON.parse(out)).toEqual({
      token: expect.stringMatching(/^ack_/),
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      name: 'pim',
      scopes: ['ingest', 'read'],
      created_at: '2026-03-01T12:00:00.000Z',
      expires_at: null,
    });
  });

  it('takes no name twice', async () => {
    const token = commandsIn(tempFolder());
    await token(...CREATE);
    expect(await token(...CREATE)).toMatchObject({
      code: 2,
      out: '',
      error: expect.stringContaining('There is a token pim'),
    });
    expect((await token('list', '--json')).out.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['no name', ['create', '--scope', 'read']],
    ['a name of several words', ['create', '--name', 'a b', '--scope', 'read']],
    ['no scope', ['create', '--name', 'a']],
    ['a scope that is none', ['create', '--name', 'a', '--scope', 'read', '--scope', 'write']],
    ['a time without a unit', [...CREATE, '--expires', '90']],
    ['no time at all', [...CREATE, '--expires', '0d']],
    ['a time beyond all dates', [...CREATE, '--expires', '100000d']],
    ['more than it takes', [...CREATE, 'more']],
    ['an action that is none', ['drop']],
    ['no action', []],
  ])('makes nothing of %s', async (_what, args) => {
    const folder = tempFolder();
    expect(await commandsIn(folder)(...args)).toMatchObject({
      code: 2,
      out: '',
      error: expect.stringMatching(/^COMMAND_INVALID/),
    });
    expect(existsSync(join(folder, 'state'))).toBe(false);
  });
});

describe('ackstream token list', () => {
  it('shows what there is', async () => {
    const token = commandsIn(tempFolder());
    expect(await token('list')).toMatchObject({ code: 0, error: 'There are none.\n' });
    await token(...CREATE, '--expires', '12h');
    await token('create', '--name', 'ops', '--scope', 'admin');
    const { out } = await token('list');
    expect(out).toMatch(/^ID +NAME +SCOPES +CREATED +EXPIRES\n/);
    expect(out).toMatch(
      /\n[0-9a-f]{12} {2}pim {3}ingest, read {2}2026-03-01T12:00:00\.000Z {2}2026-03-02T00:00:00\.000Z\n/,
    );
    expect(out).toMatch(/ops {3}admin .* never\n$/);
  });

  it('says which have expired, from the moment on from which they are refused', async () => {
    const folder = tempFolder();
    await commandsIn(folder)(...CREATE, '--expires', '12h');
    const later = NOW + 12 * 3_600_000;
    expect((await commandsIn(folder, later - 1)('list')).out).toMatch(/00Z\n$/);
    expect((await commandsIn(folder, later)('list')).out).toMatch(/00Z, has expired\n$/);
  });
});

describe('ackstream token revoke', () => {
  it('takes one by its name or its id', async () => {
    const token = commandsIn(tempFolder());
    const { id } = JSON.parse((await token(...CREATE, '--json')).out);
    await token('create', '--name', 'ops', '--scope', 'admin');
    expect(await token('revoke', 'ops')).toMatchObject({ code: 0, out: expect.stringMatching(/^revoked ops, id /) });
    expect(JSON.parse((await token('revoke', String(id), '--json')).out)).toMatchObject({ id, name: 'pim' });
    expect((await token('list')).error).toBe('There are none.\n');
  });

  it('says that there is none', async () => {
    expect(await commandsIn(tempFolder())('revoke', 'x')).toMatchObject({
      code: 2,
      error: expect.stringContaining('no token x'),
    });
  });

  it('leaves a file alone that it does not understand', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'tokens.json'), '{', { mode: 0o600 });
    const { context, written } = recordedContext({ env: { ACKSTREAM_DATA_DIR: '.' }, cwd: folder });
    expect(await runCommandLine(['token', 'revoke', 'x'], context)).toBe(2);
    expect(written.error).toMatch(/^TOKENS_UNUSABLE: .*restore it, or delete it/);
    expect(readFileSync(join(folder, 'tokens.json'), 'utf8')).toBe('{');
  });
});
