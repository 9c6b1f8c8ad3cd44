import { hash, randomBytes } from 'node:crypto';
import type { Scope } from './scope.ts';

/** What is kept of a token: all but itself. */
export interface TokenRecord {
  readonly id: string;
  /** What people call it by; no two tokens share one. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** {@link digestOf} the token, in hex. */
  readonly digest: string;
  /** Wall clock, ms, as is all time here. */
  readonly createdAt: number;
  /** From when on it is refused; null: never. */
  readonly expiresAt: number | null;
}

/** A token is known by its prefix wherever it turns up: scanners for secrets look for such. */
const PREFIX = 'ack_';
/** 256 bits: as many as the digest has, and beyond any guessing. */
const TOKEN_BYTES = 32;
const ID_BYTES = 6;

/**
 * SHA-256. Slow, salted hashes protect what people make up, by making each guess dear; 256 random bits cannot be guessed at any price, and a slow
 * hash in front of every request would only be a way to keep the service busy.
 */
export function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** A new token, to be shown once, and its record. */
export function createToken(fields: Pick<TokenRecord, 'name' | 'scopes' | 'createdAt' | 'expiresAt'>): {
  readonly token: string;
  readonly record: TokenRecord;
} {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  const record = { id: randomBytes(ID_BYTES).toString('hex'), ...fields, digest: digestOf(token).toString('hex') };
  return { token, record };
}
