import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeliveryHeaders } from '../../mock-receiver/delivery-headers.ts';
import { readMessage } from '../../mock-receiver/message.ts';
import { receive } from '../../mock-receiver/receive.ts';
import { ReceiverStore } from '../../mock-receiver/receiver-store.ts';
import { sha256Hex } from '../../src/protocol/checksum.ts';
import { chunkIdOf } from '../../src/protocol/identity.ts';
import { judgeDelivery, NOTHING_STORED } from '../../src/protocol/judge-delivery.ts';
import { readDelivery } from '../../src/protocol/read-delivery.ts';
import type { ReceiverAnswer } from '../../src/protocol/receiver-answer.ts';
import { CHUNK_VECTORS, COMPLETION_VECTORS } from './golden-vectors.ts';

interface Request {
  readonly body: string;
  readonly epoch: string | null;
}

const INGESTION_ID = CHUNK_VECTORS[0]?.ingestion_id ?? '';

/** A receiver that keeps in memory what it is told to. */
class MemoryReceiver {
  stored = NOTHING_STORED;
  readonly checksums = new Map<string, string>();
  readonly records: string[] = [];
  isComplete = false;

  answer({ body, epoch }: Request): ReceiverAnswer {
    const headers = epoch === null ? {} : { 'ackstream-epoch': epoch };
    const delivery = readDelivery({ headers, body: Buffer.from(body), secret: null, nowSeconds: 0 });
    if (delivery.kind === 'refused') return delivery.answer;
    const known = delivery.kind === 'chunk' ? this.checksums.get(delivery.envelope.chunk_id) : undefined;
    const { chunk, isComplete, next, answer } = judgeDelivery(delivery, this.stored, known ?? null);
    this.stored = next;
    this.isComplete ||= isComplete;
    if (chunk !== null) this.checksums.set(chunk.envelope.chunk_id, chunk.envelope.checksum);
    for (const record of chunk?.records ?? []) this.records.push(Buffer.from(record).toString());
    return answer;
  }
}

/** What the reference receiver says. */
function referenceAnswer({ body, epoch }: Request, store: ReceiverStore) {
  const headers = readDeliveryHeaders(epoch === null ? {} : { 'ackstream-epoch': epoch });
  const bytes = Buffer.from(body);
  const { httpStatus, body: said } = receive(
    { message: readMessage(bytes), body: bytes, headers },
    { store, secret: null, nowSeconds: 0 },
  );
  return { httpStatus, body: said };
}

function chunkBody(chunkNumber: number, records: string, checksum = sha256Hex(records)): string {
  return `{"ingestion_id":"${INGESTION_ID}","chunk_number":${chunkNumber},"chunk_id":"${chunkIdOf(INGESTION_ID, chunkNumber)}","checksum":"${checksum}","records":${records},"is_last":false}`;
}

const everyBody = [
  ...CHUNK_VECTORS.map(({ body }) => body),
  ...COMPLETION_VECTORS.map(({ body }) => body),
  chunkBody(1, '[]'),
  chunkBody(1, '[1]'),
  chunkBody(1, '[1]', sha256Hex('')),
  chunkBody(9, '[1]'),
  JSON.stringify({ ingestion_id: INGESTION_ID, status: 'COMPLETED', chunk_number: 0, total_records: 0 }),
];

describe('a receiver that does as it is told', () => {
  it('has the golden chunks once and in order, and acknowledges COMPLETED only of all of them', () => {
    const receiver = new MemoryReceiver();
    const acks = (body = '') => receiver.answer({ body, epoch: '1' }).body.ack;
    const completed = COMPLETION_VECTORS[0]?.body;
    for (const { body } of CHUNK_VECTORS) {
      expect(acks(completed)).toBe(false);
      expect([acks(body), acks(body)]).toEqual([true, true]);
    }
    expect([acks(completed), receiver.isComplete]).toEqual([true, true]);
    expect(`[${receiver.records.join(',')}]`).toBe(`[${CHUNK_VECTORS.map((v) => v.records.slice(1, -1)).join(',')}]`);
    expect(receiver.stored).toMatchObject({ chunkCount: 4, chainChecksum: CHUNK_VECTORS.at(-1)?.chain_checksum });
  });

  it('answers as the reference receiver, whatever comes in whatever order', () => {
    const epochs = fc.constantFrom(null, '0', '1', '1', '2');
    // The first chunks more often than all else, so that most sequences come far.
    const bodies = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...CHUNK_VECTORS.map(({ body }) => body)) },
      { weight: 2, arbitrary: fc.constantFrom(...everyBody) },
    );
    const requests = fc.array(fc.record({ body: bodies, epoch: epochs }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(requests, (sent) => {
        const [receiver, store] = [new MemoryReceiver(), new ReceiverStore(null)];
        try {
          for (const request of sent) expect(receiver.answer(request)).toEqual(referenceAnswer(request, store));
          const { highestEpoch, chunkCount, recordCount, chainChecksum } = store.state(INGESTION_ID);
          expect(receiver.stored).toEqual({ epoch: highestEpoch, chunkCount, recordCount, chainChecksum });
        } finally {
          store.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('what is stored stays the same object where nothing changes, so that nothing need be written', () => {
  const delivery = readDelivery({ headers: {}, body: Buffer.from(chunkBody(5, '[1]')), secret: null, nowSeconds: 0 });
  if (delivery.kind === 'refused') throw new Error('it was refused');
  expect(judgeDelivery(delivery, NOTHING_STORED, null).next).toBe(NOTHING_STORED);
});
