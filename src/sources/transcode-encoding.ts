import { ServiceError } from '../errors.ts';

/** In which encoding a text is. */
export interface FoundEncoding {
  /** The name that the WHATWG encoding standard gives it, in lower case. */
  readonly encoding: string;
  /** How long the byte order mark is. */
  readonly markBytes: number;
}

/** An encoding of mail: what its bytes mean depends on escapes far before them. */
const STATEFUL = 'iso-2022-jp';

/** How many bytes at the start of a text show its encoding. */
const HEAD_BYTES = 4;

/** The longer before those it begins with: UTF-32's mark in little endian is UTF-16's and a zero character. */
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-32', [0xff, 0xfe, 0x00, 0x00]],
  ['utf-32', [0x00, 0x00, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Where the zeros (0) of two ASCII characters are, which is what feeds begin with (RFC 4627, 3): no text of another encoding has a zero there. */
const ZERO_PATTERNS: readonly (readonly [string, string])[] = [
  ['utf-32', 'x000'],
  ['utf-32', '000x'],
  ['utf-16le', 'x0x0'],
  ['utf-16be', '0x0x'],
];

/**
 * In which encoding a text is: by its byte order mark, whatever was asked for, as the encoding standard has it (6, "decode"); else the one asked
 * for; else by the zeros of UTF-16; else UTF-8. Throws ENCODING_UNSUPPORTED for UTF-32, ISO-2022-JP and what
 * TextDecoder does not know.
 * @param head at least its first four bytes, fewer where it is shorter
 * @param asked a label of the encoding standard, such as `windows-1252` or `latin1`; null: none
 */
export function detectEncoding(file: string, head: Uint8Array, asked: string | null): FoundEncoding {
  const mark = MARKS.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  const zeros = [...head.subarray(0, HEAD_BYTES)].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  const unmarked = asked ?? ZERO_PATTERNS.find(([, pattern]) => pattern === zeros)?.[0] ?? 'utf-8';
  const [label, bytes] = mark ?? [unmarked, []];
  const encoding = knownEncoding(label);
  if (encoding !== null && encoding !== STATEFUL) return { encoding, markBytes: bytes.length };
  const detail = `The text is in ${JSON.stringify(label)}, which cannot be read.`;
  throw new ServiceError('ENCODING_UNSUPPORTED', { detail, place: { file } });
}

/** The name of the encoding with a label; null: there is none. */
function knownEncoding(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}
