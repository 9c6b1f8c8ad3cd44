/*
 * What an answer means, docs/protocol.md "The answer", rules 3 to 7 in their order; rules 1 and 2 concern attempts that got no complete
 * answer. HTTP success is not acceptance: only the receiver's own `"ack": true` for this very message is.
 */
import type { Outcome } from '../model/outcome.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A complete answer of a receiver. */
export interface Answer {
  readonly status: number;
  /** The header as it came, null where there was none. */
  readonly retryAfter: string | null;
  /** The header as it came. An encoded body was not asked for and is not read. */
  readonly contentEncoding: string | null;
  readonly body: Uint8Array;
  /** Wall clock, ms: what a date in Retry-After is compared with. */
  readonly now: number;
}

/** What was sent, as far as the answer must repeat it. */
export type Expectation =
  | { readonly target: 'chunk'; readonly ingestionId: string; readonly chunkNumber: number }
  | {
      readonly target: 'completion';
      readonly ingestionId: string;
      /** Number of the last chunk, 0 if there was none. */
      readonly chunkNumber: number;
      readonly totalChunks: number;
    };

/** The highest that `Ackstream-Epoch` can say: receivers read fifteen digits. */
const MAX_EPOCH = 999_999_999_999_999;

/** Most of a receiver's own words that go into logs and errors, in characters. */
const MAX_QUOTED_CHARACTERS = 300;

/** The texts of the original service's receivers, by the code that says the same. */
const CODE_BY_TEXT: ReadonlyMap<string, string> = new Map([
  ['Out-of-order chunk', 'OUT_OF_ORDER_CHUNK'],
  ['Checksum mismatch', 'CHECKSUM_MISMATCH'],
  ['Empty chunk', 'EMPTY_CHUNK'],
]);

/** Reads a complete answer. Pure and total: whatever a receiver says is one outcome. */
export function interpretAnswer(answer: Answer, expected: Expectation): Outcome {
  const { status } = answer;
  const isSuccess = status >= 200 && status < 300;
  if (status === 413) return { kind: 'too-large', reason: describe(answer, readObject(answer)) };
  if (!isSuccess && !isRefusal(status)) {
    return {
      kind: 'unavailable',
      reason: describe(answer, null),
      httpStatus: status,
      retryAfterMs: parseRetryAfter(answer.retryAfter, answer.now),
    };
  }
  const object = readObject(answer);
  if (isRefusal(status) || object?.ack === false) return interpretRefusal(answer, object, expected);
  if (object !== null && isAck(object.ack, expected) && isEchoOf(object, expected)) return { kind: 'acknowledged' };
  return { kind: 'unknown', reason: describeNoAck(answer, object, expected), httpStatus: status };
}

/** 4xx without those that speak of the moment, not of the message. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Rules 3 (STALE_EPOCH) and 5. */
function interpretRefusal(answer: Answer, object: JsonObject | null, expected: Expectation): Outcome {
  const { status } = answer;
  const reason = describe(answer, object);
  if (status === 409 && object?.error === 'STALE_EPOCH' && isEpoch(object.epoch)) {
    return { kind: 'stale-epoch', highestEpoch: object.epoch, reason };
  }
  const receiverError = receiverErrorOf(object);
  const rejected = { kind: 'rejected', httpStatus: status, receiverError, isFinal: status === 410 } as const;
  const isRewindPossible = status !== 410 && (object?.ack === false || (status === 409 && object?.ack !== true));
  if (!isRewindPossible) return { ...rejected, reason };
  const expectedChunk = object?.expected_chunk;
  if (isChunkBefore(expectedChunk, expected)) {
    return { kind: 'rewind-asked', expectedChunk, reason: `${reason} (${describePlace(expectedChunk, expected)})` };
  }
  const isAboutOrder = expectedChunk !== undefined || receiverError === 'OUT_OF_ORDER_CHUNK';
  return { ...rejected, reason: isAboutOrder ? `${reason} (${describePlace(expectedChunk, expected)})` : reason };
}

/** The body as an object; null where it is none, or not readable as one. */
function readObject(answer: Answer): JsonObject | null {
  if (isEncoded(answer.contentEncoding)) return null;
  try {
    // The decoder skips one leading BOM, and refuses what is not UTF-8.
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    return isObject(value) ? value : null;
  } catch {
    // Anything at all may stand in the body; it is then no acknowledgement, and quoted as it is.
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a body is compressed or the like, by its Content-Encoding: a list, which may be empty. */
export function isEncoded(contentEncoding: string | null): boolean {
  const codings = contentEncoding?.toLowerCase().split(',') ?? [];
  return codings.some((coding) => !['', 'identity'].includes(coding.trim()));
}

/** The original's receivers also answer `1` and `"true"` to COMPLETED. */
function isAck(ack: unknown, expected: Expectation): boolean {
  return ack === true || (expected.target === 'completion' && (ack === 1 || ack === 'true'));
}

/** Whether what the answer repeats of the message is the message's: a stale or foreign acknowledgement is none. */
function isEchoOf(object: JsonObject, expected: Expectation): boolean {
  const { ingestion_id: ingestionId, chunk_number: chunkNumber } = object;
  const isIngestion = ingestionId === undefined || ingestionId === null || ingestionId === expected.ingestionId;
  const isChunk =
    chunkNumber === undefined ||
    chunkNumber === null ||
    chunkNumber === expected.chunkNumber ||
    chunkNumber === String(expected.chunkNumber);
  return isIngestion && isChunk;
}

/** An epoch above which there is still one that receivers read. */
function isEpoch(value: unknown): value is number {
  return isIndexBelow(value, MAX_EPOCH);
}

/** Whether the value names a chunk before the one that was sent; COMPLETED comes after all chunks. */
function isChunkBefore(value: unknown, expected: Expectation): value is number {
  return isIndexBelow(value, expected.target === 'chunk' ? expected.chunkNumber : expected.totalChunks);
}

function isIndexBelow(value: unknown, bound: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < bound;
}

function receiverErrorOf(object: JsonObject | null): string | null {
  const error = object?.error;
  return typeof error === 'string' ? quote(CODE_BY_TEXT.get(error) ?? error) : null;
}

/** `HTTP 409: <the receiver's words>`. */
function describe(answer: Answer, object: JsonObject | null): string {
  const words = quote(wordsOf(answer, object));
  return words === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${words}`;
}

function wordsOf(answer: Answer, object: JsonObject | null): string {
  if (isEncoded(answer.contentEncoding))
    return `a body in the encoding ${answer.contentEncoding}, which was not asked for`;
  const error = object?.error;
  if (typeof error === 'string') return error;
  if (error !== undefined && error !== null) return JSON.stringify(error);
  return new TextDecoder().decode(answer.body);
}

function describeNoAck(answer: Answer, object: JsonObject | null, expected: Expectation): string {
  if (object !== null && isAck(object.ack, expected)) {
    return `HTTP ${answer.status}: acknowledged something else: ${quote(wordsOf(answer, null))}`;
  }
  return `${describe(answer, null)} (no acknowledgement)`;
}

function describePlace(expectedChunk: unknown, expected: Expectation): string {
  const wanted = expectedChunk === undefined ? 'no chunk' : `chunk ${quote(JSON.stringify(expectedChunk))}`;
  const sent =
    expected.target === 'chunk' ? `chunk ${expected.chunkNumber}` : `COMPLETED of ${expected.totalChunks} chunks`;
  return `the receiver expects ${wanted}, ${sent} was sent`;
}

/** A receiver's text, cut, and with all that is not printable written as an escape: it goes into logs and terminals. */
function quote(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_QUOTED_CHARACTERS + 2));
  const cut = characters.slice(0, MAX_QUOTED_CHARACTERS).join('');
  const escaped = cut.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return characters.length > MAX_QUOTED_CHARACTERS ? `${escaped}…` : escaped;
}
