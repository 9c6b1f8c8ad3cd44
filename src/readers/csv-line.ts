import type { ByteWindow } from './byte-window.ts';
import { CARRIAGE_RETURN, type CsvState } from './csv-dialect.ts';

/** A line by its first bytes, a copy, and its length without its line end. */
export interface PassedLine {
  readonly raw: Uint8Array;
  readonly byteLength: number;
}

/** What is to be known of lines, and how much of one is to be kept. */
export interface LineOptions extends Pick<CsvState, 'endsAtCarriageReturn'> {
  readonly maxRawBytes: number;
}

/** Goes behind the next line end, be it in quotes or not, or to the end of the source. The line may be longer than any window. */
export async function passLine(window: ByteWindow, options: LineOptions): Promise<PassedLine> {
  const { maxRawBytes } = options;
  await window.fill(Math.max(1, maxRawBytes));
  const { byteOffset } = window.place;
  let lineEnd = findLineEnd(window, options);
  const raw = window.bytes.slice(window.start, Math.min(lineEnd, window.start + maxRawBytes));
  let lastByte = 0;
  while (lineEnd === window.end && window.length > 0) {
    lastByte = window.bytes[lineEnd - 1] as number;
    window.consume(lineEnd);
    await window.fill(1);
    lineEnd = findLineEnd(window, options);
  }
  if (lineEnd > window.start) lastByte = window.bytes[lineEnd - 1] as number;
  const lineBytes = window.place.byteOffset + lineEnd - window.start - byteOffset;
  const byteLength = lastByte === CARRIAGE_RETURN ? lineBytes - 1 : lineBytes;
  window.consume(Math.min(window.end, lineEnd + 1));
  return { raw: raw.subarray(0, byteLength), byteLength };
}

/** The index of the first line end, that of the window's end where there is none. */
function findLineEnd({ bytes, start, end, lineFeed }: ByteWindow, { endsAtCarriageReturn }: LineOptions): number {
  const lineEnd = Math.min(lineFeed, end);
  if (!endsAtCarriageReturn) return lineEnd;
  const offset = bytes.subarray(start, lineEnd).indexOf(CARRIAGE_RETURN);
  return offset === -1 ? lineEnd : start + offset;
}
