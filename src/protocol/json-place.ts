import { type ErrorCode, type ErrorPlace, ServiceError } from '../errors.ts';
import { LINE_FEED } from './canonical/bytes.ts';

/** What is wrong with a JSON text and where, as an index into the bytes that were scanned. */
export interface JsonFault {
  readonly code: ErrorCode;
  readonly index: number;
  readonly detail: string;
}

/** A place in a text: offset in bytes from 0, line and column (in bytes) from 1. */
export interface TextPlace {
  readonly byteOffset: number;
  readonly line: number;
  readonly column: number;
}

/** The first byte of a text. */
export const TEXT_START: TextPlace = { byteOffset: 0, line: 1, column: 1 };

/** The place of `bytes[to]`, given that of `bytes[from]`. Lines end with a line feed. */
export function advancePlace(place: TextPlace, bytes: Uint8Array, from: number, to: number): TextPlace {
  let { line, column } = place;
  let lineStart = from;
  for (
    let index = bytes.indexOf(LINE_FEED, from);
    index !== -1 && index < to;
    index = bytes.indexOf(LINE_FEED, index + 1)
  ) {
    line += 1;
    column = 1;
    lineStart = index + 1;
  }
  return { byteOffset: place.byteOffset + to - from, line, column: column + to - lineStart };
}

/** A fault of a whole text as the error that is thrown. */
export function faultOfText(text: Uint8Array, fault: JsonFault): ServiceError {
  const place: ErrorPlace = advancePlace(TEXT_START, text, 0, fault.index);
  return new ServiceError(fault.code, { detail: fault.detail, place });
}
