import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AccessTokens } from '../../src/access/access-tokens.ts';
import { createToken } from '../../src/access/api-token.ts';
import { changeTokenFile, TOKEN_FILE } from '../../src/access/token-file.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const SETTINGS_TOKEN = 'a-token-of-some-length';

function addToken(dataDir: string, name: string): { readonly token: string; readonly id: string } {
  const { token, record } = createToken({ name, scopes: ['read'], createdAt: 0, expiresAt: null });
  changeTokenFile(join(dataDir, TOKEN_FILE), (tokens) => [...tokens, record]);
  return { token, id: record.id };
}

function revoke(dataDir: string, revokedId: string): void {
  changeTokenFile(join(dataDir, TOKEN_FILE), (tokens) => tokens.filter(({ id }) => id !== revokedId));
}

describe('the tokens in force', () => {
  it('are those of the file as it is now', () => {
    const dataDir = tempFolder();
    const tokens = new AccessTokens({ dataDir, settingsToken: null, isAlwaysRequired: false });
    expect(tokens.isRequired()).toBe(false);
    const first = addToken(dataDir, 'first');
    expect(tokens.isRequired()).toBe(true);
    expect(tokens.identify(first.token)).toMatchObject({ tokenId: first.id, scopes: ['read'], isGuessable: false });
    const second = addToken(dataDir, 'second');
    expect(tokens.identify(second.token)?.tokenId).toBe(second.id);
    revoke(dataDir, first.id);
    expect(tokens.identify(first.token)).toBeNull();
    expect(tokens.identify(second.token)?.tokenId).toBe(second.id);
  });

  it('open nothing by being revoked, or by being lost', () => {
    const dataDir = tempFolder();
    const { id, token } = addToken(dataDir, 'only');
    const tokens = new AccessTokens({ dataDir, settingsToken: null, isAlwaysRequired: false });
    expect(tokens.isRequired()).toBe(true);
    revoke(dataDir, id);
    expect([tokens.isRequired(), tokens.identify(token)]).toEqual([true, null]);
    expect(new AccessTokens({ dataDir, settingsToken: null, isAlwaysRequired: false }).isRequired()).toBe(true);
    rmSync(join(dataDir, TOKEN_FILE));
    expect([tokens.isRequired(), tokens.identify(token)]).toEqual([true, null]);
  });

  it('include the one of the settings, which allows everything', () => {
    const tokens = new AccessTokens({ dataDir: '/nowhere', settingsToken: SETTINGS_TOKEN, isAlwaysRequired: false });
    expect(tokens.isRequired()).toBe(true);
    expect(tokens.identify(SETTINGS_TOKEN)).toMatchObject({ scopes: ['admin'], isGuessable: true });
    expect([tokens.identify(''), tokens.identify(SETTINGS_TOKEN.slice(1))]).toEqual([null, null]);
  });

  it('are none while the file is damaged, and again those of it when it is mended', () => {
    const dataDir = tempFolder();
    const { token } = addToken(dataDir, 'first');
    const tokens = new AccessTokens({ dataDir, settingsToken: SETTINGS_TOKEN, isAlwaysRequired: false });
    expect(tokens.identify(token)).not.toBeNull();
    writeFileSync(join(dataDir, TOKEN_FILE), '{');
    for (const call of [() => tokens.identify(token), () => tokens.isRequired(), () => tokens.hasAny()]) {
      expect(call).toThrow(expect.objectContaining({ code: 'TOKENS_UNUSABLE' }));
      expect(call).toThrow(expect.objectContaining({ code: 'TOKENS_UNUSABLE' }));
    }
    writeFileSync(join(dataDir, TOKEN_FILE), '{"version":1,"tokens":[]}');
    expect([tokens.isRequired(), tokens.identify(token)]).toEqual([true, null]);
  });
});
