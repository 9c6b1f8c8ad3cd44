/** The file of the API tokens in the data directory. It holds digests, from which no token can be told; whoever may write it lets anybody in. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { TokenRecord } from './api-token.ts';
import { SCOPES } from './scope.ts';

/** Its name in the data directory. */
export const TOKEN_FILE = 'tokens.json';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Any right of the group or of others. */
const OTHERS_MODE = 0o077;
/** Thousands of tokens; what is larger is none of ours. */
const MAX_FILE_BYTES = 1024 * 1024;

const time = z.iso.datetime().transform((text) => Date.parse(text));

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z.array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{12}$/),
      name: z.string(),
      scopes: z.array(z.enum(SCOPES)).min(1),
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      created_at: time,
      expires_at: time.nullable(),
    }),
  ),
});

/**
 * The tokens of a file; null where there is no file.
 * @throws TOKENS_UNUSABLE where it cannot be read, others may, or it is not what {@link changeTokenFile} wrote.
 */
export function readTokenFile(path: string): readonly TokenRecord[] | null {
  const text = readPrivateFile(path);
  return text === null ? null : parseTokens(path, text);
}

/**
 * Changes a file, which is created where there is none. It is written beside and renamed, so that a reader finds the old one or the new one; that name is at the same
 * time what keeps a second writer out.
 * @throws what {@link readTokenFile} and `change` throw; TOKENS_UNUSABLE where it cannot be written, or is being written.
 */
export function changeTokenFile(
  path: string,
  change: (tokens: readonly TokenRecord[]) => readonly TokenRecord[],
): void {
  const newPath = `${path}.new`;
  const file = createNewFile(path, newPath);
  try {
    try {
      writeSync(file, renderTokens(change(readTokenFile(path) ?? [])));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(newPath, path);
    syncFolderOf(path);
  } catch (error) {
    rmSync(newPath, { force: true });
    if (error instanceof ServiceError) throw error;
    throw unusable(`${path} cannot be written: ${reasonOf(error)}.`, error);
  }
}

/** So that a token that was revoked is none after a power cut either. Windows syncs no folders. */
function syncFolderOf(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function createNewFile(path: string, newPath: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    return openSync(newPath, 'wx', FILE_MODE);
  } catch (error) {
    if (!isError(error, 'EEXIST')) throw unusable(`${path} cannot be written: ${reasonOf(error)}.`, error);
    const detail = `Another command changes ${path}. Where none runs any more, one was killed: delete ${newPath}.`;
    throw unusable(detail, error);
  }
}

/** Mode and content are those of one open file: what lies under the name may change in between. */
function readPrivateFile(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isError(error, 'ENOENT')) return null;
    throw unusable(`${path} cannot be read: ${reasonOf(error)}.`, error);
  }
  try {
    const { mode, size } = fstatSync(file);
    // Windows has no such modes, and reports what it has not.
    if ((mode & OTHERS_MODE) !== 0 && process.platform !== 'win32') {
      throw unusable(`${path} may be accessed by others: \`chmod 600 ${path}\`, after a look at what it holds.`);
    }
    if (size > MAX_FILE_BYTES) throw damaged(path, `it has ${size} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw unusable(`${path} cannot be read: ${reasonOf(error)}.`, error);
  } finally {
    closeSync(file);
  }
}

function parseTokens(path: string, text: string): readonly TokenRecord[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause);
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw damaged(path, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  return parsed.data.tokens.map(({ created_at: createdAt, expires_at: expiresAt, ...token }) => ({
    ...token,
    createdAt,
    expiresAt,
  }));
}

function renderTokens(tokens: readonly TokenRecord[]): string {
  const shown = tokens.map(({ createdAt, expiresAt, ...token }) => ({
    ...token,
    created_at: new Date(createdAt).toISOString(),
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }));
  return `${JSON.stringify({ version: 1, tokens: shown }, null, 2)}\n`;
}

function damaged(path: string, reason: string, cause?: unknown): ServiceError {
  const detail = `${path} is not what \`ackstream token\` wrote (${reason}): restore it, or delete it and create the tokens anew.`;
  return unusable(detail, cause);
}

function unusable(detail: string, cause?: unknown): ServiceError {
  return new ServiceError('TOKENS_UNUSABLE', { detail, ...(cause === undefined ? {} : { cause }) });
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
