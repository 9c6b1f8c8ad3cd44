import { describe, expect, it } from 'vitest';
import { interpretAnswer } from '../../src/protocol/ack.ts';
import { acknowledge, type ReceiverAnswer, refuse } from '../../src/protocol/receiver-answer.ts';

const MESSAGE = { ingestion_id: 'a'.repeat(64), chunk_number: 7 };

/** What the sender takes an answer to chunk 7 for. */
function understood({ httpStatus: status, body }: ReceiverAnswer) {
  const answer = { status, retryAfter: null, contentEncoding: null, body: Buffer.from(JSON.stringify(body)), now: 0 };
  return interpretAnswer(answer, { target: 'chunk', ingestionId: MESSAGE.ingestion_id, chunkNumber: 7 });
}

describe('an answer', () => {
  it('that acknowledges is one to its message alone', () => {
    expect(understood(acknowledge(MESSAGE))).toEqual({ kind: 'acknowledged' });
    expect(understood(acknowledge({ ...MESSAGE, chunk_number: 6 }))).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    'MALFORMED',
    'DIGEST_MISMATCH',
    'SIGNATURE_INVALID',
    'CHUNK_ID_REUSED',
    'EMPTY_CHUNK',
    'CHECKSUM_MISMATCH',
    'CATALOGUE_CLOSED',
    'constructor',
  ])('that refuses by %s is taken for that, with its reason', (error) => {
    expect(understood(refuse(MESSAGE, error))).toMatchObject({ kind: 'rejected', receiverError: error });
  });

  it.each(['OUT_OF_ORDER_CHUNK', 'INCOMPLETE'] as const)('that refuses by %s sends the sender back', (error) => {
    expect(understood(refuse(MESSAGE, error, { expected_chunk: 4 }))).toMatchObject({
      kind: 'rewind-asked',
      expectedChunk: 4,
    });
  });

  it('that refuses an older run names the newer one', () => {
    expect(understood(refuse(MESSAGE, 'STALE_EPOCH', { epoch: 12 }))).toMatchObject({
      kind: 'stale-epoch',
      highestEpoch: 12,
    });
  });
});
