/** White space around the content of strings in canonical form. */
import { BACKSLASH, LOWER_N, LOWER_T, SPACE } from '../../protocol/canonical/bytes.ts';
import { decodeSequence, sequenceLength } from '../../protocol/canonical/utf8.ts';

const LOWER_R = 0x72;

/**
 * What Python's `str.strip` removes of the characters that XML allows and ASCII does not have: more than XML's own white space, and not quite what
 * JavaScript's `trim` does, which knows no U+0085 but takes U+FEFF for a space.
 */
function isWideSpace(code: number): boolean {
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  if (code >= 0x2000 && code <= 0x200a) return true;
  return code === 0x1680 || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f || code === 0x3000;
}

/** The index of what comes first in `bytes[start]` up to `bytes[end - 1]` and is no white space; `end`, where nothing does. */
export function trimmedStart(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end) {
    const length = spaceLength(bytes, index);
    if (length === 0) return index;
    index += length;
  }
  return end;
}

/** The index behind what comes last in `bytes[start]` up to `bytes[end - 1]` and is no white space; `start` is that of a character. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let index = end;
  while (index > start) {
    const last = lastCharacter(bytes, start, index);
    if (spaceLength(bytes, last) === 0) return index;
    index = last;
  }
  return start;
}

/** How many bytes the white space at `index` has; 0: there is none. */
function spaceLength(bytes: Uint8Array, index: number): number {
  const byte = bytes[index] as number;
  if (byte === SPACE) return 1;
  if (byte === BACKSLASH) return isSpaceLetter(bytes[index + 1] as number) ? 2 : 0;
  return byte >= 0x80 && isWideSpace(decodeSequence(bytes, index)) ? sequenceLength(byte) : 0;
}

/** Where the character begins that ends at `end`. */
function lastCharacter(bytes: Uint8Array, start: number, end: number): number {
  let index = end - 1;
  const byte = bytes[index] as number;
  if (byte >= 0x80) {
    while (index > start && ((bytes[index] as number) & 0xc0) === 0x80) index -= 1;
    return index;
  }
  if (byte === BACKSLASH) return index - 1;
  if (!isSpaceLetter(byte)) return index;
  // Only behind an odd number of backslashes is a letter part of an escape.
  let backslash = index;
  while (backslash > start && bytes[backslash - 1] === BACKSLASH) backslash -= 1;
  return (index - backslash) % 2 === 1 ? index - 1 : index;
}

function isSpaceLetter(byte: number): boolean {
  return byte === LOWER_N || byte === LOWER_T || byte === LOWER_R;
}
