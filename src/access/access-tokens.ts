import { timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../errors.ts';
import { digestOf } from './api-token.ts';
import type { Scope } from './scope.ts';
import { readTokenFile, TOKEN_FILE } from './token-file.ts';

/** Whoever sent a token, as far as it is known. */
export interface Bearer {
  readonly tokenId: string;
  readonly scopes: readonly Scope[];
  /** Wall clock, ms; null: never. */
  readonly expiresAt: number | null;
  /** A person made the token up, so that it is worth somebody's while to guess. */
  readonly isGuessable: boolean;
}

interface Candidate {
  readonly digest: Buffer;
  readonly bearer: Bearer;
}

/** What is asked of the tokens. */
export interface AccessTokensOptions {
  readonly dataDir: string;
  /** The one of the settings, which allows everything. */
  readonly settingsToken: string | null;
  /** Whether one is asked for although there is none. */
  readonly isAlwaysRequired: boolean;
}

/**
 * The tokens that are in force: that of the settings, and those of the file in the data directory, which is looked at with every request (one `stat`), so that a token is revoked
 * from the next request on. Every method throws TOKENS_UNUSABLE while the file is there and cannot be used: nobody is let in on its account.
 */
export class AccessTokens {
  readonly #path: string;
  readonly #settings: readonly Candidate[];
  #isRequired: boolean;
  #fileVersion = '';
  #ofFile: readonly Candidate[] = [];

  constructor({ dataDir, settingsToken, isAlwaysRequired }: AccessTokensOptions) {
    this.#path = join(dataDir, TOKEN_FILE);
    this.#settings = settingsToken === null ? [] : [candidateOfSettings(settingsToken)];
    this.#isRequired = isAlwaysRequired || settingsToken !== null;
  }

  /** Whether a token is asked for. Once it was, it is until the process ends: revoking the last token, or losing the file, opens nothing. */
  isRequired(): boolean {
    this.#refresh();
    return this.#isRequired;
  }

  /** Whether there is any, in force or not. */
  hasAny(): boolean {
    this.#refresh();
    return this.#settings.length + this.#ofFile.length > 0;
  }

  /** Who sent a token; null: nobody has it. As long as there are the same tokens, every answer takes the same time. */
  identify(token: string): Bearer | null {
    this.#refresh();
    const digest = digestOf(token);
    let found: Bearer | null = null;
    for (const candidate of [...this.#settings, ...this.#ofFile]) {
      if (timingSafeEqual(digest, candidate.digest)) found = candidate.bearer;
    }
    return found;
  }

  #refresh(): void {
    const version = this.#readFileVersion();
    if (version === this.#fileVersion) return;
    const records = readTokenFile(this.#path);
    if (records !== null) this.#isRequired = true;
    this.#ofFile = (records ?? []).map(({ id, scopes, digest, expiresAt }) => ({
      digest: Buffer.from(digest, 'hex'),
      bearer: { tokenId: id, scopes, expiresAt, isGuessable: false },
    }));
    // Only now: what could not be read is tried again with the next request.
    this.#fileVersion = version;
  }

  /** Changes whenever the file does: it is only ever replaced by another; '' where there is none. */
  #readFileVersion(): string {
    try {
      const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
      return stats === undefined ? '' : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
    } catch (cause) {
      throw new ServiceError('TOKENS_UNUSABLE', { detail: `${this.#path} cannot be looked at.`, cause });
    }
  }
}

function candidateOfSettings(token: string): Candidate {
  const bearer: Bearer = { tokenId: 'settings', scopes: ['admin'], expiresAt: null, isGuessable: true };
  return { digest: digestOf(token), bearer };
}
