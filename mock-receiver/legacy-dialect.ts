/**
 * The receiver of the original Python service, as it was: a chunk id that was seen is acknowledged whatever it carries, an empty chunk
 * counts as seen although it is refused, no refusal says which chunk is expected, every COMPLETED is acknowledged, and headers and
 * members that the original did not know are not looked at. Tests hold the sender against it; new receivers must not copy it.
 */
import { z } from 'zod';
import { ServiceError } from '../src/errors.ts';
import { sha256Hex } from '../src/protocol/checksum.ts';
import { chunkEnvelopeSchema, completionSchema } from '../src/protocol/envelope-schema.ts';
import { jsonElements, jsonMembers } from '../src/protocol/json-members.ts';
import type { Answer, AnswerBody, AnswerKind } from './answer.ts';
import type { Dialect } from './dialect.ts';
import { type ChunkMessage, MAX_DEPTH, type Message, valuesOf } from './message.ts';
import { encodeLikeOrjson } from './orjson-form.ts';
import type { ReceiverStore } from './receiver-store.ts';

/** The members that the original knew. */
const legacyChunkSchema = chunkEnvelopeSchema.omit({ record_offset: true, record_count: true });
const legacyCompletionSchema = completionSchema.pick({
  ingestion_id: true,
  status: true,
  chunk_number: true,
  total_records: true,
});

/** The dialect of the original receiver. */
export function legacyDialect(store: ReceiverStore): Dialect {
  return {
    read: readLegacyMessage,
    decide({ message }) {
      if (message.kind === 'chunk') return receiveLegacyChunk(message, store);
      if (message.kind === 'unreadable') return { kind: 'malformed', httpStatus: 500, body: 'Internal Server Error' };
      store.recordCompletion(message, true);
      const { ingestionId, chunkNumber } = message;
      const body = {
        status: 'COMPLETED',
        ack: true,
        ingestion_id: ingestionId,
        chunk_number: chunkNumber,
        error: null,
      };
      return { kind: 'completed', httpStatus: 200, body };
    },
  };
}

function receiveLegacyChunk(chunk: ChunkMessage, store: ReceiverStore): Answer {
  const answer = (kind: AnswerKind, error: string | null): Answer => {
    const { ingestionId, chunkNumber } = chunk;
    const body: AnswerBody = { ack: error === null, ingestion_id: ingestionId, chunk_number: chunkNumber, error };
    return { kind, httpStatus: 200, body };
  };
  if (store.checksumOf(chunk.chunkId) !== undefined) return answer('duplicate', null);
  if (chunk.chunkNumber !== store.state(chunk.ingestionId).chunkCount) {
    return answer('out-of-order', 'Out-of-order chunk');
  }
  if (chunk.recomputedChecksum !== chunk.checksum) return answer('checksum-mismatch', 'Checksum mismatch');
  store.addChunk(chunk);
  return chunk.recordCount === 0 ? answer('empty-chunk', 'Empty chunk') : answer('stored', null);
}

function readLegacyMessage(body: Uint8Array): Message {
  try {
    const members = jsonMembers(body, { maxDepth: MAX_DEPTH });
    return members.has('status') ? readLegacyCompletion(members) : readLegacyChunk(members);
  } catch (error) {
    if (!(error instanceof ServiceError || error instanceof z.ZodError)) throw error;
    return { kind: 'unreadable', ingestionId: null, chunkNumber: null };
  }
}

function readLegacyCompletion(members: ReadonlyMap<string, Uint8Array>): Message {
  const completion = legacyCompletionSchema.parse(valuesOf(members, legacyCompletionSchema.shape));
  const { ingestion_id: ingestionId, chunk_number: chunkNumber, total_records: totalRecords } = completion;
  const claim = {
    lastChunkNumber: chunkNumber,
    totalRecords,
    totalChunks: null,
    rejectedRecords: null,
    chainChecksum: null,
  };
  return { kind: 'completed', ingestionId, chunkNumber, claim };
}

function readLegacyChunk(members: ReadonlyMap<string, Uint8Array>): Message {
  const chunk = legacyChunkSchema.parse(valuesOf(members, legacyChunkSchema.shape));
  const records = jsonElements(members.get('records') ?? new Uint8Array(0), { maxDepth: MAX_DEPTH });
  const encoded = records.map((record) => encodeLikeOrjson(record, MAX_DEPTH));
  return {
    kind: 'chunk',
    ingestionId: chunk.ingestion_id,
    chunkNumber: chunk.chunk_number,
    chunkId: chunk.chunk_id,
    checksum: chunk.checksum,
    recomputedChecksum: sha256Hex(`[${encoded.join(',')}]`),
    isLast: chunk.is_last,
    recordOffset: null,
    recordCount: encoded.length,
    recordLines: Buffer.from(encoded.map((record) => `${record}\n`).join('')),
  };
}
