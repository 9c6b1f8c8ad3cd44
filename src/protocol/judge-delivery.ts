/*
 * What a receiver decides by what it has stored: steps 3 to 8 of docs/protocol.md "The reference receiver", in their order. A known chunk
 * is acknowledged before its number is looked at, since a repeated chunk is not out of order.
 */
import { CHAIN_START } from '../model/chunk.ts';
import { nextChainChecksum } from './checksum.ts';
import type { ReceivedCompletion } from './envelope-schema.ts';
import type { ChunkDelivery, Delivery } from './read-delivery.ts';
import { acknowledge, type ReceiverAnswer, type RefusalError, refuse } from './receiver-answer.ts';

/** What a receiver keeps of an ingestion beside its records and the ids of its chunks. */
export interface StoredIngestion {
  /** The highest seen. */
  readonly epoch: number;
  readonly chunkCount: number;
  readonly recordCount: number;
  readonly chainChecksum: string;
}

/** What is stored of an ingestion that nothing is known of. */
export const NOTHING_STORED: StoredIngestion = {
  epoch: 0,
  chunkCount: 0,
  recordCount: 0,
  chainChecksum: CHAIN_START,
};

/** What becomes of a delivery. */
export interface Judgement {
  /** The chunk whose records are stored, with its id and its checksum; null: none are. */
  readonly chunk: ChunkDelivery | null;
  /** Whether the sender says that this was all, and all of it is stored. */
  readonly isComplete: boolean;
  /** What is stored of the ingestion from now on; `stored` itself where that stays as it is. */
  readonly next: StoredIngestion;
  /** To be given when all of that is committed, in one transaction with the reading of `stored`. */
  readonly answer: ReceiverAnswer;
}

/**
 * Decides on a delivery that {@link readDelivery} let pass. Pure: the caller stores what it says.
 * @param chunkChecksum the checksum of the chunk that is stored under the delivery's `chunk_id`; null: none is.
 */
export function judgeDelivery(delivery: Delivery, stored: StoredIngestion, chunkChecksum: string | null): Judgement {
  const { epoch, envelope } = delivery;
  if (epoch !== null && epoch < stored.epoch) {
    return answered(stored, refuse(envelope, 'STALE_EPOCH', { epoch: stored.epoch }));
  }
  const current = epoch === null || epoch === stored.epoch ? stored : { ...stored, epoch };
  if (delivery.kind === 'chunk') return judgeChunk(delivery, current, chunkChecksum);
  return isAllStored(delivery.envelope, current)
    ? { ...answered(current, acknowledge(envelope)), isComplete: true }
    : answered(current, refuse(envelope, 'INCOMPLETE', { expected_chunk: current.chunkCount }));
}

function judgeChunk(chunk: ChunkDelivery, stored: StoredIngestion, chunkChecksum: string | null): Judgement {
  const { envelope, records, recomputedChecksum } = chunk;
  const { chunkCount } = stored;
  const refused = (error: RefusalError, particulars?: { readonly expected_chunk: number }) =>
    answered(stored, refuse(envelope, error, particulars));
  if (chunkChecksum === envelope.checksum) return answered(stored, acknowledge(envelope));
  if (chunkChecksum !== null) return refused('CHUNK_ID_REUSED');
  if (records.length === 0) return refused('EMPTY_CHUNK');
  if (envelope.chunk_number !== chunkCount) return refused('OUT_OF_ORDER_CHUNK', { expected_chunk: chunkCount });
  if (recomputedChecksum !== envelope.checksum) return refused('CHECKSUM_MISMATCH');
  const next = {
    epoch: stored.epoch,
    chunkCount: chunkCount + 1,
    recordCount: stored.recordCount + records.length,
    chainChecksum: nextChainChecksum(stored.chainChecksum, envelope.checksum),
  };
  return { ...answered(next, acknowledge(envelope)), chunk };
}

function answered(next: StoredIngestion, answer: ReceiverAnswer): Judgement {
  return { chunk: null, isComplete: false, next, answer };
}

/** A sender that is not Ackstream says less in COMPLETED; what it does not say is not compared. */
function isAllStored(claim: ReceivedCompletion, stored: StoredIngestion): boolean {
  return (
    claim.chunk_number === Math.max(0, stored.chunkCount - 1) &&
    claim.total_records === stored.recordCount &&
    (claim.total_chunks ?? stored.chunkCount) === stored.chunkCount &&
    (claim.chain_checksum ?? stored.chainChecksum) === stored.chainChecksum
  );
}
