import type { Completion } from '../model/chunk.ts';
import { chunkIdOf } from './identity.ts';

/** What the envelope of a chunk says beside its records. */
export interface ChunkEnvelope {
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly checksum: string;
  readonly isLast: boolean;
  readonly recordOffset: number;
  readonly recordCount: number;
}

/** A chunk's body up to its records. Its length does not depend on the checksum, which is known only once the records are. */
export function envelopeBeforeRecords(
  envelope: Pick<ChunkEnvelope, 'ingestionId' | 'chunkNumber' | 'checksum'>,
): string {
  const { ingestionId, chunkNumber, checksum } = envelope;
  return `{"ingestion_id":"${ingestionId}","chunk_number":${chunkNumber},"chunk_id":"${chunkIdOf(ingestionId, chunkNumber)}","checksum":"${checksum}","records":`;
}

/** A chunk's body after its records. */
export function envelopeAfterRecords(envelope: Pick<ChunkEnvelope, 'isLast' | 'recordOffset' | 'recordCount'>): string {
  const { isLast, recordOffset, recordCount } = envelope;
  return `,"is_last":${isLast},"record_offset":${recordOffset},"record_count":${recordCount}}`;
}

/** The body of COMPLETED. */
export function encodeCompletion(completion: Completion): string {
  return JSON.stringify({
    ingestion_id: completion.ingestionId,
    status: 'COMPLETED',
    chunk_number: completion.lastChunkNumber,
    total_records: completion.totalRecords,
    total_chunks: completion.totalChunks,
    rejected_records: completion.rejectedRecords,
    chain_checksum: completion.chainChecksum,
  });
}
