/** The bodies of docs/protocol.md as they are read. Apart from how they are written: a thread that reads a source needs no validator. */
import { z } from 'zod';

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

/** A chunk's members but for `records`, of which the bytes count: what {@link chunkEnvelopeSchema} gives back. */
export type ReceivedChunk = z.infer<typeof chunkEnvelopeSchema>;

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

/** COMPLETED: what {@link completionSchema} gives back. */
export type ReceivedCompletion = z.infer<typeof completionSchema>;
