import type { IncomingHttpHeaders } from 'node:http';

/** What a sender says of a delivery beside its body. Null: the header is absent. */
export interface DeliveryHeaders {
  /** `Ackstream-Epoch`; NaN where it is no whole number. */
  readonly epoch: number | null;
  /** `Ackstream-Attempt`; NaN where it is no whole number. */
  readonly attempt: number | null;
  /** `Idempotency-Key` as it was sent, quotes included. */
  readonly idempotencyKey: string | null;
  readonly contentDigest: string | null;
  readonly webhookId: string | null;
  readonly webhookTimestamp: string | null;
  readonly webhookSignature: string | null;
}

/** Picks the protocol's headers out of a request's. */
export function readDeliveryHeaders(headers: IncomingHttpHeaders): DeliveryHeaders {
  const text = (name: string): string | null => headers[name]?.toString() ?? null;
  const wholeNumber = (name: string): number | null => {
    const value = text(name);
    if (value === null) return null;
    return /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  };
  return {
    epoch: wholeNumber('ackstream-epoch'),
    attempt: wholeNumber('ackstream-attempt'),
    idempotencyKey: text('idempotency-key'),
    contentDigest: text('content-digest'),
    webhookId: text('webhook-id'),
    webhookTimestamp: text('webhook-timestamp'),
    webhookSignature: text('webhook-signature'),
  };
}
