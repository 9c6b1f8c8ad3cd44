import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Products } from './product.ts';

/** Writes products in one format: gives the bytes of the feed piece by piece, each made when it is asked for. */
export type FeedWriter = (products: Products) => AsyncIterable<Uint8Array>;

/** Large enough that a call to the system for each does not count. */
const PIECE_CHARACTERS = 1 << 17;

/** Texts, joined in UTF-8. Between two pieces the process has a turn for all else, such as a signal: the texts are made without waiting for anything. */
export async function* encodeTexts(texts: Iterable<string>): AsyncGenerator<Uint8Array> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(piece);
    piece = '';
    await nextTurn();
  }
  if (piece !== '') yield Buffer.from(piece);
}
