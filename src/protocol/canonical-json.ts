import stringify from 'safe-stable-stringify';
import { ServiceError } from '../errors.ts';
import type { JsonValue } from '../model/record.ts';
import { byteOrderMarkLength, isWhiteSpace } from './canonical/bytes.ts';
import type { CanonicalOptions } from './canonical/canonical-options.ts';
import { Canonicalizer } from './canonical/canonicalizer.ts';
import { faultOfText } from './json-place.ts';

/**
 * The canonical form (docs/protocol.md "Canonical JSON") of one whole JSON text; white space around it and one byte order mark are let pass.
 *
 * Throws with the place: READER_SYNTAX, READER_TRUNCATED, INVALID_UTF8, LONE_SURROGATE, DUPLICATE_KEY, NUMBER_OUT_OF_RANGE, RECORD_TOO_DEEP.
 */
export function canonicalizeJson(text: Uint8Array, options: CanonicalOptions): Uint8Array {
  // One byte more than the text, 0, is what ends the canonicalizer's loops.
  const input = new Uint8Array(text.length + 1);
  input.set(text);
  const canonicalizer = new Canonicalizer(options);
  const start = skipWhiteSpace(input, byteOrderMarkLength(text));
  const end = canonicalizer.scan(input, start, text.length, true);
  if (end < 0 && canonicalizer.fault !== null) throw faultOfText(text, canonicalizer.fault);
  const rest = skipWhiteSpace(input, end);
  if (rest < text.length) {
    throw faultOfText(text, { code: 'READER_SYNTAX', index: rest, detail: 'The text goes on after its value.' });
  }
  return canonicalizer.output.take();
}

const stringifyStable = stringify.configure({ strict: true });

/**
 * The canonical form of a value that does not come from JSON text, such as a record made of cells. Throws NUMBER_OUT_OF_RANGE for NaN and infinities,
 * LONE_SURROGATE.
 */
export function canonicalizeValue(value: JsonValue): string {
  refuseInexpressible(value);
  return stringifyStable(value);
}

/** Throws for what JSON has no text for: JSON.stringify would write `null` or an escape that stands for no character. */
function refuseInexpressible(value: JsonValue): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new ServiceError('NUMBER_OUT_OF_RANGE', { detail: `${value} is not a JSON number.` });
  } else if (typeof value === 'string') {
    refuseLoneSurrogate(value);
  } else if (Array.isArray(value)) {
    for (const element of value) refuseInexpressible(element);
  } else if (value !== null && typeof value === 'object') {
    for (const [key, member] of Object.entries(value)) {
      refuseLoneSurrogate(key);
      refuseInexpressible(member);
    }
  }
}

function refuseLoneSurrogate(text: string): void {
  if (!text.isWellFormed()) throw new ServiceError('LONE_SURROGATE');
}

function skipWhiteSpace(input: Uint8Array, from: number): number {
  let index = from;
  while (isWhiteSpace(input[index] as number)) index += 1;
  return index;
}
