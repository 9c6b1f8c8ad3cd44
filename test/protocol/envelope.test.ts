import { describe, expect, it } from 'vitest';
import { CHAIN_START } from '../../src/model/chunk.ts';
import { encodeCompletion, envelopeAfterRecords, envelopeBeforeRecords } from '../../src/protocol/envelope.ts';
import { chunkEnvelopeSchema, completionSchema } from '../../src/protocol/envelope-schema.ts';
import { CHUNK_VECTORS, COMPLETION_VECTORS } from './golden-vectors.ts';

describe('the body of a chunk', () => {
  it('equals that of another implementation, byte for byte', () => {
    for (const vector of CHUNK_VECTORS) {
      const before = envelopeBeforeRecords({
        ingestionId: vector.ingestion_id,
        chunkNumber: vector.chunk_number,
        checksum: vector.checksum,
      });
      const after = envelopeAfterRecords({
        isLast: vector.is_last,
        recordOffset: vector.record_offset,
        recordCount: vector.record_count,
      });
      expect(before + vector.records + after).toBe(vector.body);
    }
  });

  it('is what the schema takes, with and without what the original did not send', () => {
    for (const { body } of CHUNK_VECTORS) {
      const { record_offset: _offset, record_count: _count, ...legacy } = JSON.parse(body);
      expect(chunkEnvelopeSchema.safeParse(JSON.parse(body)).success).toBe(true);
      expect(chunkEnvelopeSchema.safeParse(legacy).success).toBe(true);
    }
  });
});

describe('the body of COMPLETED', () => {
  const [full, empty] = COMPLETION_VECTORS;
  const lastChunk = CHUNK_VECTORS.at(-1);

  it('equals that of another implementation, byte for byte', () => {
    const ingestionId = lastChunk?.ingestion_id ?? '';
    expect(
      encodeCompletion({
        ingestionId,
        lastChunkNumber: 3,
        totalRecords: 10,
        totalChunks: 4,
        rejectedRecords: 0,
        chainChecksum: lastChunk?.chain_checksum ?? '',
      }),
    ).toBe(full?.body);
    expect(
      encodeCompletion({
        ingestionId,
        lastChunkNumber: 0,
        totalRecords: 0,
        totalChunks: 0,
        rejectedRecords: 3,
        chainChecksum: CHAIN_START,
      }),
    ).toBe(empty?.body);
  });

  it('is what the schema takes', () => {
    expect(completionSchema.safeParse(JSON.parse(full?.body ?? '')).success).toBe(true);
  });
});
