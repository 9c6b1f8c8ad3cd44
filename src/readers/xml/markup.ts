import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';

export const AMPERSAND = 0x26;
export const APOSTROPHE = 0x27;
export const LESS = 0x3c;
export const SLASH = 0x2f;
export const GREATER = 0x3e;
export const EQUALS = 0x3d;
export const BANG = 0x21;
const QUESTION = 0x3f;

/** An ampersand that begins neither one of the five entities nor a reference to a character, nor may do so where the text ends. */
const FAULTY_REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);|#?\w{0,32}$)/;

/** The index behind what is expected at `from`; `~index` of the first byte that is another. */
export function matchEnd(bytes: Uint8Array, from: number, expected: Uint8Array): number {
  for (let offset = 0; offset < expected.length; offset += 1) {
    if (bytes[from + offset] !== expected[offset]) return ~(from + offset);
  }
  return from + expected.length;
}

/** Whether the end tag of an element with this name ends at `end`. */
export function endsElement(bytes: Uint8Array, end: number, name: string): boolean {
  let index = end - 1;
  if (bytes[index] !== GREATER) return false;
  do index -= 1;
  while (isWhiteSpace(bytes[index] as number));
  const start = index - Buffer.byteLength(name) + 1;
  return (
    bytes[start - 2] === LESS &&
    bytes[start - 1] === SLASH &&
    Buffer.from(bytes.buffer, start, index + 1 - start).toString() === name
  );
}

/** The index of the first faulty reference in the text or tag that begins at `from`, -1 where there is none. */
export function faultyReference(bytes: Uint8Array, from: number, to: number): number {
  // In comments, CDATA sections and the like an ampersand stands for itself.
  if (bytes[from] === LESS && (bytes[from + 1] === BANG || bytes[from + 1] === QUESTION)) return -1;
  const index = Buffer.from(bytes.buffer, from, to - from)
    .toString('latin1')
    .search(FAULTY_REFERENCE);
  return index === -1 ? -1 : from + index;
}
