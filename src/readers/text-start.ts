import { byteOrderMarkLength } from '../protocol/canonical/bytes.ts';
import type { ByteWindow } from './byte-window.ts';

/** What UTF-16 and UTF-32 begin with: a mark, or a zero beside the first byte, JSON's first character being ASCII. */
const HEAD_BYTES = 4;

/** Goes past a byte order mark at the start of a text. Throws INVALID_UTF8 where the text is in another encoding of Unicode. */
export async function skipTextStart(window: ByteWindow): Promise<void> {
  await window.fill(HEAD_BYTES);
  const head = window.bytes.subarray(window.start, Math.min(window.start + HEAD_BYTES, window.end));
  const [first, second] = head;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked || (head.length > 1 && (first === 0 || second === 0))) {
    const detail =
      'The text is not in UTF-8 but in UTF-16 or UTF-32: give its `encoding` among the options of the format.';
    throw window.failure({ code: 'INVALID_UTF8', index: window.start, detail });
  }
  window.consume(window.start + byteOrderMarkLength(head));
}
