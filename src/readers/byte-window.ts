import { type ErrorRecord, fromErrorRecord, type ServiceError } from '../errors.ts';
import type { Position } from '../model/record.ts';
import { LINE_FEED } from '../protocol/canonical/bytes.ts';
import { advancePlace, type JsonFault, TEXT_START, type TextPlace } from '../protocol/json-place.ts';
import type { ByteSource } from '../sources/source.ts';

const INITIAL_CAPACITY_BYTES = 512 * 1024;
/** Up to so many bytes a line's end is found by a loop sooner than by a call into the runtime. */
const SHORT_LINE_BYTES = 128;
/** Where lines are short, four bytes at a time are looked at: a tenth of the reading of a feed is to know its lines. */
const WORD_BYTES = 4;
const WORD_SHIFT = 2;
/** No line feed is known in the window. */
const NONE = Number.POSITIVE_INFINITY;

/**
 * The part of a source that is being looked at: what was read and not yet consumed, as one run of bytes, with the place of its first.
 * It grows where a value does not fit, and a zero always stands behind its end (what stops the canonicalizer).
 */
export class ByteWindow {
  /** The unconsumed bytes are `bytes[start]` up to `bytes[end - 1]`; {@link fill} replaces and moves them. */
  bytes = new Uint8Array(INITIAL_CAPACITY_BYTES);
  start = 0;
  end = 0;
  /** Whether the source has nothing after `end`. */
  isWhole = false;
  /** The same bytes. */
  #words = new Int32Array(this.bytes.buffer);
  readonly #source: ByteSource;
  readonly #blocks: AsyncIterator<Uint8Array>;
  /** Offset in the source of `bytes[0]` and of the first byte of the line of `bytes[start]`. */
  #base: number;
  #lineStart: number;
  #line: number;
  #lineFeed = NONE;

  /** @param from where to begin; null: at the start of the source */
  constructor(source: ByteSource, from: Position | null) {
    const place: TextPlace = from ?? TEXT_START;
    this.#source = source;
    this.#blocks = source.open(place.byteOffset, from?.seek)[Symbol.asyncIterator]();
    this.#base = place.byteOffset;
    this.#line = place.line;
    this.#lineStart = place.byteOffset - place.column + 1;
  }

  /** How many bytes are unconsumed. */
  get length(): number {
    return this.end - this.start;
  }

  /** Index of the first unconsumed line feed, infinity where the window has none. */
  get lineFeed(): number {
    return this.#lineFeed;
  }

  /** The place of the first unconsumed byte. */
  get place(): TextPlace {
    const byteOffset = this.#base + this.start;
    return { byteOffset, line: this.#line, column: byteOffset - this.#lineStart + 1 };
  }

  /** The place of the first unconsumed byte as that of a record. */
  position(state: Position['state']): Position {
    const byteOffset = this.#base + this.start;
    return {
      fileIndex: this.#source.fileIndex,
      byteOffset,
      line: this.#line,
      column: byteOffset - this.#lineStart + 1,
      sourceBytes: this.#source.sourceBytesAt(byteOffset),
      seek: this.#source.seekPointAt(byteOffset),
      state,
    };
  }

  /** Reads on until `byteCount` bytes are unconsumed or the source ends. Moves what is unconsumed to the front. */
  async fill(byteCount: number): Promise<void> {
    while (!this.isWhole && this.length < byteCount) {
      const block = await this.#blocks.next();
      if (block.done === true) this.isWhole = true;
      else this.#append(block.value);
    }
  }

  /** Leaves the bytes before `index` behind. */
  consume(index: number): void {
    if (this.#lineFeed < index) this.#passLines(index);
    this.start = index;
  }

  /** What is wrong at an index of the window, as it is set aside. */
  errorRecord({ code, index, detail }: JsonFault): ErrorRecord {
    // Only up to the fault: where faults are many, the line feed behind each is far away.
    const place = advancePlace(this.place, this.bytes.subarray(this.start, index), 0, index - this.start);
    return { code, message: detail, place: { file: this.#source.name, ...place } };
  }

  /** What is wrong at an index of the window, as the error that is thrown. */
  failure(fault: JsonFault): ServiceError {
    return fromErrorRecord(this.errorRecord(fault));
  }

  /** Releases the source's reading. */
  async close(): Promise<void> {
    await this.#blocks.return?.();
  }

  #append(block: Uint8Array): void {
    const { length, start } = this;
    const needed = length + block.length + 1;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(WORD_BYTES * Math.ceil(Math.max(needed, 2 * length) / WORD_BYTES));
      grown.set(this.bytes.subarray(start, this.end));
      this.bytes = grown;
      this.#words = new Int32Array(grown.buffer);
    } else {
      this.bytes.copyWithin(0, start, this.end);
    }
    this.bytes.set(block, length);
    this.#base += start;
    this.#lineFeed -= start;
    this.start = 0;
    this.end = length + block.length;
    this.bytes[this.end] = 0;
    if (this.#lineFeed === NONE) this.#lineFeed = this.#findLineFeed(length);
  }

  /** Counts the line feeds before `index`, of which one is known. */
  #passLines(index: number): void {
    const { bytes } = this;
    const words = this.#words;
    // Where none is known it is no integer, and the runtime would count in doubles.
    let last = this.#lineFeed | 0;
    let line = this.#line + 1;
    for (let next = last + 1; next < index; next += 1) {
      while (next % WORD_BYTES === 0 && next < index && !hasLineFeed(words[next >> WORD_SHIFT] as number)) {
        next += WORD_BYTES;
      }
      if (next >= index || bytes[next] !== LINE_FEED) continue;
      line += 1;
      last = next;
    }
    this.#line = line;
    this.#lineStart = this.#base + last + 1;
    this.#lineFeed = this.#findLineFeed(index);
  }

  #findLineFeed(from: number): number {
    const { bytes } = this;
    const near = Math.min(from + SHORT_LINE_BYTES, this.end);
    for (let index = from; index < near; index += 1) if (bytes[index] === LINE_FEED) return index;
    // Buffer's search is several times as fast as that of other typed arrays, where the line is worth the call.
    const offset = Buffer.from(bytes.buffer, near, this.end - near).indexOf(LINE_FEED);
    return offset === -1 ? NONE : near + offset;
  }
}

/** Whether one of the four bytes is a line feed: by what is 0 where it is one, from which subtraction borrows the highest bit that it does not have. */
function hasLineFeed(word: number): boolean {
  const difference = word ^ 0x0a0a0a0a;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}
