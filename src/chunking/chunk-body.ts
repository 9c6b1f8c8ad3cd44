import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { BadRecord, Position, SourceRecord } from '../model/record.ts';
import { sha256Hex } from '../protocol/checksum.ts';
import { envelopeAfterRecords, envelopeBeforeRecords } from '../protocol/envelope.ts';

const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** Room for what follows the records: three short members. */
const MAX_TRAILER_BYTES = 128;
const MIN_CAPACITY_BYTES = 64 * 1024;
const CHECKSUM_TO_COME = '0'.repeat(64);

/** What is known of a chunk before its first record. */
export interface ChunkStart {
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly recordOffset: number;
}

/**
 * A request body under construction. Records are copied once, straight behind the envelope's first half, so that the bytes that are hashed are the
 * bytes that are sent. It lies in shared memory: another thread sends it without copying, and a later body is written over it when it was
 * acknowledged, so that bodies make no garbage. The sender's reference keeps the memory alive, whatever else becomes of it.
 */
export class ChunkBody {
  readonly #start: ChunkStart;
  readonly #recordsStart: number;
  #buffer: Buffer;
  #end: number;
  #recordCount = 0;
  #firstPosition: Position | null = null;

  /**
   * @param spare a body that is written over; null: none
   * @param expectedBytes about how long it will become, where there is none to write over; wrong guesses cost a copy
   */
  constructor(start: ChunkStart, spare: Uint8Array | null, expectedBytes: number) {
    const prefix = envelopeBeforeRecords({ ...start, checksum: CHECKSUM_TO_COME });
    this.#start = start;
    this.#buffer = spare === null ? allocate(Math.max(expectedBytes, MIN_CAPACITY_BYTES)) : Buffer.from(spare.buffer);
    this.#recordsStart = this.#buffer.write(prefix, 'latin1');
    this.#buffer[this.#recordsStart] = OPENING_BRACKET;
    this.#end = this.#recordsStart + 1;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Length of the canonical array if it were closed now. */
  get byteCount(): number {
    return this.#end - this.#recordsStart + (this.#recordCount === 0 ? 1 : 0);
  }

  /** Length of the canonical array with one more record of `recordBytes`. */
  byteCountWith(recordBytes: number): number {
    return this.#end - this.#recordsStart + recordBytes + 1;
  }

  add(record: SourceRecord): void {
    const { bytes } = record;
    this.#reserve(bytes.length + 1 + MAX_TRAILER_BYTES);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    // Every record is followed by what closes the array if it is the last: the next one turns it into a comma.
    this.#buffer[this.#end] = CLOSING_BRACKET;
    if (this.#recordCount > 0) this.#buffer[this.#end - bytes.length - 1] = COMMA;
    this.#end += 1;
    this.#recordCount += 1;
    this.#firstPosition ??= record.position;
  }

  /**
   * Closes the chunk.
   * @param after what follows: where the record after it begins, null at the end of the source, and what was set aside on the way
   */
  finish(
    bounds: ChunkBounds,
    after: {
      readonly positionAfter: Position | null;
      readonly isLast: boolean;
      readonly rejects: readonly BadRecord[];
    },
  ): Chunk {
    if (this.#firstPosition === null) throw new RangeError('a chunk is never empty');
    const { positionAfter, isLast, rejects } = after;
    const { ingestionId, chunkNumber, recordOffset } = this.#start;
    const checksum = sha256Hex(this.#buffer.subarray(this.#recordsStart, this.#end));
    const plan: ChunkPlan = {
      chunkNumber,
      recordOffset,
      recordCount: this.#recordCount,
      firstPosition: this.#firstPosition,
      positionAfter,
      bounds,
      isLast,
      checksum,
      byteCount: this.#end - this.#recordsStart,
    };
    this.#buffer.write(envelopeBeforeRecords({ ingestionId, chunkNumber, checksum }), 'latin1');
    const bodyEnd = this.#end + this.#buffer.write(envelopeAfterRecords(plan), this.#end, 'latin1');
    const body = this.#buffer.subarray(0, bodyEnd);
    return { plan, body, rejects };
  }

  #reserve(byteCount: number): void {
    const needed = this.#end + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = allocate(Math.max(needed, Math.ceil(this.#buffer.length * 1.5)));
    grown.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = grown;
  }
}

function allocate(byteCount: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(byteCount));
}
