import { isAscii, isUtf8 } from 'node:buffer';
import { ServiceError } from '../../errors.ts';

const GREATER_THAN = 0x3e;
/** So many bytes without the end of a tag are handed on as they are. */
const MAX_HELD_BYTES = 1024 * 1024;
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

/** A run of text out of a part. */
export interface XmlText {
  readonly text: string;
  /** Offset of its first byte in the part. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/**
 * The text of a part from a byte offset on, in runs that end behind a tag wherever one ends at all. Throws INVALID_UTF8 after all text before it, ENCODING_UNSUPPORTED.
 */
export async function* readXmlText(
  blocks: AsyncIterable<Uint8Array>,
  place: PartPlace,
  from = 0,
): AsyncGenerator<XmlText> {
  let held = Buffer.alloc(0);
  let byteOffset = from;
  let skipBytes = from;
  for await (const block of blocks) {
    if (skipBytes >= block.length) {
      skipBytes -= block.length;
      continue;
    }
    const bytes = Buffer.concat([held, block.subarray(skipBytes)]);
    skipBytes = 0;
    const end = bytes.length > MAX_HELD_BYTES ? characterStart(bytes) : bytes.lastIndexOf(GREATER_THAN) + 1;
    held = bytes.subarray(end);
    if (end === 0) continue;
    yield* decode(bytes.subarray(0, end), byteOffset, place);
    byteOffset += end;
  }
  if (held.length > 0) yield* decode(held, byteOffset, place);
}

/** Where the last character that may go on behind the end begins. */
function characterStart(bytes: Uint8Array): number {
  const tagEnd = bytes.lastIndexOf(GREATER_THAN) + 1;
  if (tagEnd > 0) return tagEnd;
  let start = bytes.length - 1;
  while (start > 0 && ((bytes[start] as number) & 0xc0) === 0x80) start -= 1;
  return start;
}

function* decode(bytes: Buffer, byteOffset: number, { file, part }: PartPlace): Generator<XmlText> {
  const byteLength = bytes.length;
  if (isAscii(bytes)) yield { text: bytes.toString('latin1'), byteOffset, byteLength };
  else if (isUtf8(bytes)) yield { text: bytes.toString(), byteOffset, byteLength };
  else {
    if (byteOffset === 0 && UTF16_MARKS.some((mark) => bytes.subarray(0, mark.length).equals(mark))) {
      throw new ServiceError('ENCODING_UNSUPPORTED', { detail: `${part} is in UTF-16.`, place: { file } });
    }
    const soundBytes = soundLength(bytes);
    yield { text: bytes.toString('utf8', 0, soundBytes), byteOffset, byteLength: soundBytes };
    const place = { file, byteOffset: byteOffset + soundBytes };
    throw new ServiceError('INVALID_UTF8', { detail: `${part} is not in UTF-8 here.`, place });
  }
}

/** How many bytes come before the first that is not UTF-8. */
function soundLength(bytes: Buffer): number {
  const text = bytes.toString();
  for (let index = text.indexOf(REPLACEMENT); ; index = text.indexOf(REPLACEMENT, index + 1)) {
    const byteIndex = Buffer.byteLength(text.slice(0, index));
    if (!bytes.subarray(byteIndex, byteIndex + REPLACEMENT_BYTES.length).equals(REPLACEMENT_BYTES)) return byteIndex;
  }
}
