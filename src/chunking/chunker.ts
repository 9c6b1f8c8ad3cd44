import { type ErrorPlace, type ErrorRecord, fromErrorRecord, ServiceError } from '../errors.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import {
  type BadRecord,
  isBadRecord,
  MAX_RAW_BYTES,
  type OnBadRecord,
  type Position,
  type ReadItem,
  type SourceRecord,
} from '../model/record.ts';
import { ChunkBody } from './chunk-body.ts';
import type { RecordCursor } from './record-cursor.ts';

/** Bad records that are held at most before they are handed on: a feed may hold nothing else. */
const MAX_HELD_REJECTS = 1_000;
const MAX_HELD_RAW_BYTES = 4 * 1024 * 1024;

/** Where chunking begins: the number and record offset of the chunk that the cursor's next record opens. */
export interface ChunkerStart {
  readonly ingestionId: string;
  readonly chunkNumber: number;
  readonly recordOffset: number;
  readonly onBadRecord: OnBadRecord;
  /** What to call a file in errors, by its index. */
  readonly fileName: (fileIndex: number) => string;
}

/**
 * What comes next: a chunk; bad records alone, so many that they cannot wait for the chunk under way, which goes on with the next call; or the
 * sound end of the source, with the bad records behind which no chunk follows.
 */
export type ChunkerResult =
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'rejects'; readonly rejects: readonly BadRecord[] }
  | { readonly kind: 'end'; readonly rejects: readonly BadRecord[] };

/**
 * Cuts records into chunks, one per call, in order. Deterministic: the same records from the same position under the same bounds make the
 * same chunks. A new chunk is finished only when the record after it, or the sound end of the source, was seen: only then it
 * is certain that the chunk may be planned, and whether it is the last.
 */
export class Chunker {
  readonly #cursor: RecordCursor;
  readonly #start: ChunkerStart;
  #chunkNumber: number;
  #recordOffset: number;
  #expectedBytes = 0;
  /** The chunk under way, where bad records were handed on before it was finished. */
  #open: ChunkBody | null = null;
  #rejects: BadRecord[] = [];
  #heldRawBytes = 0;
  /** The bound of the plan that was rebuilt last: what it set aside behind its last record is on record with it. */
  #rebuiltMaxBytes: number | null = null;

  constructor(cursor: RecordCursor, start: ChunkerStart) {
    this.#cursor = cursor;
    this.#start = start;
    this.#chunkNumber = start.chunkNumber;
    this.#recordOffset = start.recordOffset;
  }

  /**
   * The next new chunk under `bounds`. Throws RECORD_TOO_LARGE for a record that alone exceeds `maxBytes` where bad records are not set aside, and
   * what the reader throws; nothing of the open chunk is lost then, it was never planned.
   * @param spare the body of a chunk that is done with, to be written over; null: none
   */
  async next(bounds: ChunkBounds, spare: Uint8Array | null = null): Promise<ChunkerResult> {
    const body = this.#open ?? this.#begin(spare);
    this.#open = null;
    const closeAtBytes = Math.min(bounds.maxBytes, bounds.closeAtBytes ?? bounds.maxBytes);
    const maxRecords = bounds.maxRecords ?? Number.POSITIVE_INFINITY;
    for (;;) {
      if (this.#cursor.needsLoad) await this.#cursor.load();
      const item = this.#cursor.current;
      if (item === null) return this.#finish(body, bounds, null);
      const record = fittingRecord(item, bounds.maxBytes);
      if (record === null || this.#rebuiltMaxBytes !== null) {
        if (this.#passOver(item, bounds.maxBytes)) continue;
        this.#open = body;
        return { kind: 'rejects', rejects: this.#takeRejects() };
      }
      const isFull = body.recordCount >= maxRecords || body.byteCountWith(record.bytes.length) > closeAtBytes;
      if (isFull && body.recordCount > 0) return this.#finish(body, bounds, record);
      body.add(record);
      this.#cursor.take();
    }
  }

  /**
   * The chunk of a recorded plan, cut from the source again. Throws SOURCE_CHANGED where the source no longer gives the recorded
   * bytes.
   * @param spare as with {@link next}
   */
  async rebuild(plan: ChunkPlan, spare: Uint8Array | null = null): Promise<Chunk> {
    const body = this.#begin(spare);
    while (body.recordCount < plan.recordCount && body.byteCount <= plan.byteCount) {
      if (this.#cursor.needsLoad) await this.#loadRecorded(plan);
      const item = this.#cursor.current;
      if (item === null) break;
      const record = fittingRecord(
        item,
        Math.min(plan.bounds.maxBytes, this.#rebuiltMaxBytes ?? Number.POSITIVE_INFINITY),
      );
      if (record !== null) {
        // Up to here, what the bounds of the chunk before set aside stayed so, whatever the bounds of this one.
        this.#rebuiltMaxBytes = null;
        body.add(record);
      }
      this.#cursor.take();
    }
    if (body.recordCount !== plan.recordCount || body.byteCount !== plan.byteCount) throw this.#differsFrom(plan);
    const chunk = body.finish(plan.bounds, { ...plan, rejects: [] });
    if (chunk.plan.checksum !== plan.checksum) throw this.#differsFrom(plan);
    this.#rebuiltMaxBytes = plan.bounds.maxBytes;
    this.#advance(chunk);
    return { ...chunk, plan };
  }

  /**
   * Goes past an item that no chunk takes, or finds that what follows a rebuilt chunk begins here. False where so many bad records are held that
   * they must be handed on.
   */
  #passOver(item: ReadItem, maxBytes: number): boolean {
    if (this.#rebuiltMaxBytes !== null) {
      if (fittingRecord(item, this.#rebuiltMaxBytes) === null) this.#cursor.take();
      else this.#rebuiltMaxBytes = null;
      return true;
    }
    const bad = isBadRecord(item) ? item : this.#tooLarge(item, maxBytes);
    if (this.#start.onBadRecord === 'fail') throw fromErrorRecord(bad.error);
    this.#rejects.push(bad);
    this.#heldRawBytes += bad.raw.length;
    this.#cursor.take();
    return this.#rejects.length < MAX_HELD_REJECTS && this.#heldRawBytes < MAX_HELD_RAW_BYTES;
  }

  #takeRejects(): readonly BadRecord[] {
    const rejects = this.#rejects;
    this.#rejects = [];
    this.#heldRawBytes = 0;
    return rejects;
  }

  #finish(body: ChunkBody, bounds: ChunkBounds, following: SourceRecord | null): ChunkerResult {
    const rejects = this.#takeRejects();
    if (body.recordCount === 0) return { kind: 'end', rejects };
    const after = { positionAfter: following?.position ?? null, isLast: following === null, rejects };
    const chunk = body.finish(bounds, after);
    this.#advance(chunk);
    return { kind: 'chunk', chunk };
  }

  /** What was read once and cannot be read now has changed; a medium that fails has not. */
  async #loadRecorded(plan: ChunkPlan): Promise<void> {
    try {
      await this.#cursor.load();
    } catch (error) {
      const isUnreadable = !(error instanceof ServiceError) || error.code === 'SOURCE_UNREADABLE';
      throw isUnreadable ? error : this.#differsFrom(plan, error);
    }
  }

  #begin(spare: Uint8Array | null): ChunkBody {
    const start = {
      ingestionId: this.#start.ingestionId,
      chunkNumber: this.#chunkNumber,
      recordOffset: this.#recordOffset,
    };
    return new ChunkBody(start, spare, this.#expectedBytes);
  }

  #advance(chunk: Chunk): void {
    this.#chunkNumber += 1;
    this.#recordOffset += chunk.plan.recordCount;
    // An eighth of slack: chunks of one feed are much alike, and a body that fits is never copied.
    this.#expectedBytes = Math.ceil(chunk.body.length * 1.125);
  }

  /** A record that the bounds of a chunk make a bad one. How it stood in the source is no longer known here. */
  #tooLarge({ bytes, position }: SourceRecord, maxBytes: number): BadRecord {
    const error: ErrorRecord = {
      code: 'RECORD_TOO_LARGE',
      message: `A record alone makes a chunk of ${bytes.length + 2} bytes; the bound is ${maxBytes}.`,
      place: this.#placeOf(position),
    };
    return { position, byteLength: bytes.length, error, raw: bytes.slice(0, MAX_RAW_BYTES) };
  }

  #placeOf({ fileIndex, byteOffset, line, column }: Position): ErrorPlace {
    return { file: this.#start.fileName(fileIndex), byteOffset, line, column };
  }

  #differsFrom(plan: ChunkPlan, cause?: ServiceError): ServiceError {
    return new ServiceError('SOURCE_CHANGED', {
      detail: `Chunk ${plan.chunkNumber} (records ${plan.recordOffset} to ${plan.recordOffset + plan.recordCount - 1}) no longer has the bytes that were recorded.`,
      place: this.#placeOf(plan.firstPosition),
      cause,
    });
  }
}

/** The record, where an item is one and fits into a chunk under this bound; null: it is set aside. */
function fittingRecord(item: ReadItem, maxBytes: number): SourceRecord | null {
  return isBadRecord(item) || item.bytes.length + 2 > maxBytes ? null : item;
}
