/**
 * The order of keys in canonical form: by the UTF-16 code units of what they stand for (RFC 8785, section 3.2.3).
 *
 * On UTF-8 that is the order of the bytes but for two cases: an escape, of which the backslash would be compared instead of the
 * character; and characters above U+FFFF, whose surrogates (from U+D800) come before U+E000 to U+FFFF. Canonical form being
 * unique, keys are equal exactly where their bytes are.
 */
import { BACKSLASH } from './bytes.ts';
import { escapeLength, readEscape } from './escape.ts';
import { decodeSequence, sequenceLength } from './utf8.ts';

/** Keys with a character of this lead byte (U+E000) or a higher one are not in byte order. */
export const FIRST_UNORDERED_LEAD = 0xee;

/**
 * How the characters compare in which two keys differ first.
 * @param first index of the first key's content, without its quote
 * @param second the same of the other key
 * @param equalBytes how many bytes they have in common; both go on after them
 */
export function compareAtDifference(bytes: Uint8Array, first: number, second: number, equalBytes: number): number {
  let offset = 0;
  for (;;) {
    const next = offset + characterLength(bytes, first + offset);
    if (next > equalBytes) break;
    offset = next;
  }
  return weightAt(bytes, first + offset) - weightAt(bytes, second + offset);
}

function characterLength(bytes: Uint8Array, index: number): number {
  const lead = bytes[index] as number;
  if (lead === BACKSLASH) return escapeLength(bytes, index, readEscape(bytes, index));
  return lead < 0x80 ? 1 : sequenceLength(lead);
}

/** A number that orders characters as their UTF-16 code units do: U+E000 to U+FFFF come after all others. */
function weightAt(bytes: Uint8Array, index: number): number {
  const codePoint = bytes[index] === BACKSLASH ? readEscape(bytes, index) : decodeSequence(bytes, index);
  return codePoint >= 0xe000 && codePoint <= 0xffff ? codePoint + 0x110000 : codePoint;
}
