import { hash } from 'node:crypto';

/** SHA-256 of bytes, or of the UTF-8 of a text, in lower-case hex: the only digest of the protocol. */
export function sha256Hex(input: Uint8Array | string): string {
  return hash('sha256', input, 'hex');
}

/** SHA-256 in base64, as Content-Digest has it (RFC 9530). */
export function sha256Base64(input: Uint8Array | string): string {
  return hash('sha256', input, 'base64');
}

/**
 * The chain after one more chunk: the digest of the 128 characters of both. One value on which both sides agree that all chunks
 * arrived, in order.
 */
export function nextChainChecksum(chainChecksum: string, chunkChecksum: string): string {
  return sha256Hex(chainChecksum + chunkChecksum);
}
