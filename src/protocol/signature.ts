import { createHmac, timingSafeEqual } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { isWebhookSecret, WEBHOOK_SECRET_FORM } from '../model/webhook-secret.ts';

/*
 * Signatures by the Standard Webhooks specification 1.0.0, scheme v1: HMAC-SHA256 over `<id>.<seconds>.<body>`. A secret is base64, with or
 * without the prefix `whsec_`, as in the specification's own vectors; it is never taken as plain text, so that both sides cannot mean
 * different keys by the same characters.
 */

const SECRET_PREFIX = 'whsec_';
const SCHEME = 'v1';
/** How far a message's time may be from the receiver's, either way. */
const TOLERANCE_SECONDS = 300;

/** What is signed. */
export interface SignedMessage {
  /** Base64 of at least 24 bytes, with or without `whsec_`. */
  readonly secret: string;
  /** The value of `webhook-id`. */
  readonly id: string;
  /** The time of the attempt, seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: Uint8Array | string;
}

/** What a receiver has in hand; null: the header was not sent. */
export interface ReceivedMessage {
  readonly secret: string;
  readonly id: string | null;
  /** The value of `webhook-timestamp` as it came. */
  readonly timestamp: string | null;
  /** The value of `webhook-signature`: several signatures may stand in it, a space between. */
  readonly signature: string | null;
  readonly body: Uint8Array | string;
  readonly nowSeconds: number;
}

/** The key of a secret. Throws REQUEST_INVALID, never naming the secret, where it is not base64 of at least 24 bytes. */
export function decodeWebhookSecret(secret: string): Uint8Array {
  const prefixed = secret.startsWith(SECRET_PREFIX) ? secret : SECRET_PREFIX + secret;
  if (!isWebhookSecret(prefixed)) {
    throw new ServiceError('REQUEST_INVALID', { detail: `A webhook secret is ${WEBHOOK_SECRET_FORM}.` });
  }
  return Buffer.from(prefixed.slice(SECRET_PREFIX.length), 'base64');
}

/** The value of `webhook-signature`: `v1,<base64>`. Throws REQUEST_INVALID for a secret that is none. */
export function signWebhook(message: SignedMessage): string {
  const { secret, id, timestampSeconds, body } = message;
  return `${SCHEME},${digest(decodeWebhookSecret(secret), id, String(timestampSeconds), body).toString('base64')}`;
}

/**
 * Whether one of the signatures is right and the time within 5 minutes. The comparison takes the same time wherever they differ. Throws
 * REQUEST_INVALID for a secret that is none.
 */
export function verifySignature(message: ReceivedMessage): boolean {
  const { secret, id, timestamp, signature, body, nowSeconds } = message;
  const key = decodeWebhookSecret(secret);
  if (!id || signature === null || timestamp === null || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = digest(key, id, timestamp, body);
  return signature.split(' ').some((candidate) => {
    const [scheme, base64] = candidate.split(',', 2);
    const given = scheme === SCHEME && base64 !== undefined ? decodeBase64(base64) : null;
    return given !== null && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function digest(key: Uint8Array, id: string, timestamp: string, body: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** Null for anything but standard base64 with its padding: Node's decoder skips what it does not know, so that many texts would be one signature. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
