import { z } from 'zod';
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

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

/** A chunk's members on the wire but for `records`, which is read as bytes. Members a receiver does not know are let pass. */
export const chunkEnvelopeSchema = z.object({
  ingestion_id: hex64,
  chunk_number: count,
  chunk_id: z.string(),
  checksum: hex64,
  is_last: z.boolean(),
  record_offset: count.optional(),
  record_count: count.optional(),
});

/** COMPLETED on the wire. */
export const completionSchema = z.object({
  ingestion_id: hex64,
  status: z.literal('COMPLETED'),
  chunk_number: count,
  total_records: count,
  total_chunks: count.optional(),
  rejected_records: count.optional(),
  chain_checksum: hex64.optional(),
});
