import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import type { ByteWindow } from '../byte-window.ts';
import { GREATER, matchEnd, SLASH } from './markup.ts';

/** With more white space than this between records the parser is asked. */
const MAX_GAP_BYTES = 1024;

/** How the start tag of an element begins. */
export function tagStart(name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(`<${name}`));
}

/**
 * The index of the start tag that follows in the window, only white space before it; `~index` where something else stands at `index`, or the window's end.
 * @param start how the tag begins
 * @param maxGapBytes most white space, if it is less than what is let pass anyway
 */
export function nextRecord({ bytes, start: from }: ByteWindow, start: Uint8Array, maxGapBytes = MAX_GAP_BYTES): number {
  const limit = from + Math.min(maxGapBytes, MAX_GAP_BYTES);
  let index = from;
  while (index < limit && isWhiteSpace(bytes[index] as number)) index += 1;
  const end = matchEnd(bytes, index, start);
  if (end < 0) return end;
  const next = bytes[end] as number;
  return next === GREATER || next === SLASH || isWhiteSpace(next) ? index : ~end;
}
