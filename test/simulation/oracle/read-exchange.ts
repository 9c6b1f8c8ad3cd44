import type { Exchange } from '../../../src/delivery/post-channel.ts';

/** What an attempt came to, read once more: by docs/protocol.md alone, with nothing of the product. */
export interface Reading {
  /** The kind of outcome that must go on record. */
  readonly outcome:
    | 'acknowledged'
    | 'rejected'
    | 'rewind-asked'
    | 'too-large'
    | 'stale-epoch'
    | 'unavailable'
    | 'unknown';
  /** Whether the receiver certainly has nothing of it. */
  readonly provesNotStored: boolean;
  /** No further try can help. */
  readonly isFinal: boolean;
  /** With `rewind-asked`. */
  readonly expectedChunk: number | null;
  /** How long the receiver asked to be left alone, 1 h at most. */
  readonly retryAfterMs: number;
  readonly readAt: number;
}

/** What was sent, as far as its answer must be about it. */
export interface SentAddress {
  readonly ingestionId: string;
  /** That of the last chunk with COMPLETED. */
  readonly chunkNumber: number;
  readonly isCompletion: boolean;
  /** Chunks that a rewind can name are below it. */
  readonly rewindBelow: number;
}

const MAX_RETRY_AFTER_MS = 3_600_000;

/** Reads what became of a message. @param now wall clock, ms */
export function readExchange(exchange: Exchange, sent: SentAddress, now: number): Reading {
  const asked = exchange.kind === 'answered' ? retryAfterMs(exchange.retryAfter, now) : 0;
  return { ...readOutcome(exchange, sent), retryAfterMs: asked, readAt: now };
}

function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  const wantedMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, Number.isNaN(wantedMs) ? 0 : wantedMs));
}

type ReadOutcome = Omit<Reading, 'retryAfterMs' | 'readAt'>;

function readOutcome(exchange: Exchange, sent: SentAddress): ReadOutcome {
  if (exchange.kind === 'refused') return { ...reading('rejected', true), isFinal: true };
  if (exchange.kind === 'not-connected') return reading('unavailable', true);
  if (exchange.kind === 'unanswered') return reading('unknown', false);
  const { status } = exchange;
  const body = objectIn(exchange.body);
  const isSuccess = status >= 200 && status < 300;
  const isRefusal = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  if (status === 413) return reading('too-large', true);
  if (!isSuccess && !isRefusal) return reading('unavailable', status === 429);
  if (isRefusal || body.ack === false) return readRefusal(status, body, sent);
  return isAcknowledgement(body, sent) ? reading('acknowledged', false) : reading('unknown', false);
}

type Body = Readonly<Record<string, unknown>>;

function readRefusal(status: number, body: Body, sent: SentAddress): ReadOutcome {
  if (status === 409 && body.error === 'STALE_EPOCH' && isWholeBelow(body.epoch, Number.MAX_SAFE_INTEGER)) {
    return reading('stale-epoch', false);
  }
  const mayRewind = status !== 410 && (body.ack === false || (status === 409 && body.ack !== true));
  if (mayRewind && isWholeBelow(body.expected_chunk, sent.rewindBelow)) {
    return { ...reading('rewind-asked', false), expectedChunk: body.expected_chunk };
  }
  return { ...reading('rejected', body.error !== 'CHUNK_ID_REUSED'), isFinal: status === 410 };
}

function isAcknowledgement(body: Body, sent: SentAddress): boolean {
  const { ack, ingestion_id: ingestionId = null, chunk_number: chunkNumber = null } = body;
  if (ack !== true && !(sent.isCompletion && (ack === 1 || ack === 'true'))) return false;
  if (ingestionId !== null && ingestionId !== sent.ingestionId) return false;
  return chunkNumber === null || chunkNumber === sent.chunkNumber || chunkNumber === String(sent.chunkNumber);
}

function reading(outcome: Reading['outcome'], provesNotStored: boolean): ReadOutcome {
  return { outcome, provesNotStored, isFinal: false, expectedChunk: null };
}

/** The members of a body that is an object; none of any other. */
function objectIn(bytes: Uint8Array): Body {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
  } catch {
    return {};
  }
}

function isWholeBelow(value: unknown, bound: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < bound;
}
