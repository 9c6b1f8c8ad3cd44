/**
 * Bytes being written. Pieces of canonical text are copied by words of four bytes, the last one over the one before it where they do not come out even: most
 * pieces are too short for a call into the runtime to pay, and byte by byte takes longer.
 */

/** Below this many bytes a loop is faster than a call into the runtime, byte by byte and by words. */
const SHORT_COPY_BYTES = 40;
const SHORT_WORD_COPY_BYTES = 160;
const WORD_BYTES = 4;

/** A larger buffer is not kept for what comes next: only few values need it. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** A buffer that grows by doubling. What is below `length` counts; what is above may be scribbled on. */
export class ByteOutput {
  bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes, for {@link appendWords}. */
  words: DataView<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.words = new DataView(this.bytes.buffer);
  }

  /** Makes room for `byteCount` bytes after `length`. Replaces `bytes` and `words` where it has to. */
  reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.#replace(grown);
  }

  /** Appends one byte, for which room was made. */
  push(byte: number): void {
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  /** Appends `input[from]` up to `input[to - 1]`. */
  append(input: Uint8Array, from: number, to: number): void {
    const byteCount = to - from;
    this.reserve(byteCount);
    const { bytes, length } = this;
    if (byteCount < SHORT_COPY_BYTES) {
      for (let index = 0; index < byteCount; index += 1) bytes[length + index] = input[from + index] as number;
    } else {
      bytes.set(input.subarray(from, to), length);
    }
    this.length = length + byteCount;
  }

  /** Appends the bytes at `from` up to `to - 1`. They may be this output's own: where it is replaced by a larger one, what is read is still the old. */
  appendWords(input: DataView, from: number, to: number): void {
    const byteCount = to - from;
    this.reserve(byteCount);
    const { words, length } = this;
    this.length = length + byteCount;
    if (byteCount >= SHORT_WORD_COPY_BYTES) {
      this.bytes.set(new Uint8Array(input.buffer, input.byteOffset + from, byteCount), length);
    } else if (byteCount >= WORD_BYTES) {
      const last = to - WORD_BYTES;
      let target = length;
      for (let index = from; index < last; index += WORD_BYTES, target += WORD_BYTES) {
        words.setInt32(target, input.getInt32(index, true), true);
      }
      words.setInt32(this.length - WORD_BYTES, input.getInt32(last, true), true);
    } else {
      for (let index = 0; index < byteCount; index += 1) words.setInt8(length + index, input.getInt8(from + index));
    }
  }

  /** Writes what was appended since `length` was `from` over what is at `target`, as much before it or more, and takes it away. */
  moveBack(target: number, from: number): void {
    const to = this.length;
    this.length = target;
    this.appendWords(this.words, from, to);
    this.length = from;
  }

  /** Appends a text of ASCII. */
  appendAscii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index += 1) this.push(text.charCodeAt(index));
  }

  /** Empties it and returns what it held, which stands until something is written again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    if (this.bytes.length > MAX_KEPT_BYTES) this.#replace(new Uint8Array(MAX_KEPT_BYTES));
    return taken;
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer);
  }
}
