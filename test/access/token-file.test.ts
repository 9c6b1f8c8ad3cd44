import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createToken, digestOf, type TokenRecord } from '../../src/access/api-token.ts';
import { changeTokenFile, readTokenFile } from '../../src/access/token-file.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const CREATED_AT = Date.UTC(2026, 2, 1);

function recordOf(name: string): TokenRecord {
  return createToken({ name, scopes: ['ingest', 'read'], createdAt: CREATED_AT, expiresAt: null }).record;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe('a token', () => {
  it('has 256 random bits, and is known by its prefix', () => {
    const fields = { name: 'a', scopes: ['read'], createdAt: 0, expiresAt: null } as const;
    const made = Array.from({ length: 50 }, () => createToken(fields));
    for (const { token, record } of made) {
      expect(token).toMatch(/^ack_[\w-]{43}$/);
      expect(record.digest).toBe(digestOf(token).toString('hex'));
    }
    expect(new Set(made.map(({ token }) => token)).size).toBe(50);
    expect(new Set(made.map(({ record }) => record.id)).size).toBe(50);
  });
});

describe('the file of the tokens', () => {
  it('gives back what was put in, and holds no token', () => {
    const path = join(tempFolder(), 'data', 'tokens.json');
    const { token, record } = createToken({
      name: 'pim',
      scopes: ['ingest'],
      createdAt: CREATED_AT,
      expiresAt: CREATED_AT + 1,
    });
    changeTokenFile(path, (tokens) => [...tokens, record]);
    const second = recordOf('shop');
    changeTokenFile(path, (tokens) => [...tokens, second]);
    expect(readTokenFile(path)).toEqual([record, second]);
    expect(readFileSync(path, 'utf8')).not.toContain(token.slice(4));
  });

  it('is private, whatever the umask', () => {
    const folder = tempFolder();
    for (const umask of [0o000, 0o022, 0o077]) {
      const before = process.umask(umask);
      onTestFinished(() => void process.umask(before));
      const dataDir = join(folder, String(umask));
      changeTokenFile(join(dataDir, 'tokens.json'), () => [recordOf('a')]);
      process.umask(before);
      expect([modeOf(dataDir), modeOf(join(dataDir, 'tokens.json'))]).toEqual(['700', '600']);
    }
  });

  it('need not be there', () => {
    expect(readTokenFile(join(tempFolder(), 'tokens.json'))).toBeNull();
  });

  it.each([
    ['is cut off', '{"version":1,"tok'],
    ['is empty', ''],
    ['is of a later version', '{"version":2,"tokens":[]}'],
    ['knows more than we do', '{"version":1,"tokens":[],"open":true}'],
    [
      'has a scope that is none',
      JSON.stringify({ version: 1, tokens: [{ id: 'a'.repeat(12), name: 'a', scopes: ['all'] }] }),
    ],
    ['is huge', `{"version":1,"tokens":[]}${' '.repeat(1024 * 1024)}`],
  ])('stops with what to do where it %s', (_what, text) => {
    const path = join(tempFolder(), 'tokens.json');
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => readTokenFile(path)).toThrow(
      expect.objectContaining({
        code: 'TOKENS_UNUSABLE',
        message: expect.stringContaining('restore it, or delete it'),
      }),
    );
    expect(() => changeTokenFile(path, () => [])).toThrow(expect.objectContaining({ code: 'TOKENS_UNUSABLE' }));
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it.each([0o604, 0o640, 0o622, 0o666])('stops with what to do where its mode is %o', (mode) => {
    const path = join(tempFolder(), 'tokens.json');
    changeTokenFile(path, () => [recordOf('a')]);
    chmodSync(path, mode);
    expect(() => readTokenFile(path)).toThrow(
      expect.objectContaining({ code: 'TOKENS_UNUSABLE', message: expect.stringContaining(`chmod 600 ${path}`) }),
    );
  });

  it('keeps a second writer out, and survives one that was killed', () => {
    const path = join(tempFolder(), 'tokens.json');
    changeTokenFile(path, () => [recordOf('a')]);
    changeTokenFile(path, (tokens) => {
      expect(() => changeTokenFile(path, () => [])).toThrow(
        expect.objectContaining({ code: 'TOKENS_UNUSABLE', message: expect.stringContaining(`delete ${path}.new`) }),
      );
      return tokens;
    });
    expect(readTokenFile(path)).toHaveLength(1);
  });

  it('is as it was where a change fails', () => {
    const path = join(tempFolder(), 'tokens.json');
    changeTokenFile(path, () => [recordOf('a')]);
    expect(() =>
      changeTokenFile(path, () => {
        throw new Error('no');
      }),
    ).toThrow(expect.objectContaining({ code: 'TOKENS_UNUSABLE' }));
    expect(readTokenFile(path)).toHaveLength(1);
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});
