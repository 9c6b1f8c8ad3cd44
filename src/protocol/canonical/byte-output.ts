/** Below this many bytes a loop is faster than a call into the runtime. */
const SHORT_COPY_BYTES = 40;

/** A larger buffer is not kept for what comes next: only few values need it. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** Bytes being written: a buffer that grows by doubling. What is below `length` counts; what is above may be scribbled on. */
export class ByteOutput {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `byteCount` bytes after `length`. Replaces `bytes` where it has to. */
  reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
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

  /** Copies `bytes[from]` up to `bytes[to - 1]` to `at`, for which room was made; the two do not overlap. */
  copy(at: number, from: number, to: number): void {
    const { bytes } = this;
    if (to - from < SHORT_COPY_BYTES) {
      for (let index = from, target = at; index < to; index += 1, target += 1) bytes[target] = bytes[index] as number;
    } else {
      bytes.copyWithin(at, from, to);
    }
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
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = new Uint8Array(MAX_KEPT_BYTES);
    return taken;
  }
}
