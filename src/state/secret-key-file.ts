import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ServiceError } from '../errors.ts';
import { replaceFile } from './sync-to-disk.ts';

/** A key that secrets are sealed with. */
export interface StateKey {
  /** Tells it from others without telling anything of it: the first 16 hex digits of a digest. */
  readonly id: string;
  /** AES-256: 32 bytes. */
  readonly bytes: Uint8Array;
}

/** What a key file holds. */
export interface StateKeys {
  /** Seals, and opens. */
  readonly current: StateKey;
  /** Only open. */
  readonly older: readonly StateKey[];
  /** Keys that are gone for good, and what they sealed with them. */
  readonly lostIds: ReadonlySet<string>;
}

const KEY_BYTES = 32;
/** Any right of the group or of others. */
const FOREIGN_RIGHTS = 0o077;
/** Windows has no such rights: what it shows of them says nothing. */
const HAS_RIGHTS = process.platform !== 'win32';
const HEX_KEY = /^[0-9a-f]{64}$/i;
/** How it is said that a key is gone for good. */
const LOST_KEY = /^lost ([0-9a-f]{16})$/;
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The keys of a file: base64 or hex of 32 bytes a line, the first of which seals; `lost` and the id of a key that is gone. Empty lines and those that begin with `#` say
 * nothing. Null where there is no file.
 * @throws CONFIG_INVALID where it holds anything else, cannot be read, or can be read by others than its owner.
 */
export function readStateKeys(path: string): StateKeys | null {
  const text = readPrivateFile(path);
  if (text === null) return null;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [current, ...older] = lines.filter((line) => !LOST_KEY.test(line)).map((line) => keyOf(line, path));
  if (current === undefined) throw keyFileInvalid(path, 'holds no key');
  return { current, older, lostIds: new Set(lines.flatMap((line) => LOST_KEY.exec(line)?.[1] ?? [])) };
}

/** Makes a key of its own, and a file for it that nobody but its owner reads, on the disk when this returns. Throws STATE_UNAVAILABLE. */
export function createStateKeys(path: string): StateKeys {
  const bytes = randomBytes(KEY_BYTES);
  try {
    // On the disk: what is sealed with a key that a power cut takes is lost with it. Whole: half a key would keep the next start from making one.
    replaceFile(path, `${bytes.toString('base64')}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceError('STATE_UNAVAILABLE', { detail: `${path} cannot be made: ${reason}.`, cause });
  }
  return onlyKey(bytes);
}

/** A key of this process alone, for a state that ends with it. */
export function passingStateKeys(): StateKeys {
  return onlyKey(randomBytes(KEY_BYTES));
}

function readPrivateFile(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw keyFileInvalid(path, 'cannot be read', cause);
  }
  try {
    const { mode } = fstatSync(file);
    if (HAS_RIGHTS && (mode & FOREIGN_RIGHTS) !== 0) {
      throw keyFileInvalid(path, `can be read by others than its owner; run \`chmod 600 ${path}\``);
    }
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw keyFileInvalid(path, 'cannot be read', cause);
  } finally {
    closeSync(file);
  }
}

function keyOf(line: string, path: string): StateKey {
  if (HEX_KEY.test(line)) return keyOfBytes(Buffer.from(line, 'hex'));
  if (BASE64_KEY.test(line)) return keyOfBytes(Buffer.from(line, 'base64'));
  throw keyFileInvalid(path, `must hold the base64 or hex of ${KEY_BYTES} bytes, a key a line`);
}

function onlyKey(bytes: Uint8Array): StateKeys {
  return { current: keyOfBytes(bytes), older: [], lostIds: new Set() };
}

function keyOfBytes(bytes: Uint8Array): StateKey {
  const id = createHash('sha256').update('ackstream state key\0').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes };
}

function keyFileInvalid(path: string, problem: string, cause?: unknown): ServiceError {
  const fields = [{ field: 'ACKSTREAM_STATE_KEY_FILE', message: `(${path}) ${problem}` }];
  return new ServiceError('CONFIG_INVALID', { fields, ...(cause === undefined ? {} : { cause }) });
}
