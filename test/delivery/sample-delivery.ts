import type { AttemptContext } from '../../src/delivery/destination.ts';
import { CHAIN_START, type Completion, type ReadyChunk } from '../../src/model/chunk.ts';
import { sha256Base64, sha256Hex } from '../../src/protocol/checksum.ts';
import { envelopeAfterRecords, envelopeBeforeRecords } from '../../src/protocol/envelope.ts';

export const INGESTION_ID = sha256Hex('an ingestion');

/** A chunk that is ready to be sent. */
export function sampleChunk({ chunkNumber = 5, records = ['{"sku":"Ä-1"}', '{"sku":"A-2"}'] } = {}): ReadyChunk {
  const recordsBytes = `[${records.join(',')}]`;
  const checksum = sha256Hex(recordsBytes);
  const recordOffset = 2 * chunkNumber;
  const position = { fileIndex: 0, byteOffset: 0, line: 1, column: 1, sourceBytes: 0, seek: null, state: null };
  const body = Buffer.from(
    envelopeBeforeRecords({ ingestionId: INGESTION_ID, chunkNumber, checksum }) +
      recordsBytes +
      envelopeAfterRecords({ isLast: false, recordOffset, recordCount: records.length }),
  );
  return {
    plan: {
      chunkNumber,
      recordOffset,
      recordCount: records.length,
      firstPosition: position,
      positionAfter: position,
      bounds: { maxRecords: 2, maxBytes: 4_194_304, closeAtBytes: null },
      isLast: false,
      checksum,
      byteCount: Buffer.byteLength(recordsBytes),
    },
    body,
    bodyDigest: sha256Base64(body),
    rejects: [],
  };
}

export const COMPLETION: Completion = {
  ingestionId: INGESTION_ID,
  lastChunkNumber: 8,
  totalRecords: 18,
  totalChunks: 9,
  rejectedRecords: 0,
  chainChecksum: CHAIN_START,
};

/** The context of a first attempt. */
export function sampleContext(change: Partial<AttemptContext> = {}): AttemptContext {
  return { ingestionId: INGESTION_ID, epoch: 3, attempt: 1, signal: new AbortController().signal, ...change };
}
