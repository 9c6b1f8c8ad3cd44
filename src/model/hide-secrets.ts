/*
 * Receivers and proxies quote what they were sent. What they say goes into logs, errors and the state, and the secrets of a delivery shall not go there
 * with it.
 */
import type { DeliverySettings } from './ingestion.ts';

/** What stands in the place of a secret. */
export const HIDDEN = '[hidden]';
/** Shorter ones are found in any text, and keep nobody out. */
const MIN_SECRET_LENGTH = 6;
/** What looks like a credential inside of a header's value, such as the token behind `Bearer`. */
const CREDENTIAL = /[^\s;,="]{12,}/g;
/** RFC 7617. */
const BASIC = /^Basic +([A-Za-z0-9+/]+=*)$/i;
const CUT = '…';
/** The characters that no encoder writes in another way. */
const PLAIN = /^[A-Za-z0-9]$/;
/** HTML's names of those that it has others for. */
const ENTITY_NAMES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

/** A text that shall not be shown, and what finds it, however it is written. */
export interface Secret {
  readonly text: string;
  readonly inText: RegExp;
  /** The same in the bytes of a text, of which each is taken for a character. */
  readonly inBytes: RegExp;
}

/** The secrets of a delivery: its own, values of headers, values of the callback's query. Longest first. */
export function secretsOf(
  { callbackUrl, callbackHeaders }: Pick<DeliverySettings, 'callbackUrl' | 'callbackHeaders'>,
  callbackSecret: string | null,
): readonly Secret[] {
  const headerValues = Object.values(callbackHeaders ?? {});
  const { search, searchParams } = new URL(callbackUrl);
  const found = [
    ...(callbackSecret === null ? [] : [callbackSecret, callbackSecret.replace(/^whsec_/, '')]),
    ...headerValues.flatMap((value) => [value, ...(value.match(CREDENTIAL) ?? []), ...basicCredentialsOf(value)]),
    ...searchParams.values(),
    // As they are written; a part without a name is its value.
    ...search.split(/[?&]/).map((part) => part.replace(/^[^=]*=/, '')),
  ];
  return [...new Set(found.map((secret) => secret.toWellFormed()))]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length)
    .map((text) => ({ text, inText: patternOf(text, (raw) => raw), inBytes: patternOf(text, latin1Of) }));
}

/** User and password as `Basic` carries them, and the password alone: error pages of frameworks tell them decoded. */
function basicCredentialsOf(value: string): string[] {
  const encoded = BASIC.exec(value)?.[1];
  if (encoded === undefined) return [];
  const credentials = Buffer.from(encoded, 'base64').toString();
  return [credentials, credentials.replace(/^[^:]*:/, '')];
}

/**
 * Finds a secret as it is, and with any of its characters as encoders of JSON, URLs and HTML write them: which they do so to differs from one to the next (.NET escapes `+`, Go
 * `&`, PHP `/`).
 */
function patternOf(secret: string, written: (raw: string) => string): RegExp {
  return new RegExp(Array.from(secret, (character) => waysToWrite(character, written)).join(''), 'g');
}

function waysToWrite(character: string, written: (raw: string) => string): string {
  if (PLAIN.test(character)) return character;
  const raw = unicodeEscape(written(character), (digits) => digits);
  const codePoint = character.codePointAt(0) ?? 0;
  const name = ENTITY_NAMES[character];
  const ways = [
    String.raw`\\?${raw}`,
    unicodeEscape(character, anyCase).replaceAll('\\u', String.raw`\\u`),
    Array.from(Buffer.from(character), (byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join(''),
    `&#0*${codePoint};`,
    `&#[xX]0*${anyCase(codePoint.toString(16))};`,
    ...(name === undefined ? [] : [`&${name};`]),
  ];
  return `(?:${ways.join('|')})`;
}

/** Each half of a text's characters as an expression and JSON write it. */
function unicodeEscape(text: string, digitsOf: (digits: string) => string): string {
  const halves = Array.from({ length: text.length }, (_, index) =>
    text.charCodeAt(index).toString(16).padStart(4, '0'),
  );
  return halves.map((digits) => String.raw`\u${digitsOf(digits)}`).join('');
}

/** Hexadecimal digits, small or capital. */
function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** The bytes of a text in UTF-8, each as a character, and back. */
function latin1Of(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The text without the secrets, also where one was cut off at a `…`. */
export function hideSecrets(text: string, secrets: readonly Secret[]): string {
  return secrets
    .reduce((shown, { inText }) => shown.replace(inText, HIDDEN), text)
    .split(CUT)
    .map((piece, index, pieces) =>
      index === pieces.length - 1
        ? piece
        : withoutBegun(
            piece,
            secrets.map((secret) => secret.text),
          ),
    )
    .join(CUT);
}

/** The bytes of a text, whatever else is in them, without the secrets; where they were cut off, also without the beginning of one at their end. */
export function hideSecretsIn(
  bytes: Uint8Array,
  secrets: readonly Secret[],
  { isCut }: { readonly isCut: boolean },
): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const shown = secrets.reduce((hidden, { inBytes }) => hidden.replace(inBytes, HIDDEN), text);
  const whole = isCut
    ? withoutBegun(
        shown,
        secrets.map((secret) => latin1Of(secret.text)),
      )
    : shown;
  return Buffer.from(whole, 'latin1');
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
