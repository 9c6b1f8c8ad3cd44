import { isAscii, isUtf8 } from 'node:buffer';
import { ServiceError } from '../../errors.ts';

const GREATER_THAN = 0x3e;
/** So many bytes without a boundary are handed on all the same. */
const MAX_HELD_BYTES = 1024 * 1024;
const WINDOW_BYTES = 256 * 1024;
const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);
const UTF16_MARKS = [Buffer.from([0xfe, 0xff]), Buffer.from([0xff, 0xfe])];

/** A part of a workbook, as errors call it. */
export interface PartPlace {
  /** The workbook. */
  readonly file: string;
  /** The name of the part in it. */
  readonly part: string;
}

/** A run of bytes out of a part, all of them UTF-8. */
export interface XmlBytes {
  /** They stand until the next run is asked for. */
  readonly bytes: Buffer;
  /** Offset of its first byte in the part. */
  readonly byteOffset: number;
}

/** A run of text out of a part. */
export interface XmlText {
  readonly text: string;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What of a part is read, and in which runs. */
export interface XmlRuns {
  /** The offset at which to begin. */
  readonly from: number;
  /** What runs end with, wherever one is near; else with a tag, and where there is none behind a character. */
  readonly boundary: string;
}

/** A part from a byte offset on. Throws INVALID_UTF8 after all bytes before it, ENCODING_UNSUPPORTED. */
export async function* readXmlBytes(
  blocks: AsyncIterable<Uint8Array>,
  place: PartPlace,
  { from, boundary }: XmlRuns,
): AsyncGenerator<XmlBytes> {
  let window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  let length = 0;
  let byteOffset = from;
  let skipBytes = from;
  for await (const block of blocks) {
    const fresh = block.subarray(Math.min(skipBytes, block.length));
    skipBytes -= block.length - fresh.length;
    if (length + fresh.length > window.length) {
      window = Buffer.concat([window.subarray(0, length)], 2 * (length + fresh.length));
    }
    window.set(fresh, length);
    length += fresh.length;
    const end = endOfRun(window.subarray(0, length), boundary);
    if (end === 0) continue;
    yield* sound(window.subarray(0, end), byteOffset, place);
    byteOffset += end;
    window.copyWithin(0, end, length);
    length -= end;
  }
  if (length > 0) yield* sound(window.subarray(0, length), byteOffset, place);
}

/** The text of a run, or of a part of it that begins and ends between characters. */
export function decode({ bytes, byteOffset }: XmlBytes): XmlText {
  return { text: isAscii(bytes) ? bytes.toString('latin1') : bytes.toString(), byteOffset, byteLength: bytes.length };
}

function endOfRun(bytes: Buffer, boundary: string): number {
  const boundaryStart = bytes.lastIndexOf(boundary);
  if (boundaryStart !== -1) return boundaryStart + boundary.length;
  return bytes.length > MAX_HELD_BYTES ? bytes.lastIndexOf(GREATER_THAN) + 1 || characterStart(bytes) : 0;
}

/** Where the last character begins, which may go on behind the end. */
function characterStart(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start > 0 && ((bytes[start] as number) & 0xc0) === 0x80) start -= 1;
  return start;
}

function* sound(bytes: Buffer, byteOffset: number, { file, part }: PartPlace): Generator<XmlBytes> {
  if (isUtf8(bytes)) {
    yield { bytes, byteOffset };
    return;
  }
  if (byteOffset === 0 && UTF16_MARKS.some((mark) => bytes.subarray(0, mark.length).equals(mark))) {
    throw new ServiceError('ENCODING_UNSUPPORTED', { detail: `${part} is in UTF-16.`, place: { file } });
  }
  const soundBytes = soundLength(bytes);
  yield { bytes: bytes.subarray(0, soundBytes), byteOffset };
  const place = { file, byteOffset: byteOffset + soundBytes };
  throw new ServiceError('INVALID_UTF8', { detail: `${part} is not in UTF-8 here.`, place });
}

/** How many bytes come before the first that is not UTF-8. */
function soundLength(bytes: Buffer): number {
  const text = bytes.toString();
  for (let index = text.indexOf(REPLACEMENT); ; index = text.indexOf(REPLACEMENT, index + 1)) {
    const byteIndex = Buffer.byteLength(text.slice(0, index));
    if (!bytes.subarray(byteIndex, byteIndex + REPLACEMENT_BYTES.length).equals(REPLACEMENT_BYTES)) return byteIndex;
  }
}
