/**
 * The texts of a workbook that its cells share, by their index: in memory up to a bound, behind it in a temporary file that has no name any more. The file
 * is made of blocks of whole texts; only where each block begins is known in memory, so that a hundred million texts cost little. A block
 * that was read is kept until others were wanted more lately.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../../errors.ts';
import { ByteOutput } from '../../protocol/canonical/byte-output.ts';

const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 32 * 1024;
const MAX_CACHED_BYTES = 8 * 1024 * 1024;
const INITIAL_COUNT = 1024;

/** Texts one behind the other, and where each ends. */
interface Texts {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** Texts that are being gathered. */
class GrowingTexts implements Texts {
  readonly output = new ByteOutput(BLOCK_BYTES);
  ends = new Uint32Array(INITIAL_COUNT);
  count = 0;

  get bytes(): Uint8Array {
    return this.output.bytes;
  }

  get byteLength(): number {
    return this.output.length + this.count * Uint32Array.BYTES_PER_ELEMENT;
  }

  add(input: Uint8Array, from: number, to: number): void {
    if (this.count === this.ends.length) {
      const ends = new Uint32Array(2 * this.count);
      ends.set(this.ends);
      this.ends = ends;
    }
    this.output.append(input, from, to);
    this.ends[this.count] = this.output.length;
    this.count += 1;
  }

  clear(): void {
    this.output.take();
    this.count = 0;
  }
}

/** Where texts lie in the file: their ends, then their bytes. */
interface Block {
  /** Index of its first text. */
  readonly first: number;
  readonly count: number;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Texts in UTF-8 by their index; see the head of the file. */
export class StringTable {
  /** The text found last is `bytes[start]` up to `bytes[end - 1]`, until another is looked for. */
  bytes: Uint8Array = new Uint8Array();
  start = 0;
  end = 0;
  readonly #inMemory = new GrowingTexts();
  readonly #filling = new GrowingTexts();
  readonly #blocks: Block[] = [];
  readonly #cache = new Map<Block, Texts>();
  readonly #maxMemoryBytes: number;
  #cachedBytes = 0;
  #file: number | null = null;
  #fileBytes = 0;
  /** How many texts come before those being gathered for the next block. */
  #firstFilling = 0;

  constructor(maxMemoryBytes = MAX_MEMORY_BYTES) {
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** Appends the text `input[from]` up to `input[to - 1]`. Throws SOURCE_UNREADABLE where the temporary file cannot be written. */
  add(input: Uint8Array, from: number, to: number): void {
    if (this.#blocks.length === 0 && this.#filling.count === 0 && this.#inMemory.byteLength < this.#maxMemoryBytes) {
      this.#inMemory.add(input, from, to);
      this.#firstFilling += 1;
      return;
    }
    this.#filling.add(input, from, to);
    if (this.#filling.byteLength >= BLOCK_BYTES) this.#writeBlock();
  }

  /** Finds the text at an index; false: there is none. Throws SOURCE_UNREADABLE where the temporary file cannot be read. */
  find(index: number): boolean {
    if (index < this.#inMemory.count) this.#point(this.#inMemory, index);
    else if (index >= this.#firstFilling + this.#filling.count) return false;
    else if (index >= this.#firstFilling) this.#point(this.#filling, index - this.#firstFilling);
    else {
      const block = this.#blockOf(index);
      this.#point(this.#textsOf(block), index - block.first);
    }
    return true;
  }

  /** Gives the temporary file back. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #point({ bytes, ends }: Texts, index: number): void {
    this.bytes = bytes;
    this.start = index === 0 ? 0 : (ends[index - 1] as number);
    this.end = ends[index] as number;
  }

  #writeBlock(): void {
    const { output, ends, count } = this.#filling;
    const byteOffset = this.#fileBytes;
    try {
      this.#file ??= openTemporaryFile();
      this.#write(this.#file, new Uint8Array(ends.buffer, 0, count * ends.BYTES_PER_ELEMENT));
      this.#write(this.#file, output.bytes.subarray(0, output.length));
    } catch (cause) {
      throw unusable('set aside in', cause);
    }
    this.#blocks.push({ first: this.#firstFilling, count, byteOffset, byteLength: this.#fileBytes - byteOffset });
    this.#firstFilling += count;
    this.#filling.clear();
  }

  #write(file: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(file, bytes, written, bytes.length - written, this.#fileBytes + written);
    }
    this.#fileBytes += bytes.length;
  }

  /** The last block that does not begin after an index. */
  #blockOf(index: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#blocks[middle] as Block).first <= index) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low] as Block;
  }

  #textsOf(block: Block): Texts {
    const cached = this.#cache.get(block);
    if (cached !== undefined) {
      // A map keeps the order of insertion: what comes first was not wanted for the longest time.
      this.#cache.delete(block);
      this.#cache.set(block, cached);
      return cached;
    }
    const texts = this.#read(block);
    this.#cache.set(block, texts);
    this.#cachedBytes += block.byteLength;
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES || oldest === block) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= oldest.byteLength;
    }
    return texts;
  }

  #read({ count, byteOffset, byteLength }: Block): Texts {
    const bytes = new Uint8Array(byteLength);
    for (let length = 0; length < byteLength; ) {
      let readBytes = 0;
      try {
        readBytes = readSync(this.#file as number, bytes, length, byteLength - length, byteOffset + length);
      } catch (cause) {
        throw unusable('read back from', cause);
      }
      if (readBytes === 0) throw unusable('read back from');
      length += readBytes;
    }
    const ends = new Uint32Array(bytes.buffer, 0, count);
    return { ends, bytes: bytes.subarray(ends.byteLength) };
  }
}

function unusable(what: string, cause?: unknown): ServiceError {
  const detail = `The shared texts of the workbook could not be ${what} ${tmpdir()}.`;
  return new ServiceError('SOURCE_UNREADABLE', { detail, ...(cause === undefined ? {} : { cause }) });
}

/** A file that is gone with its descriptor, whatever becomes of the process. */
function openTemporaryFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-texts-'));
  try {
    return openSync(join(folder, 'texts'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
