/**
 * What the reference receiver does with a message, step by step as docs/protocol.md "The reference receiver" numbers them. The order
 * decides: a body that arrived damaged must not move the epoch, and a chunk that is already stored must be acknowledged before its
 * number is looked at. The caller runs all of it in one transaction.
 */
import { sha256Base64 } from '../src/protocol/checksum.ts';
import { verifySignature } from '../src/protocol/signature.ts';
import { type Answer, answerTo } from './answer.ts';
import { disagreements } from './completion.ts';
import type { DeliveryHeaders } from './delivery-headers.ts';
import type { ChunkMessage, CompletionMessage, Message } from './message.ts';
import type { ReceiverStore } from './receiver-store.ts';

/** One request to the receiver. */
export interface Delivery {
  readonly message: Message;
  readonly body: Uint8Array;
  readonly headers: DeliveryHeaders;
}

/** What the receiver judges a delivery by. */
export interface ReceiveContext {
  readonly store: ReceiverStore;
  /** The `whsec_` secret that deliveries must be signed with; null: signatures are not looked at. */
  readonly secret: string | null;
  readonly nowSeconds: number;
}

/** Decides on a delivery and stores what it accepts. */
export function receive(delivery: Delivery, context: ReceiveContext): Answer {
  const { message, headers } = delivery;
  const { store } = context;
  // Step 1.
  if (message.kind === 'unreadable' || Number.isNaN(headers.epoch)) return answerTo(message, 'malformed');
  // Step 2.
  if (!digestAgrees(delivery)) return answerTo(message, 'digest-mismatch');
  if (context.secret !== null && !isSigned(delivery, context.secret, context.nowSeconds)) {
    return answerTo(message, 'signature-invalid');
  }
  // Step 3.
  const { highestEpoch } = store.state(message.ingestionId);
  if (headers.epoch !== null) {
    if (headers.epoch < highestEpoch) return answerTo(message, 'stale-epoch', { epoch: highestEpoch });
    store.raiseEpoch(message.ingestionId, headers.epoch);
  }
  return message.kind === 'chunk' ? receiveChunk(message, store) : receiveCompletion(message, store);
}

function receiveChunk(chunk: ChunkMessage, store: ReceiverStore): Answer {
  // Step 4.
  const storedChecksum = store.checksumOf(chunk.chunkId);
  if (storedChecksum !== undefined) {
    return answerTo(chunk, storedChecksum === chunk.checksum ? 'duplicate' : 'chunk-id-reused');
  }
  // Step 5.
  if (chunk.recordCount === 0) return answerTo(chunk, 'empty-chunk');
  // Step 6.
  const { chunkCount } = store.state(chunk.ingestionId);
  if (chunk.chunkNumber !== chunkCount) return answerTo(chunk, 'out-of-order', { expected_chunk: chunkCount });
  // Step 7.
  if (chunk.recomputedChecksum !== chunk.checksum) return answerTo(chunk, 'checksum-mismatch');
  // Step 8.
  store.addChunk(chunk);
  return answerTo(chunk, 'stored');
}

function receiveCompletion(completion: CompletionMessage, store: ReceiverStore): Answer {
  const state = store.state(completion.ingestionId);
  const isComplete = disagreements(completion.claim, state).length === 0;
  store.recordCompletion(completion, isComplete);
  return isComplete
    ? answerTo(completion, 'completed')
    : answerTo(completion, 'incomplete', { expected_chunk: state.chunkCount });
}

/** RFC 9530: other algorithms than the protocol's are let pass, so is a request without the header. */
function digestAgrees({ headers, body }: Delivery): boolean {
  const member = headers.contentDigest?.split(',').find((part) => part.trim().startsWith('sha-256='));
  return member === undefined || member.trim() === `sha-256=:${sha256Base64(body)}:`;
}

function isSigned({ headers, body }: Delivery, secret: string, nowSeconds: number): boolean {
  const { webhookId: id, webhookTimestamp: timestamp, webhookSignature: signature } = headers;
  return verifySignature({ secret, id, timestamp, signature, body, nowSeconds });
}
