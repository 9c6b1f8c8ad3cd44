import type { Context } from 'hono';
import { ServiceError } from '../errors.ts';
import { jsonMembers } from '../protocol/json-members.ts';

/** A request is a few hundred bytes; this leaves room and keeps what one client can make the service hold small. */
const MAX_BODY_BYTES = 1024 * 1024;
/** What is read of the rest and thrown away. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
/** A request has two levels; what nests deeper than this is none. */
const MAX_BODY_DEPTH = 32;
const OPEN_BRACE = 0x7b;

/** A body, read once: its digest decides whether an Idempotency-Key is used for the same request again. */
export interface JsonBody {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/**
 * The JSON body of a request.
 * @throws REQUEST_MEDIA_TYPE where it is not declared as JSON in UTF-8, also where nothing is declared; REQUEST_TOO_LARGE over 1 MiB; REQUEST_NOT_JSON
 * where it is not, or where an object has a key twice: JSON.parse would take the last without a word.
 */
export async function readJsonBody(context: Context): Promise<JsonBody> {
  requireJsonMediaType(context);
  const bytes = await readBytes(context.req.raw.body);
  const value = parseJson(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) requireUniqueKeys(bytes);
  return { bytes, value };
}

function requireJsonMediaType(context: Context): void {
  const mediaType = context.req.header('Content-Type') ?? '';
  const encoding = context.req.header('Content-Encoding') ?? 'identity';
  const isJson = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(mediaType);
  if (!isJson || encoding.toLowerCase() !== 'identity') throw new ServiceError('REQUEST_MEDIA_TYPE');
}

/** Counts what comes, whatever length was declared. */
async function readBytes(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let byteCount = 0;
  try {
    for await (const piece of body?.values({ preventCancel: true }) ?? []) {
      byteCount += piece.length;
      if (byteCount > MAX_BODY_BYTES) break;
      pieces.push(piece);
    }
  } catch (cause) {
    // The client went away: nothing of the service failed, so this is no matter for the log of errors.
    throw new ServiceError('REQUEST_NOT_JSON', { detail: 'The body ended in the middle.', cause });
  }
  if (byteCount <= MAX_BODY_BYTES) return Buffer.concat(pieces);
  if (body !== null) void discardRest(body);
  throw new ServiceError('REQUEST_TOO_LARGE');
}

/**
 * Reads on beside the answer and throws away, so that a client that is writing yet sees the answer, and is heard again over its connection. Resolves when the body is over, longer than is worth it, or
 * cut off: the server waits half a second for the end of what nobody wants.
 */
async function discardRest(body: ReadableStream<Uint8Array>): Promise<void> {
  try {
    let left = MAX_DISCARDED_BYTES;
    for await (const piece of body) {
      left -= piece.length;
      if (left < 0) return;
    }
  } catch {
    // Refused it is already.
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's own message quotes the body, which may hold a secret; ours says only where the fault is.
    requireUniqueKeys(bytes);
    throw new ServiceError('REQUEST_NOT_JSON');
  }
}

/** Objects in arrays are not looked at: no field of a request takes an array. */
function requireUniqueKeys(object: Uint8Array): void {
  for (const value of membersOf(object)) {
    if (value[0] === OPEN_BRACE) requireUniqueKeys(value);
  }
}

function membersOf(object: Uint8Array): readonly Uint8Array[] {
  try {
    return [...jsonMembers(object, { maxDepth: MAX_BODY_DEPTH }).values()];
  } catch (cause) {
    const detail = cause instanceof ServiceError ? cause.message : undefined;
    throw new ServiceError('REQUEST_NOT_JSON', { ...(detail === undefined ? {} : { detail }), cause });
  }
}
