/**
 * Strict UTF-8 (RFC 3629, section 4): no overlong forms, nothing above U+10FFFF, no encoded surrogates. The lead byte fixes the
 * length and the range of the second byte; all later bytes are 0x80 to 0xBF.
 */
import type { ErrorCode } from '../../errors.ts';

/** How many bytes a character with this lead byte (0x80 or above) has; 0: no character begins with it. */
export function sequenceLength(lead: number): number {
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** Whether `byte` may follow the lead byte. */
export function isSecondByte(lead: number, byte: number): boolean {
  if ((byte & 0xc0) !== 0x80) return false;
  switch (lead) {
    case 0xe0:
      return byte >= 0xa0;
    case 0xed:
      return byte < 0xa0;
    case 0xf0:
      return byte >= 0x90;
    case 0xf4:
      return byte < 0x90;
    default:
      return true;
  }
}

/** What is wrong with a lead byte that `byte` may not follow. */
export function characterFault(lead: number, byte: number): { readonly code: ErrorCode; readonly detail: string } {
  if (lead === 0xed && byte >= 0xa0 && byte < 0xc0) {
    return { code: 'LONE_SURROGATE', detail: 'Half of a surrogate pair is encoded here as if it were a character.' };
  }
  return { code: 'INVALID_UTF8', detail: `The bytes from 0x${lead.toString(16)} on are no UTF-8 character.` };
}

/** The number of bytes in which UTF-8 has a code point. */
export function encodedLength(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Writes a code point, which is no surrogate, at `at`; there must be room for {@link encodedLength} bytes. */
export function encodeCodePoint(codePoint: number, target: Uint8Array, at: number): void {
  const length = encodedLength(codePoint);
  if (length === 1) {
    target[at] = codePoint;
    return;
  }
  let rest = codePoint;
  for (let index = at + length - 1; index > at; index -= 1) {
    target[index] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  target[at] = ((0xf00 >> length) & 0xff) | rest;
}

/** The code point at `index` of sound UTF-8. */
export function decodeSequence(bytes: Uint8Array, index: number): number {
  const lead = bytes[index] as number;
  if (lead < 0x80) return lead;
  const length = sequenceLength(lead);
  let codePoint = lead & (0x7f >> length);
  for (let next = index + 1; next < index + length; next += 1)
    codePoint = (codePoint << 6) | ((bytes[next] as number) & 0x3f);
  return codePoint;
}
