import { byteOrderMarkLength, isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import type { ByteWindow } from '../byte-window.ts';
import { LESS } from './markup.ts';

/** Bytes of a byte order mark. */
const MARK_BYTES = 3;

/**
 * Goes past a byte order mark and white space (which the grammar lets stand before everything but an XML declaration). Throws FORMAT_MISMATCH where what follows
 * begins no XML, READER_TRUNCATED where nothing does.
 */
export async function enterDocument(window: ByteWindow): Promise<void> {
  await window.fill(MARK_BYTES);
  window.consume(window.start + byteOrderMarkLength(window.bytes.subarray(window.start, window.end)));
  do {
    await window.fill(1);
    let index = window.start;
    while (isWhiteSpace(window.bytes[index] as number)) index += 1;
    window.consume(index);
  } while (window.length === 0 && !window.isWhole);
  if (window.length === 0) {
    throw window.failure({ code: 'READER_TRUNCATED', index: window.start, detail: 'The file holds no document.' });
  }
  if (window.bytes[window.start] === LESS) return;
  throw window.failure({
    code: 'FORMAT_MISMATCH',
    index: window.start,
    detail: 'The file is no XML: it does not begin with <.',
  });
}
