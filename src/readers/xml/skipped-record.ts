/**
 * Finds where to go on behind a record that cannot be read. Its grammar being broken, only names are looked at: the first of its own end tag (reading goes on behind it), the
 * start tag of another record, and the end tag of the element around it (at which reading goes on). Such a tag in a comment or a CDATA section is
 * taken for one too; whatever is passed over belongs to the bad record, so nothing is lost without a word.
 */
import type { ErrorRecord } from '../../errors.ts';
import { type BadRecord, MAX_RAW_BYTES, type Position } from '../../model/record.ts';
import { isWhiteSpace } from '../../protocol/canonical/bytes.ts';
import type { ByteWindow } from '../byte-window.ts';
import { GREATER, LESS, SLASH } from './markup.ts';

/** With more white space than this before its end an end tag is none. */
const MAX_TAG_SPACE_BYTES = 64;

/** What is set aside, while its end is looked for. The window's start is then its own, or is moved on with the search. */
export class SkippedRecord {
  readonly #window: ByteWindow;
  readonly #position: Position;
  readonly #error: ErrorRecord;
  readonly #name: Uint8Array;
  readonly #parentName: Uint8Array;
  /** How many bytes from the window's start on were searched; the record's own start tag first. */
  #searchedBytes: number;
  /** How long it is so far, up to the window's start, and its raw bytes once that was moved. */
  #passedBytes = 0;
  #raw: Uint8Array | null = null;

  /** @param of its position, what is wrong, its name and that of the element around it */
  constructor(
    window: ByteWindow,
    of: {
      readonly position: Position;
      readonly error: ErrorRecord;
      readonly name: string;
      readonly parentName: string;
    },
  ) {
    this.#window = window;
    this.#position = of.position;
    this.#error = of.error;
    this.#name = Buffer.from(of.name);
    this.#parentName = Buffer.from(of.parentName);
    this.#searchedBytes = 1 + this.#name.length;
  }

  /** Searches what the window holds. True: the end was found, and is the window's start. */
  search(): boolean {
    const window = this.#window;
    const { bytes, start, end } = window;
    const text = Buffer.from(bytes.buffer, 0, end);
    const last = end - this.#longestTag();
    let index = text.indexOf(LESS, start + this.#searchedBytes);
    for (; index !== -1 && (index <= last || window.isWhole); index = text.indexOf(LESS, index + 1)) {
      const found = this.#endAt(bytes, index);
      if (found < 0) continue;
      this.#pass(found);
      return true;
    }
    this.#searchedBytes = (index === -1 ? end : index) - start;
    if (this.#searchedBytes > MAX_RAW_BYTES) this.#pass(start + this.#searchedBytes);
    return false;
  }

  /** The bad record, once its end was found. */
  take(): BadRecord {
    return {
      position: this.#position,
      byteLength: this.#passedBytes,
      error: this.#error,
      raw: this.#raw ?? new Uint8Array(),
    };
  }

  /** The most bytes it takes to recognize a tag. */
  #longestTag(): number {
    return Math.max(this.#name.length, this.#parentName.length) + MAX_TAG_SPACE_BYTES + 3;
  }

  /** Where the record ends if a tag begins at `index` that ends it, else -1. */
  #endAt(bytes: Uint8Array, index: number): number {
    if (bytes[index + 1] !== SLASH) return isTag(bytes, index + 1, this.#name) ? index : -1;
    if (isTag(bytes, index + 2, this.#parentName)) return index;
    if (!isTag(bytes, index + 2, this.#name)) return -1;
    let close = index + 2 + this.#name.length;
    const limit = close + MAX_TAG_SPACE_BYTES;
    while (close < limit && isWhiteSpace(bytes[close] as number)) close += 1;
    return bytes[close] === GREATER ? close + 1 : -1;
  }

  #pass(index: number): void {
    const { bytes, start } = this.#window;
    this.#raw ??= bytes.slice(start, Math.min(index, start + MAX_RAW_BYTES));
    this.#passedBytes += index - start;
    this.#window.consume(index);
    this.#searchedBytes = 0;
  }
}

/** Whether a name stands at `index`, and the end of a name after it. */
function isTag(bytes: Uint8Array, index: number, name: Uint8Array): boolean {
  for (let offset = 0; offset < name.length; offset += 1) if (bytes[index + offset] !== name[offset]) return false;
  const next = bytes[index + name.length] as number;
  return next === GREATER || next === SLASH || isWhiteSpace(next);
}
