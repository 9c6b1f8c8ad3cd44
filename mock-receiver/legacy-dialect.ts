/**
 * The receiver of the original Python service, as it was: a chunk id that was seen is acknowledged whatever it carries, an empty chunk
 * counts as seen although it is refused, no refusal says which chunk is expected, every COMPLETED is acknowledged, and headers and
 * members that the original did not know are not looked at. Tests hold the sender against it; new receivers must not copy it.
 */
import { sha256Hex } from '../src/protocol/checksum.ts';
import type { Answer, AnswerBody, AnswerKind } from './answer.ts';
import type { Dialect } from './dialect.ts';
import type { ChunkMessage, Message } from './message.ts';
import { encodeLikeOrjson, type OrjsonValue, parseLikePython } from './orjson-form.ts';
import type { ReceiverStore } from './receiver-store.ts';

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

/** Reads as loosely as the original: a body is a chunk unless its `status` says otherwise. */
function readLegacyMessage(body: Uint8Array): Message {
  const value = parseLikePython(Buffer.from(body).toString());
  const unreadable: Message = { kind: 'unreadable', ingestionId: null, chunkNumber: null };
  if (!isObject(value)) return unreadable;
  const { ingestion_id: ingestionId, chunk_id: chunkId, checksum, records, status } = value;
  if (typeof ingestionId !== 'string' || typeof value.chunk_number !== 'bigint') return unreadable;
  const chunkNumber = Number(value.chunk_number);
  if (status === 'COMPLETED') {
    const totalRecords = Number(value.total_records);
    const claim = { lastChunkNumber: chunkNumber, totalRecords, totalChunks: null, chainChecksum: null };
    return { kind: 'completed', ingestionId, chunkNumber, claim };
  }
  const isChunk = typeof chunkId === 'string' && typeof checksum === 'string' && Array.isArray(records);
  if (!isChunk || status !== undefined) return unreadable;
  const encoded = records.map(encodeLikeOrjson);
  return {
    kind: 'chunk',
    ingestionId,
    chunkNumber,
    chunkId,
    checksum,
    recomputedChecksum: sha256Hex(`[${encoded.join(',')}]`),
    isLast: value.is_last === true,
    recordOffset: null,
    recordCount: encoded.length,
    recordLines: Buffer.from(encoded.map((record) => `${record}\n`).join('')),
  };
}

function isObject(value: OrjsonValue | undefined): value is { [key: string]: OrjsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
