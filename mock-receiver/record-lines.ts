import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../src/protocol/canonical/bytes.ts';

/** The records of a chunk as NDJSON. */
export interface RecordLines {
  readonly recordCount: number;
  /** Each record in canonical form and a line feed. */
  readonly lines: Uint8Array;
}

/**
 * Makes lines of a canonical array in place: no canonical record holds a line feed, so one in the place of each comma between records, and
 * of the closing bracket, does it. The array's own bytes are gone afterwards. Reading the array once more by the grammar and copying
 * its records took four times as long, and the sender waits for it.
 */
export function toRecordLines(canonicalArray: Uint8Array): RecordLines {
  if (canonicalArray.length <= '[]'.length) return { recordCount: 0, lines: canonicalArray.subarray(0, 0) };
  let recordCount = 1;
  let depth = 0;
  const end = canonicalArray.length - 1;
  for (let index = 1; index < end; index += 1) {
    const byte = canonicalArray[index];
    if (byte === QUOTE) {
      index = endOfString(canonicalArray, index);
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    } else if (byte === COMMA && depth === 0) {
      canonicalArray[index] = LINE_FEED;
      recordCount += 1;
    }
  }
  canonicalArray[end] = LINE_FEED;
  return { recordCount, lines: canonicalArray.subarray(1) };
}

/** Index of the quote that ends the string begun at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let index = start + 1;
  while (bytes[index] !== QUOTE) index += bytes[index] === BACKSLASH ? 2 : 1;
  return index;
}
