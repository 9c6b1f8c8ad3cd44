import { JsonGrammar } from '../protocol/json-grammar.ts';
import type { JsonFault } from '../protocol/json-place.ts';
import type { ByteWindow } from './byte-window.ts';

/** What tells values that stand in lines from what may be anything. */
export interface BehindValue {
  /** Of the first byte behind the value that is no white space, in the window. */
  readonly index: number;
  /** Whether the value is all of the first line, and this on a later one. A value of several lines is not how NDJSON begins. */
  readonly isAfterFirstLine: boolean;
  readonly maxDepth: number;
}

/** What is wrong with a JSON text that goes on after its value. A line that is a value, and then another value, is NDJSON. */
export function faultBehindValue({ bytes, end }: ByteWindow, behind: BehindValue): JsonFault {
  const { index, isAfterFirstLine } = behind;
  const detail = 'The file goes on after its value.';
  const hint =
    ' What follows is another value on a new line, as in NDJSON: send `file_type: "ndjson"` (`--type ndjson`).';
  const isLines = isAfterFirstLine && beginsValue(bytes.subarray(index, end), behind);
  return { code: 'READER_SYNTAX', index, detail: isLines ? detail + hint : detail };
}

function beginsValue(text: Uint8Array, limits: { readonly maxDepth: number }): boolean {
  const grammar = new JsonGrammar(limits);
  grammar.feed(text, 0, text.length);
  return grammar.fault === null;
}
