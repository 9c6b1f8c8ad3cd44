/*
 * Secrets as they lie in the state: AES-256-GCM, a random nonce of 96 bits for each seal, bound to the ingestion and the column that they
 * stand in, so that one that was moved does not open. The form is `sealed:1:<key id>:<base64url of nonce, ciphertext, tag>`.
 *
 * A row is read, changed and written with every acknowledgement. Settings that were read keep the seals that they were read from, so
 * that what nobody changed is not written anew either.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { DeliverySettings } from '../model/ingestion.ts';
import type { StateKey, StateKeys } from './secret-key-file.ts';

/** The columns of an ingestion's row that hold secrets, sealed. */
interface SealedColumns {
  readonly callback_headers: string | null;
  readonly callback_secret: string | null;
}

/** Delivery settings but for their secrets. */
type OpenSettings = Omit<DeliverySettings, 'callbackHeaders' | 'callbackSecret'>;

/** Where a secret stands: what its seal is bound to. */
interface SecretPlace {
  readonly column: keyof SealedColumns;
  readonly ingestionId: string;
}

const CIPHER = 'aes-256-gcm';
const FORM = /^sealed:1:([0-9a-f]{16}):([\w-]+)$/;
/** What each column begins with where a version wrote it that did not seal: JSON, and the prefix of secrets. */
const OPEN_STARTS = { callback_headers: '{', callback_secret: 'whsec_' } as const;
/** NIST SP 800-38D: with random nonces of 96 bits one key makes 2^32 seals. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Of as many secrets what they open to is kept: more than any number of runs reads at a time. */
const MAX_OPENED = 256;

/** Seals and opens the secrets of ingestions. */
export class SecretSeals {
  readonly #current: StateKey;
  readonly #keys: ReadonlyMap<string, StateKey>;
  readonly #lostIds: ReadonlySet<string>;
  /** What was opened last, by its place: a row is read with every acknowledgement. */
  readonly #opened = new Map<string, { readonly text: string; readonly plain: string }>();
  readonly #asStored = new WeakMap<DeliverySettings, SealedColumns & { readonly ingestionId: string }>();

  constructor({ current, older, lostIds }: StateKeys) {
    this.#current = current;
    this.#keys = new Map([current, ...older].map((key) => [key.id, key]));
    this.#lostIds = lostIds;
  }

  /** What a text begins with that was sealed with the present key. */
  get currentPrefix(): string {
    return `sealed:1:${this.#current.id}:`;
  }

  /** The columns for the secrets of an ingestion's settings: as they were read, else sealed with the present key. */
  columnsOf(delivery: DeliverySettings, ingestionId: string): SealedColumns {
    const stored = this.#asStored.get(delivery);
    // Seals are bound to their ingestion: settings that another one shares are sealed for each.
    if (stored?.ingestionId === ingestionId) {
      return { callback_headers: stored.callback_headers, callback_secret: stored.callback_secret };
    }
    const { callbackHeaders, callbackSecret } = delivery;
    const sealed: SealedColumns = {
      callback_headers:
        callbackHeaders === null
          ? null
          : this.#seal(JSON.stringify(callbackHeaders), { column: 'callback_headers', ingestionId }),
      callback_secret:
        callbackSecret === null ? null : this.#seal(callbackSecret, { column: 'callback_secret', ingestionId }),
    };
    this.#asStored.set(delivery, { ...sealed, ingestionId });
    return sealed;
  }

  /** Settings with the secrets of their row, without those whose key is said to be lost. Throws STATE_KEY_MISMATCH where the key is not there, or opens something else than was sealed. */
  settingsOf(settings: OpenSettings, row: SealedColumns & { readonly ingestion_id: string }): DeliverySettings {
    const { ingestion_id: ingestionId, callback_headers, callback_secret } = row;
    const headers = callback_headers && this.#open(callback_headers, { column: 'callback_headers', ingestionId });
    const delivery: DeliverySettings = {
      ...settings,
      callbackHeaders: headers === null ? null : parseHeaders(headers),
      callbackSecret: callback_secret && this.#open(callback_secret, { column: 'callback_secret', ingestionId }),
    };
    if (this.#isCurrent(callback_headers) && this.#isCurrent(callback_secret)) {
      this.#asStored.set(delivery, { callback_headers, callback_secret, ingestionId });
    }
    return delivery;
  }

  #isCurrent(column: string | null): boolean {
    return column === null || column.startsWith(this.currentPrefix);
  }

  #seal(plain: string, place: SecretPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#current.bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(boundTo(place)));
    const bytes = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return this.currentPrefix + bytes.toString('base64url');
  }

  #open(text: string, place: SecretPlace): string | null {
    if (text.startsWith(OPEN_STARTS[place.column])) return text;
    const known = this.#opened.get(boundTo(place));
    if (known?.text === text) return known.plain;
    const [, keyId, encoded] = FORM.exec(text) ?? [];
    if (keyId === undefined || encoded === undefined) throw keyMismatch(place, 'has not the form of what is sealed');
    const key = this.#keys.get(keyId);
    if (key !== undefined) {
      const plain = decrypt(Buffer.from(encoded, 'base64url'), key, place);
      if (this.#opened.size === MAX_OPENED) this.#opened.clear();
      this.#opened.set(boundTo(place), { text, plain });
      return plain;
    }
    if (this.#lostIds.has(keyId)) return null;
    throw keyMismatch(place, `is sealed with the key ${keyId}, and there is only ${[...this.#keys.keys()].join(', ')}`);
  }
}

function decrypt(bytes: Buffer, key: StateKey, place: SecretPlace): string {
  try {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(boundTo(place)));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw keyMismatch(place, `is not what was sealed with the key ${key.id}`, cause);
  }
}

function keyMismatch({ column, ingestionId }: SecretPlace, problem: string, cause?: unknown): ServiceError {
  const detail = `The ${column} of ingestion ${ingestionId} ${problem}.`;
  return new ServiceError('STATE_KEY_MISMATCH', { detail, ...(cause === undefined ? {} : { cause }) });
}

function boundTo({ column, ingestionId }: SecretPlace): string {
  return `${ingestionId} ${column}`;
}

function parseHeaders(json: string): Record<string, string> {
  return JSON.parse(json);
}
