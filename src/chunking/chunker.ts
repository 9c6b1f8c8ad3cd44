import { ServiceError } from '../errors.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { SourceRecord } from '../model/record.ts';
import { ChunkBody } from './chunk-body.ts';
import type { RecordCursor } from './record-cursor.ts';

/** Where chunking begins: the number and record offset of the chunk that the cursor's next record opens. */
export interface ChunkerStart {
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly recordOffset: number;
}

/**
 * Cuts records into chunks, one per call, in order. Deterministic: the same records from the same position under the same bounds make the
 * same chunks. A new chunk is finished only when the record after it, or the sound end of the source, was seen: only then it
 * is certain that the chunk may be planned, and whether it is the last.
 */
export class Chunker {
  readonly #cursor: RecordCursor;
  readonly #ingestionId: string;
  #chunkNumber: number;
  #recordOffset: number;
  #expectedBytes = 0;

  constructor(cursor: RecordCursor, start: ChunkerStart) {
    this.#cursor = cursor;
    this.#ingestionId = start.ingestionId;
    this.#chunkNumber = start.chunkNumber;
    this.#recordOffset = start.recordOffset;
  }

  /**
   * The next new chunk under `bounds`; null at the end of the source. Throws RECORD_TOO_LARGE for a record that alone exceeds `maxBytes`, and
   * what the reader throws; nothing of the open chunk is lost then, it was never planned.
   * @param spare the body of a chunk that is done with, to be written over; null: none
   */
  async next(bounds: ChunkBounds, spare: Uint8Array | null = null): Promise<Chunk | null> {
    const body = this.#open(spare);
    const closeAtBytes = Math.min(bounds.maxBytes, bounds.closeAtBytes ?? bounds.maxBytes);
    const maxRecords = bounds.maxRecords ?? Number.POSITIVE_INFINITY;
    for (;;) {
      if (this.#cursor.needsLoad) await this.#cursor.load();
      const record = this.#cursor.current;
      if (record === null) break;
      refuseTooLarge(record, bounds.maxBytes);
      const isFull = body.recordCount >= maxRecords || body.byteCountWith(record.bytes.length) > closeAtBytes;
      if (isFull && body.recordCount > 0) break;
      body.add(record);
      this.#cursor.take();
    }
    if (body.recordCount === 0) return null;
    const following = this.#cursor.current;
    return this.#advance(body.finish(bounds, following?.position ?? null, following === null));
  }

  /**
   * The chunk of a recorded plan, cut from the source again. Throws SOURCE_CHANGED where the source no longer gives the recorded
   * bytes.
   * @param spare as with {@link next}
   */
  async rebuild(plan: ChunkPlan, spare: Uint8Array | null = null): Promise<Chunk> {
    const body = this.#open(spare);
    while (body.recordCount < plan.recordCount && body.byteCount <= plan.byteCount) {
      if (this.#cursor.needsLoad) await this.#loadRecorded(plan);
      const record = this.#cursor.current;
      if (record === null) break;
      body.add(record);
      this.#cursor.take();
    }
    if (body.recordCount !== plan.recordCount || body.byteCount !== plan.byteCount) throw differsFrom(plan);
    const chunk = body.finish(plan.bounds, plan.positionAfter, plan.isLast);
    if (chunk.plan.checksum !== plan.checksum) throw differsFrom(plan);
    this.#advance(chunk);
    return { ...chunk, plan };
  }

  /** What was read once and cannot be read now has changed; a medium that fails has not. */
  async #loadRecorded(plan: ChunkPlan): Promise<void> {
    try {
      await this.#cursor.load();
    } catch (error) {
      const isUnreadable = !(error instanceof ServiceError) || error.code === 'SOURCE_UNREADABLE';
      throw isUnreadable ? error : differsFrom(plan, error);
    }
  }

  #open(spare: Uint8Array | null): ChunkBody {
    const start = {
      ingestionId: this.#ingestionId,
      chunkNumber: this.#chunkNumber,
      recordOffset: this.#recordOffset,
    };
    return new ChunkBody(start, spare, this.#expectedBytes);
  }

  #advance(chunk: Chunk): Chunk {
    this.#chunkNumber += 1;
    this.#recordOffset += chunk.plan.recordCount;
    // An eighth of slack: chunks of one feed are much alike, and a body that fits is never copied.
    this.#expectedBytes = Math.ceil(chunk.body.length * 1.125);
    return chunk;
  }
}

function refuseTooLarge(record: SourceRecord, maxBytes: number): void {
  const aloneBytes = record.bytes.length + 2;
  if (aloneBytes <= maxBytes) return;
  throw new ServiceError('RECORD_TOO_LARGE', {
    detail: `A record alone makes a chunk of ${aloneBytes} bytes; the bound is ${maxBytes}.`,
    place: {
      byteOffset: record.position.byteOffset,
      line: record.position.line,
      column: record.position.column,
    },
  });
}

function differsFrom(plan: ChunkPlan, cause?: ServiceError): ServiceError {
  return new ServiceError('SOURCE_CHANGED', {
    detail: `Chunk ${plan.chunkNumber} (records ${plan.recordOffset} to ${plan.recordOffset + plan.recordCount - 1}) no longer has the bytes that were recorded.`,
    place: { byteOffset: plan.firstPosition.byteOffset, line: plan.firstPosition.line },
    cause,
  });
}
