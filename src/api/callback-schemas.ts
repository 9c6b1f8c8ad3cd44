/** What the service sends to receivers, and what they answer, for the document: docs/protocol.md says what each member means. */
import { z } from '@hono/zod-openapi';
import { count, EXAMPLE_CHECKSUM, EXAMPLE_INGESTION_ID } from './schema-parts.ts';

/** The chain over the one chunk with {@link EXAMPLE_CHECKSUM}. */
const EXAMPLE_CHAIN = 'e8e9d8eb0ee967b7e74094ee1836cdc13aca3634028246c397c7a6f59ad1379d';

const hex64 = (description: string, example: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .openapi({ description, example });
const ingestionId = hex64('Id of the ingestion.', EXAMPLE_INGESTION_ID);

/** The body of a chunk. */
export const chunkBodySchema = z
  .object({
    ingestion_id: ingestionId,
    chunk_number: count('From 0, without gaps.', 0),
    chunk_id: z
      .string()
      .openapi({ description: '`<ingestion_id>:<chunk_number>`.', example: `${EXAMPLE_INGESTION_ID}:0` }),
    checksum: hex64('SHA-256 of the canonical bytes of `records`, brackets and commas included.', EXAMPLE_CHECKSUM),
    records: z.array(z.unknown()).openapi({ description: 'Never empty; in canonical form.', example: [1] }),
    is_last: z.boolean().openapi({ description: 'True on the last chunk and only there.', example: true }),
    record_offset: count('Records delivered before this chunk.', 0),
    record_count: count('Length of `records`.', 1),
  })
  .openapi('ChunkMessage');

/** What is said after the last chunk was acknowledged. */
export const completedMessageSchema = z
  .object({
    ingestion_id: ingestionId,
    status: z.literal('COMPLETED'),
    chunk_number: count('Number of the last chunk; 0 where there was none.', 0),
    total_records: count('Records in all chunks.', 1),
    total_chunks: count('Chunks in all.', 1),
    rejected_records: count('Bad records that were set aside and are in no chunk.', 0),
    chain_checksum: hex64('The chain over the checksums of all chunks.', EXAMPLE_CHAIN),
  })
  .openapi('CompletedMessage');

/** What a `status_url` is told. */
export const statusMessageSchema = z
  .object({
    ingestion_id: ingestionId,
    status: z.enum(['STARTED', 'PAUSED', 'FAILED', 'CANCELLED', 'COMPLETED']),
    epoch: count('Number of the run.', 1),
    total_records: count('Records acknowledged so far.', 12_000),
    total_chunks: count('Chunks acknowledged so far.', 24),
    error: z
      .string()
      .nullable()
      .openapi({ description: 'The code of the last error; null: none.', example: 'DELIVERY_REJECTED' }),
  })
  .openapi('StatusMessage');

/** What a receiver answers. */
export const acknowledgementSchema = z
  .looseObject({
    ack: z
      .boolean()
      .openapi({ description: 'Exactly `true`: it is stored for good. `false`: refused.', example: true }),
    ingestion_id: z.string().nullish().openapi({ description: 'That of the message, where present.' }),
    chunk_number: z.int().nullish().openapi({ description: 'That of the message, where present.', example: 0 }),
    error: z.string().nullish().openapi({ description: 'Why it is refused; shown to people.', example: null }),
    expected_chunk: z
      .int()
      .min(0)
      .optional()
      .openapi({ description: 'With `ack: false`, and below the chunk sent: go back to this one.' }),
    epoch: z.int().min(1).optional().openapi({ description: 'With the error `STALE_EPOCH`: the highest one seen.' }),
  })
  .openapi('Acknowledgement');
