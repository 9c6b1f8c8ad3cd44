/**
 * `ackstream/protocol`: what a receiver in TypeScript needs of docs/protocol.md, and nothing of the service. How the parts go together is in
 * docs/write-a-receiver.md; whatever is not exported here may change in any version.
 */
import type { z } from 'zod';
import type { chunkEnvelopeSchema, completionSchema } from './envelope-schema.ts';

export { ERRORS, type ErrorCode, type ErrorPlace, type FieldError, ServiceError } from '../errors.ts';
export { CHAIN_START } from '../model/chunk.ts';
export type { JsonValue, NumberForm } from '../model/record.ts';
export type { CanonicalOptions } from './canonical/canonicalizer.ts';
export { canonicalizeJson, canonicalizeValue } from './canonical-json.ts';
export { nextChainChecksum, sha256Base64, sha256Hex } from './checksum.ts';
export { chunkEnvelopeSchema, completionSchema } from './envelope-schema.ts';
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
export { type ReceivedMessage, type SignedMessage, signWebhook, verifySignature } from './signature.ts';

/** A chunk's members but for `records`, of which the bytes count: what `chunkEnvelopeSchema` gives back. */
export type ReceivedChunk = z.infer<typeof chunkEnvelopeSchema>;

/** COMPLETED: what `completionSchema` gives back. */
export type ReceivedCompletion = z.infer<typeof completionSchema>;
