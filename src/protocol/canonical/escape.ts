import type { ByteOutput } from './byte-output.ts';
import { BACKSLASH, hexDigitValue, LOWER_U, SPACE } from './bytes.ts';
import { encodeCodePoint, encodedLength } from './utf8.ts';

/** The letter of each short escape and the character that it stands for, by character code. */
const SHORT_ESCAPES: readonly (readonly [letter: number, character: number])[] = [
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
].map(([letter, character]) => [(letter as string).charCodeAt(0), (character as string).charCodeAt(0)]);

/** By letter: the character, or -1. */
const CHARACTER_OF = new Int16Array(256).fill(-1);
/** By character: the letter of the escape that canonical form has for it, or 0. */
const LETTER_OF = new Uint8Array(128);
for (const [letter, character] of SHORT_ESCAPES) {
  CHARACTER_OF[letter] = character;
  if (character !== 0x2f) LETTER_OF[character] = letter;
}

/** The character of a short escape's letter, -1 where there is no such escape. */
function escapedCharacter(letter: number): number {
  return CHARACTER_OF[letter] as number;
}

/** Whether canonical form has this escape as it is: all short ones but `\/`. */
export function isCanonicalEscape(letter: number): boolean {
  const character = escapedCharacter(letter);
  return character !== -1 && LETTER_OF[character] === letter;
}

/** Whether a code point is half of a surrogate pair. */
export function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

/** How many bytes an escape has in the text, given what {@link readEscape} made of it. */
export function escapeLength(input: Uint8Array, at: number, codePoint: number): number {
  if (input[at + 1] !== LOWER_U) return 2;
  return codePoint > 0xffff ? 12 : 6;
}

/**
 * The code point that the escape at `input[at]`, a backslash, stands for; a surrogate where it is half of a pair; `~index` where `input[index]` does not
 * belong there.
 */
export function readEscape(input: Uint8Array, at: number): number {
  const letter = input[at + 1] as number;
  if (letter !== LOWER_U) {
    const character = escapedCharacter(letter);
    return character === -1 ? ~(at + 1) : character;
  }
  const unit = readHexUnit(input, at + 2);
  if (unit < 0xd800 || unit > 0xdbff) return unit;
  const next = at + 6;
  if (input[next] !== BACKSLASH) return input[next] === 0 ? ~next : unit;
  if (input[next + 1] !== LOWER_U) return input[next + 1] === 0 ? ~(next + 1) : unit;
  const low = readHexUnit(input, next + 2);
  if (low < 0) return low;
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit;
}

function readHexUnit(input: Uint8Array, from: number): number {
  let unit = 0;
  for (let index = from; index < from + 4; index += 1) {
    const digit = hexDigitValue(input[index] as number);
    if (digit < 0) return ~index;
    unit = unit * 16 + digit;
  }
  return unit;
}

/** Appends a character, which is no surrogate, as canonical form has it inside of a string. */
export function appendCharacter(output: ByteOutput, codePoint: number): void {
  const letter = codePoint < 0x80 ? (LETTER_OF[codePoint] as number) : 0;
  if (letter !== 0) {
    output.reserve(2);
    output.push(BACKSLASH);
    output.push(letter);
  } else if (codePoint < SPACE) {
    output.appendAscii(`\\u${codePoint.toString(16).padStart(4, '0')}`);
  } else {
    const byteCount = encodedLength(codePoint);
    output.reserve(byteCount);
    encodeCodePoint(codePoint, output.bytes, output.length);
    output.length += byteCount;
  }
}
