/**
 * `ackstream/protocol`: what a receiver in TypeScript needs of docs/protocol.md, and nothing of the service. How the parts go together is in
 * docs/write-a-receiver.md; whatever is not exported here may change in any version.
 */
export { ERRORS, type ErrorCode, type ErrorPlace, type FieldError, ServiceError } from '../errors.ts';
export { CHAIN_START } from '../model/chunk.ts';
export type { JsonValue, NumberForm } from '../model/record.ts';
export type { CanonicalOptions } from './canonical/canonical-options.ts';
export { canonicalizeJson, canonicalizeValue } from './canonical-json.ts';
export { nextChainChecksum, sha256Base64, sha256Hex } from './checksum.ts';
export {
  chunkEnvelopeSchema,
  completionSchema,
  type ReceivedChunk,
  type ReceivedCompletion,
} from './envelope-schema.ts';
export {
  chunkIdOf,
  completionIdOf,
  fileIdOf,
  ingestionIdOf,
  normalizeFilePath,
  RESUME_VERSION,
  statusEventIdOf,
} from './identity.ts';
export { type JsonLimits, jsonElements, jsonMembers } from './json-members.ts';
export { type Judgement, judgeDelivery, NOTHING_STORED, type StoredIngestion } from './judge-delivery.ts';
export {
  type ChunkDelivery,
  type CompletionDelivery,
  type Delivery,
  type DeliveryHeaders,
  type DeliveryRequest,
  type RefusedDelivery,
  readDelivery,
} from './read-delivery.ts';
export {
  type AnsweredMessage,
  acknowledge,
  type ReceiverAnswer,
  type ReceiverAnswerBody,
  type RefusalError,
  refuse,
} from './receiver-answer.ts';
export { type ReceivedMessage, type SignedMessage, signWebhook, verifySignature } from './signature.ts';
