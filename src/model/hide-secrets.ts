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
/** RFC 7617. */
const BASIC = /^Basic +([A-Za-z0-9+/]+=*)$/i;
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
    ...headerValues.flatMap((value) => [value, ...(value.match(CREDENTIAL) ?? []), ...basicCredentialsOf(value)]),
    ...searchParams.values(),
    // As they are written; a part without a name is its value.
    ...search.split(/[?&]/).map((part) => part.replace(/^[^=]*=/, '')),
  ];
  const forms = found.flatMap(writtenForms);
  return [...new Set(forms)]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length);
}

/** User and password as `Basic` carries them, and the password alone: error pages of frameworks tell them decoded. */
function basicCredentialsOf(value: string): string[] {
  const encoded = BASIC.exec(value)?.[1];
  if (encoded === undefined) return [];
  const credentials = Buffer.from(encoded, 'base64').toString();
  return [credentials, credentials.replace(/^[^:]*:/, '')];
}

/** A secret as it is, in JSON (of which some encoders escape slashes, too), in URLs and in HTML. */
function writtenForms(secret: string): string[] {
  const asJson = JSON.stringify(secret).slice(1, -1);
  const asHtml = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return [
    secret,
    asJson,
    asJson.replaceAll('/', '\\/'),
    encodeURIComponent(secret.toWellFormed()),
    asHtml,
    asHtml.replaceAll("'", '&#039;'),
    asHtml.replaceAll("'", '&#x27;'),
  ];
}

/** The text without the secrets, also where one was cut off at a `…`. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return withoutWhole(text, secrets)
    .split(CUT)
    .map((piece, index, pieces) => (index === pieces.length - 1 ? piece : withoutBegun(piece, secrets)))
    .join(CUT);
}

/** The bytes of a text, whatever else is in them, without the secrets; where they were cut off, also without the beginning of one at their end. */
export function hideSecretsIn(
  bytes: Uint8Array,
  secrets: readonly string[],
  { isCut }: { readonly isCut: boolean },
): Uint8Array {
  // In Latin-1 each byte is a character, and back.
  const written = secrets.map((secret) => Buffer.from(secret).toString('latin1'));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const shown = withoutWhole(text, written);
  return Buffer.from(isCut ? withoutBegun(shown, written) : shown, 'latin1');
}

function withoutWhole(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
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
