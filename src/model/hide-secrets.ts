/*
 * Receivers and proxies quote what they were sent. What they say goes into logs, errors and the state, and the secrets of a delivery shall not go there
 * with it.
 */
import type { DeliverySettings } from './ingestion.ts';

const HIDDEN = '[hidden]';
/** Shorter ones are found in any text, and keep nobody out. */
const MIN_SECRET_LENGTH = 6;
/** What looks like a credential inside of a header's value, such as the token behind `Bearer`. */
const CREDENTIAL = /[^\s;,="]{12,}/g;
const CUT = '…';

/** The texts by which the secrets of a delivery are known: secret, values of headers, values of the callback's query. Longest first. */
export function secretsOf(
  { callbackUrl, callbackHeaders }: Pick<DeliverySettings, 'callbackUrl' | 'callbackHeaders'>,
  callbackSecret: string | null,
): readonly string[] {
  const headerValues = Object.values(callbackHeaders ?? {});
  const { search, searchParams } = new URL(callbackUrl);
  const found = [
    ...(callbackSecret === null ? [] : [callbackSecret, callbackSecret.replace(/^whsec_/, '')]),
    ...headerValues.flatMap((value) => [value, ...(value.match(CREDENTIAL) ?? [])]),
    ...searchParams.values(),
    // As they are written; a part without a name is its value.
    ...search.split(/[?&]/).map((part) => part.replace(/^[^=]*=/, '')),
  ];
  const forms = found.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return [...new Set(forms)]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length);
}

/** The text without the secrets, also where one was cut off at a `…`. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const whole = secrets.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
  return whole
    .split(CUT)
    .map((piece, index, pieces) => (index === pieces.length - 1 ? piece : withoutBegun(piece, secrets)))
    .join(CUT);
}

/** The text without the beginning of a secret at its end. */
function withoutBegun(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    for (let length = Math.min(secret.length, text.length); length >= MIN_SECRET_LENGTH; length -= 1) {
      if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + HIDDEN;
    }
  }
  return text;
}
