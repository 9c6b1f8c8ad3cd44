/*
 * What a receiver does with a request before it looks at what it has stored: steps 1 and 2 of docs/protocol.md "The reference receiver". What
 * came damaged or from somebody else is not parsed.
 */
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { OPEN_BRACKET } from './canonical/bytes.ts';
import { canonicalizeJson } from './canonical-json.ts';
import { sha256Base64, sha256Hex } from './checksum.ts';
import {
  chunkEnvelopeSchema,
  completionSchema,
  type ReceivedChunk,
  type ReceivedCompletion,
} from './envelope-schema.ts';
import { chunkIdOf } from './identity.ts';
import { jsonElements, jsonMembers } from './json-members.ts';
import { type ReceiverAnswer, type RefusalError, refuse } from './receiver-answer.ts';
import { verifySignature } from './signature.ts';

/** Deeper than any sender's own bound on records, and bounded all the same. */
const LIMITS = { maxDepth: 1024 };

/** The headers of a request: those of `node:http`, the `Headers` of a Fetch `Request`, or any object, its names in any case. */
export type DeliveryHeaders = FetchHeaders | { readonly [name: string]: string | readonly string[] | undefined };

/** What of the Fetch API's `Headers` is needed. */
interface FetchHeaders {
  get(name: string): string | null;
}

/** A request as a receiver has it in hand. */
export interface DeliveryRequest {
  readonly headers: DeliveryHeaders;
  /** The whole body as it came, of up to 64 MiB of records and a few hundred bytes around them. */
  readonly body: Uint8Array;
  /** What deliveries are signed with (`callback_secret`); null: signatures are not looked at. */
  readonly secret: string | null;
  /** The receiver's clock, seconds since 1970: a signature is good for 5 minutes. */
  readonly nowSeconds: number;
}

/** A chunk, sound in itself as far as can be told without what is stored. */
export interface ChunkDelivery {
  readonly kind: 'chunk';
  /** The number of the run that sends; null where the sender gives none. */
  readonly epoch: number | null;
  readonly envelope: ReceivedChunk;
  /** Each record in canonical form: JSON text in UTF-8, with every digit that the file has. They are parts of one buffer. */
  readonly records: readonly Uint8Array[];
  /** The checksum of {@link records}, to be held against the envelope's: see {@link judgeDelivery}. */
  readonly recomputedChecksum: string;
}

/** COMPLETED. */
export interface CompletionDelivery {
  readonly kind: 'completed';
  readonly epoch: number | null;
  readonly envelope: ReceivedCompletion;
}

/** A message that was read. */
export type Delivery = ChunkDelivery | CompletionDelivery;

/** A request that is to be refused, whatever is stored. */
export interface RefusedDelivery {
  readonly kind: 'refused';
  readonly answer: ReceiverAnswer;
}

/**
 * Verifies a request and reads it: Content-Digest, the signature, the message. Never throws for what a sender can send; throws REQUEST_INVALID for a `secret` that
 * is none.
 */
export function readDelivery(request: DeliveryRequest): Delivery | RefusedDelivery {
  const { headers, body, secret, nowSeconds } = request;
  const header = headerReader(headers);
  if (!isDigestRight(header('content-digest'), body)) return refused('DIGEST_MISMATCH');
  const [id, timestamp, signature] = [header('webhook-id'), header('webhook-timestamp'), header('webhook-signature')];
  if (secret !== null && !verifySignature({ secret, id, timestamp, signature, body, nowSeconds })) {
    return refused('SIGNATURE_INVALID');
  }
  const epochText = header('ackstream-epoch');
  if (epochText !== null && !/^\d{1,15}$/.test(epochText)) return refused('MALFORMED');
  return readMessage(body, epochText === null ? null : Number(epochText));
}

function readMessage(body: Uint8Array, epoch: number | null): Delivery | RefusedDelivery {
  try {
    const members = jsonMembers(body, LIMITS);
    if (!members.has('status')) return readChunk(members, epoch) ?? refused('MALFORMED');
    return { kind: 'completed', epoch, envelope: completionSchema.parse(valuesOf(members, completionSchema.shape)) };
  } catch (error) {
    if (error instanceof ServiceError || error instanceof z.ZodError) return refused('MALFORMED');
    throw error;
  }
}

/** Null where the parts are each the protocol's, but not those of one chunk. */
function readChunk(members: ReadonlyMap<string, Uint8Array>, epoch: number | null): ChunkDelivery | null {
  const raw = members.get('records');
  const envelope = chunkEnvelopeSchema.parse(valuesOf(members, chunkEnvelopeSchema.shape));
  if (raw?.[0] !== OPEN_BRACKET || envelope.chunk_id !== chunkIdOf(envelope.ingestion_id, envelope.chunk_number)) {
    return null;
  }
  // The exact form leaves numbers as RFC 8785 has them, so that it recomputes the checksums of both forms.
  const canonical = canonicalizeJson(raw, { ...LIMITS, numberForm: 'exact' });
  const records = jsonElements(canonical, LIMITS);
  if ((envelope.record_count ?? records.length) !== records.length) return null;
  return { kind: 'chunk', epoch, envelope, records, recomputedChecksum: sha256Hex(canonical) };
}

/** The values of those members that a schema names. */
function valuesOf(members: ReadonlyMap<string, Uint8Array>, shape: object): Record<string, unknown> {
  const decoder = new TextDecoder();
  const named = Array.from(members).filter(([name]) => Object.hasOwn(shape, name));
  return Object.fromEntries(named.map(([name, raw]) => [name, JSON.parse(decoder.decode(raw))]));
}

function refused(error: RefusalError): RefusedDelivery {
  return { kind: 'refused', answer: refuse({ ingestion_id: null, chunk_number: null }, error) };
}

function headerReader(headers: DeliveryHeaders): (name: string) => string | null {
  if (isFetchHeaders(headers)) return (name) => headers.get(name);
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => values.get(name)?.toString() ?? null;
}

function isFetchHeaders(headers: DeliveryHeaders): headers is FetchHeaders {
  return typeof headers.get === 'function';
}

/** RFC 9530: algorithms that the protocol does not use are let pass, so is a request without the header. */
function isDigestRight(contentDigest: string | null, body: Uint8Array): boolean {
  const members = contentDigest?.split(',').map((member) => member.trim()) ?? [];
  const given = members.find((member) => member.startsWith('sha-256='));
  return given === undefined || given === `sha-256=:${sha256Base64(body)}:`;
}
