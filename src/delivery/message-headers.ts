import { signWebhook } from '../protocol/signature.ts';

/** What the headers of one attempt at one message are made from. */
export interface MessageHeadersInput {
  /** Its id: the Idempotency-Key's value without quotes. */
  readonly messageId: string;
  readonly epoch: number;
  /** From 1. */
  readonly attempt: number;
  readonly body: Uint8Array;
  /** SHA-256 of the body in base64. */
  readonly bodyDigest: string;
  /** Null: not signed. */
  readonly secret: string | null;
  /** Wall clock, ms: the time of the signature. */
  readonly now: number;
  readonly userAgent: string;
}

/** The headers of docs/protocol.md "A chunk", names in lower case. */
export function messageHeaders(input: MessageHeadersInput): Record<string, string> {
  const { messageId, epoch, attempt, body, bodyDigest, secret, now, userAgent } = input;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-digest': `sha-256=:${bodyDigest}:`,
    'idempotency-key': `"${messageId}"`,
    'ackstream-epoch': String(epoch),
    'ackstream-attempt': String(attempt),
    // An encoded answer could unpack to any size.
    'accept-encoding': 'identity',
    'user-agent': userAgent,
  };
  if (secret !== null) {
    const timestampSeconds = Math.floor(now / 1000);
    headers['webhook-id'] = messageId;
    headers['webhook-timestamp'] = String(timestampSeconds);
    headers['webhook-signature'] = signWebhook({ secret, id: messageId, timestampSeconds, body });
  }
  return headers;
}
