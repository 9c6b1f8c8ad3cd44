/** Standard Webhooks: `whsec_` and the base64 of at least 24 bytes. */
const PREFIX = 'whsec_';
const MIN_SECRET_BYTES = 24;

/** What a secret looks like, in words for a message that must not repeat it. */
export const WEBHOOK_SECRET_FORM = `${PREFIX} followed by the base64 of at least ${MIN_SECRET_BYTES} bytes`;

/** Whether a text is a secret to sign deliveries with, as the Standard Webhooks specification has them. */
export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length >= MIN_SECRET_BYTES && bytes.toString('base64') === encoded;
}
