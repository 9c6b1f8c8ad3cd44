/**
 * The texts of a workbook that its cells share, by their index: in memory up to a bound, behind it in a temporary file that has no name any more. The file
 * is made of blocks of whole texts; only where each block begins is known in memory, so that a hundred million texts cost little. A block
 * that was read is kept until others were wanted more lately.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../../errors.ts';

const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
/** What a text costs in memory beside its characters. */
const TEXT_OVERHEAD_BYTES = 32;
const BLOCK_LENGTH = 32 * 1024;
const MAX_CACHED_BYTES = 8 * 1024 * 1024;
/** Stands in no JSON text as it is written here, so it can part them. */
const SEPARATOR = '\n';

interface Block {
  /** Index of its first text. */
  readonly first: number;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Texts without line feeds, by their index; see the head of the file. */
export class StringTable {
  readonly #inMemory: string[] = [];
  readonly #blocks: Block[] = [];
  readonly #cache = new Map<Block, readonly string[]>();
  readonly #maxMemoryBytes: number;
  #memoryBytes = 0;
  #cachedBytes = 0;
  #file: number | null = null;
  #fileBytes = 0;
  /** The texts of the block being filled, and their length. */
  #filling: string[] = [];
  #fillingLength = 0;
  #length = 0;

  constructor(maxMemoryBytes = MAX_MEMORY_BYTES) {
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** Appends a text. Throws SOURCE_UNREADABLE where the temporary file cannot be written. */
  add(text: string): void {
    this.#length += 1;
    if (this.#memoryBytes < this.#maxMemoryBytes) {
      this.#memoryBytes += 2 * text.length + TEXT_OVERHEAD_BYTES;
      this.#inMemory.push(text);
      return;
    }
    this.#filling.push(text);
    this.#fillingLength += text.length + SEPARATOR.length;
    if (this.#fillingLength >= BLOCK_LENGTH) this.#writeBlock();
  }

  /** The text at an index; undefined: there is none. */
  at(index: number): string | undefined {
    if (index < this.#inMemory.length) return this.#inMemory[index];
    const firstFilling = this.#length - this.#filling.length;
    if (index >= firstFilling) return this.#filling[index - firstFilling];
    const block = this.#blockOf(index);
    return this.#textsOf(block)[index - block.first];
  }

  /** Gives the temporary file back. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #writeBlock(): void {
    const bytes = Buffer.from(this.#filling.join(SEPARATOR));
    try {
      this.#file ??= openTemporaryFile();
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written, bytes.length - written, this.#fileBytes + written);
      }
    } catch (cause) {
      throw new ServiceError('SOURCE_UNREADABLE', {
        detail: `The shared texts of the workbook could not be set aside in ${tmpdir()}.`,
        cause,
      });
    }
    const first = this.#length - this.#filling.length;
    this.#blocks.push({ first, byteOffset: this.#fileBytes, byteLength: bytes.length });
    this.#fileBytes += bytes.length;
    this.#filling = [];
    this.#fillingLength = 0;
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

  #textsOf(block: Block): readonly string[] {
    const cached = this.#cache.get(block);
    if (cached !== undefined) {
      // A map keeps the order of insertion: what comes first was not wanted for the longest time.
      this.#cache.delete(block);
      this.#cache.set(block, cached);
      return cached;
    }
    const bytes = Buffer.allocUnsafe(block.byteLength);
    for (let length = 0; length < bytes.length; ) {
      length += readSync(this.#file as number, bytes, length, bytes.length - length, block.byteOffset + length);
    }
    const texts = bytes.toString().split(SEPARATOR);
    this.#cache.set(block, texts);
    this.#cachedBytes += block.byteLength;
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES || oldest === block) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= oldest.byteLength;
    }
    return texts;
  }
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
