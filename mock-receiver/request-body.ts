import type { IncomingMessage } from 'node:http';

/** A request's body, or why there is none: it is larger than the bound, or the client left before its end. */
export type RequestBody = Uint8Array | 'too-large' | 'aborted';

/** Reads a body and at most `maxBytes` of it. */
export async function readRequestBody(incoming: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return 'too-large';
  const pieces: Buffer[] = [];
  let byteCount = 0;
  try {
    for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      byteCount += piece.length;
      if (byteCount > maxBytes) return 'too-large';
      pieces.push(piece);
    }
  } catch (error) {
    // Only the connection can fail here; nobody is left to be answered, and the sender tries again.
    if (incoming.complete) throw error;
    return 'aborted';
  }
  return Buffer.concat(pieces, byteCount);
}
