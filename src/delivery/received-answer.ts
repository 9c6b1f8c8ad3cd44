/*
 * What is kept of an answer that was no acknowledgement, for those who ask why a delivery stopped. Receivers and proxies write into it what they please, what they were
 * sent among it: secrets are hidden first and the rest cut after, so that none is halved.
 */
import { HIDDEN, hideSecrets, hideSecretsIn, type Secret } from '../model/hide-secrets.ts';
import type { ReceivedAnswer } from '../model/outcome.ts';
import { isEncoded } from '../protocol/ack.ts';
import type { PartialAnswer } from './post-channel.ts';

/** Most of the headers that is kept, in characters of names and values. */
const MAX_HEADERS_LENGTH = 8_192;
/** Most of the body that is kept: error pages of frameworks have some ten thousand bytes, and say at their beginning what is wrong. */
const MAX_BODY_BYTES = 16_384;

/** Headers that let in whoever has their value. */
const CREDENTIAL_HEADER =
  /cookie|authorization|authentication-info|proxy-authenticate|token|secret|password|session|api-?key/i;
const CONTENT_ENCODING = 'content-encoding';

/** An answer as it came. `isComplete`: all of it did. */
export function receivedAnswerOf(
  { status, rawHeaders, body }: PartialAnswer,
  { isComplete }: { readonly isComplete: boolean },
): ReceivedAnswer {
  const headers = Array.from(
    { length: Math.floor(rawHeaders.length / 2) },
    (_, index) => [textOf(rawHeaders[2 * index]), textOf(rawHeaders[2 * index + 1])] as const,
  );
  return {
    httpStatus: status,
    headers,
    areHeadersCut: false,
    body,
    bodyByteCount: body.byteLength,
    isBodyCut: !isComplete,
  };
}

/** As much of an answer as is kept, without the secrets. */
export function keptAnswer(answer: ReceivedAnswer, secrets: readonly Secret[]): ReceivedAnswer {
  const headers = keptHeaders(answer.headers.map(([name, value]) => [name, shownValue(name, value, secrets)]));
  const isUnreadable = isCompressed(answer);
  const body = isUnreadable ? new Uint8Array() : hideSecretsIn(answer.body, secrets, { isCut: answer.isBodyCut });
  const keptBody = body.subarray(0, MAX_BODY_BYTES);
  return {
    ...answer,
    headers,
    areHeadersCut: answer.areHeadersCut || headers.length < answer.headers.length,
    body: keptBody,
    isBodyCut: answer.isBodyCut || isUnreadable || keptBody.byteLength < body.byteLength,
  };
}

function shownValue(name: string, value: string, secrets: readonly Secret[]): string {
  return CREDENTIAL_HEADER.test(name) ? HIDDEN : hideSecrets(value, secrets);
}

/** Those that fit, in their order: a single one that is very long does not displace those after it. */
function keptHeaders(headers: ReceivedAnswer['headers']): ReceivedAnswer['headers'] {
  let room = MAX_HEADERS_LENGTH;
  return headers.filter(([name, value]) => {
    const length = name.length + value.length;
    if (length > room) return false;
    room -= length;
    return true;
  });
}

/** Nothing can be hidden in what is compressed, which was not asked for. */
function isCompressed({ headers }: ReceivedAnswer): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === CONTENT_ENCODING && isEncoded(value));
}

/** Text of a header: UTF-8 as most write it today, else Latin-1, in which all bytes are characters. */
function textOf(bytes: Uint8Array = new Uint8Array()): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
