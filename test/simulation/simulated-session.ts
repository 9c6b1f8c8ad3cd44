import { Chunker, type ChunkerResult } from '../../src/chunking/chunker.ts';
import { RecordCursor } from '../../src/chunking/record-cursor.ts';
import { fromErrorRecord, ServiceError, toErrorRecord, toServiceError } from '../../src/errors.ts';
import type { ChunkWorkerStart } from '../../src/ingestion/chunk-messages.ts';
import type { ChunkSession } from '../../src/ingestion/chunk-session.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../../src/model/chunk.ts';
import type { Position } from '../../src/model/record.ts';
import { openFormat } from '../../src/readers/open-format.ts';
import type { SimulatedFeed } from './simulated-feed.ts';

interface OpenReading {
  readonly chunker: Chunker;
  readonly recordPath: string | null;
}

/**
 * What the reading thread does, without a thread: the reader of the format and the chunker, one demand after the other.
 */
export class SimulatedSession implements ChunkSession {
  readonly #pass: () => Promise<void>;
  readonly #opened: Promise<OpenReading>;
  readonly #closed = Promise.withResolvers<never>();
  #answered: Promise<unknown>;

  /** @param pass awaited around every step of the reading: where its process may end */
  constructor(start: ChunkWorkerStart, feed: SimulatedFeed, pass: () => Promise<void>) {
    this.#pass = pass;
    this.#closed.promise.catch(() => {});
    this.#opened = openReading(start, feed);
    this.#opened.catch(() => {});
    this.#answered = this.#opened.catch(() => {});
  }

  async opened(): Promise<string | null> {
    return this.#reply(this.#opened.then(({ recordPath }) => recordPath));
  }

  next(bounds: ChunkBounds, spare: Uint8Array | null = null): Promise<ChunkerResult> {
    return this.#demand((chunker) => chunker.next(bounds, spare));
  }

  rebuild(plan: ChunkPlan, spare: Uint8Array | null = null): Promise<Chunk> {
    return this.#demand((chunker) => chunker.rebuild(plan, spare));
  }

  async verify(plan: ChunkPlan): Promise<void> {
    await this.#demand((chunker) => chunker.rebuild(plan));
  }

  async close(): Promise<void> {
    this.#closed.reject(new ServiceError('INTERNAL', { detail: 'The thread that reads the source ended.' }));
  }

  #demand<Reply>(answer: (chunker: Chunker) => Promise<Reply>): Promise<Reply> {
    const answered = this.#answered.then(async () => {
      await this.#pass();
      return answer((await this.#opened).chunker);
    });
    this.#answered = answered.catch(() => {});
    const reply = this.#reply(answered);
    // A demand made ahead may fail before anybody asks for it.
    reply.catch(() => {});
    return reply;
  }

  /** As it comes out of a thread: errors as plain data, and nothing after the end. */
  async #reply<Reply>(reply: Promise<Reply>): Promise<Reply> {
    try {
      const value = await Promise.race([reply, this.#closed.promise]);
      await this.#pass();
      return value;
    } catch (error) {
      throw fromErrorRecord(toErrorRecord(toServiceError(error)));
    }
  }
}

async function openReading(start: ChunkWorkerStart, feed: SimulatedFeed): Promise<OpenReading> {
  const format = openFormat(start.fileType, start.read.format);
  if (format.kind !== 'text') throw new RangeError('only text is simulated');
  const needsPath = format.findRecordPath !== null && start.read.recordPath === null;
  const found = needsPath ? await format.findRecordPath?.(feed.openFile(start.files, 0), start.read) : undefined;
  const recordPath = found ?? (format.findRecordPath === null ? null : start.read.recordPath);
  const options = { ...start.read, recordPath: recordPath ?? '' };

  async function* read(from: Position | null) {
    for (let fileIndex = from?.fileIndex ?? 0; fileIndex < start.files.length; fileIndex += 1) {
      const position = fileIndex === from?.fileIndex ? from : null;
      if (format.kind === 'text') yield* format.reader.read(feed.openFile(start.files, fileIndex), position, options);
    }
  }

  const chunker = new Chunker(new RecordCursor(read(start.position)), {
    ingestionId: start.ingestionId,
    chunkNumber: start.chunkNumber,
    recordOffset: start.recordOffset,
    onBadRecord: start.read.onBadRecord,
    fileName: (fileIndex) => start.files[fileIndex]?.path ?? '',
  });
  return { chunker, recordPath };
}
