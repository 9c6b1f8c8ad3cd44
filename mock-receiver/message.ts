import { z } from 'zod';
import { ServiceError } from '../src/errors.ts';
import { OPEN_BRACKET } from '../src/protocol/canonical/bytes.ts';
import { canonicalizeJson } from '../src/protocol/canonical-json.ts';
import { sha256Hex } from '../src/protocol/checksum.ts';
import { chunkEnvelopeSchema, completionSchema } from '../src/protocol/envelope-schema.ts';
import { chunkIdOf } from '../src/protocol/identity.ts';
import { jsonMembers } from '../src/protocol/json-members.ts';
import { toRecordLines } from './record-lines.ts';

/** A chunk as it arrived, with what was recomputed from its records. */
export interface ChunkMessage {
  readonly kind: 'chunk';
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly chunkId: string;
  /** The checksum the sender claims. */
  readonly checksum: string;
  /** The checksum of the records as they were parsed here. */
  readonly recomputedChecksum: string;
  readonly isLast: boolean;
  /** The `record_offset` the sender claims; null where it sent none. */
  readonly recordOffset: number | null;
  readonly recordCount: number;
  /** The records in canonical form, each followed by a line feed. */
  readonly recordLines: Uint8Array;
}

/** What COMPLETED claims. Null: the sender does not claim it. */
export interface CompletionClaim {
  readonly lastChunkNumber: number;
  readonly totalRecords: number;
  readonly totalChunks: number | null;
  readonly rejectedRecords: number | null;
  readonly chainChecksum: string | null;
}

/** COMPLETED as it arrived. */
export interface CompletionMessage {
  readonly kind: 'completed';
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly claim: CompletionClaim;
}

/** A body that is not the protocol's; of its ids what could be read. */
export interface UnreadableMessage {
  readonly kind: 'unreadable';
  readonly ingestionId: string | null;
  readonly chunkNumber: number | null;
}

/** What a body was read as. */
export type Message = ChunkMessage | CompletionMessage | UnreadableMessage;

/** Deep enough for whatever a sender's own bound on depth lets through, and bounded all the same. */
export const MAX_DEPTH = 1024;

const NOTHING = new Uint8Array(0);

const addressSchema = z.object({
  ingestion_id: chunkEnvelopeSchema.shape.ingestion_id.nullable().catch(null),
  chunk_number: chunkEnvelopeSchema.shape.chunk_number.nullable().catch(null),
});

/** Reads a body as docs/protocol.md has it. Never throws for what a sender can send. */
export function readMessage(body: Uint8Array): Message {
  let members: ReadonlyMap<string, Uint8Array> = new Map();
  try {
    members = jsonMembers(body, { maxDepth: MAX_DEPTH });
    return members.has('status') ? readCompletion(members) : readChunk(members);
  } catch (error) {
    if (error instanceof ServiceError || error instanceof z.ZodError) return readAddress(members);
    throw error;
  }
}

function readCompletion(members: ReadonlyMap<string, Uint8Array>): CompletionMessage {
  const completion = completionSchema.parse(valuesOf(members, completionSchema.shape));
  return {
    kind: 'completed',
    ingestionId: completion.ingestion_id,
    chunkNumber: completion.chunk_number,
    claim: {
      lastChunkNumber: completion.chunk_number,
      totalRecords: completion.total_records,
      totalChunks: completion.total_chunks ?? null,
      rejectedRecords: completion.rejected_records ?? null,
      chainChecksum: completion.chain_checksum ?? null,
    },
  };
}

function readChunk(members: ReadonlyMap<string, Uint8Array>): ChunkMessage | UnreadableMessage {
  const envelope = chunkEnvelopeSchema.parse(valuesOf(members, chunkEnvelopeSchema.shape));
  // The exact form leaves numbers in the form of RFC 8785 as they are, so it recomputes the checksums of both forms.
  const canonicalRecords = canonicalizeJson(members.get('records') ?? NOTHING, {
    numberForm: 'exact',
    maxDepth: MAX_DEPTH,
  });
  if (canonicalRecords[0] !== OPEN_BRACKET) return readAddress(members);
  const recomputedChecksum = sha256Hex(canonicalRecords);
  const { recordCount, lines } = toRecordLines(canonicalRecords);
  const isOneChunk =
    envelope.chunk_id === chunkIdOf(envelope.ingestion_id, envelope.chunk_number) &&
    (envelope.record_count ?? recordCount) === recordCount;
  if (!isOneChunk) return readAddress(members);
  return {
    kind: 'chunk',
    ingestionId: envelope.ingestion_id,
    chunkNumber: envelope.chunk_number,
    chunkId: envelope.chunk_id,
    checksum: envelope.checksum,
    recomputedChecksum,
    isLast: envelope.is_last,
    recordOffset: envelope.record_offset ?? null,
    recordCount,
    recordLines: lines,
  };
}

/** What an unreadable body says of whom it is for, so that the refusal can repeat it. */
function readAddress(members: ReadonlyMap<string, Uint8Array>): UnreadableMessage {
  const address = addressSchema.parse(valuesOf(members, addressSchema.shape));
  return { kind: 'unreadable', ingestionId: address.ingestion_id, chunkNumber: address.chunk_number };
}

/** The values of those members that a schema names. */
export function valuesOf(members: ReadonlyMap<string, Uint8Array>, shape: object): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(shape)) {
    const raw = members.get(name);
    if (raw !== undefined) values[name] = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString());
  }
  return values;
}
