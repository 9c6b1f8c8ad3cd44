import type { Worker } from 'node:worker_threads';
import type { ChunkerResult } from '../chunking/chunker.ts';
import { fromErrorRecord, ServiceError } from '../errors.ts';
import type { Chunk, ChunkBounds, ChunkPlan } from '../model/chunk.ts';
import type { ChunkReply, ChunkRequest } from './chunk-messages.ts';
import type { ChunkSession, OpenChunkSession, ThreadUsage } from './chunk-session.ts';
import { startReadingThread, THREAD_SCRIPTS, type ThreadOptions, threadFailure } from './reading-thread.ts';

interface Waiting {
  readonly resolve: (reply: ChunkReply) => void;
  readonly reject: (error: ServiceError) => void;
}

/** Reads in worker threads, each of so many bytes of objects. */
export function workerSessions({
  memoryBytes,
  script = THREAD_SCRIPTS.chunks,
}: Pick<ThreadOptions, 'memoryBytes'> & Partial<Pick<ThreadOptions, 'script'>>): OpenChunkSession {
  return (start) => new WorkerChunkSession(startReadingThread({ script, start, memoryBytes }));
}

/** The main thread's side of a worker thread that reads. */
class WorkerChunkSession implements ChunkSession {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #opened: Promise<ChunkReply>;
  #ended: ServiceError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#opened = this.#expectReply();
    this.#worker.on('message', (reply: ChunkReply) => this.#settle(reply));
    this.#worker.on('messageerror', (error) =>
      this.#end('An answer of the thread that reads the source was lost.', error),
    );
    this.#worker.on('error', (error) => this.#end('The thread that reads the source failed.', error));
    this.#worker.on('exit', () => this.#end('The thread that reads the source ended.'));
  }

  async opened(): Promise<string | null> {
    const reply = await this.#opened;
    if (reply.kind !== 'opened') throw unexpected(reply);
    return reply.recordPath;
  }

  async next(bounds: ChunkBounds, spare: Uint8Array | null = null): Promise<ChunkerResult> {
    const reply = await this.#demand({ kind: 'next', bounds, spare });
    if (reply.kind === 'chunk' || reply.kind === 'rejects' || reply.kind === 'end') return reply;
    throw unexpected(reply);
  }

  async rebuild(plan: ChunkPlan, spare: Uint8Array | null = null): Promise<Chunk> {
    return chunkOf(await this.#demand({ kind: 'rebuild', plan, spare }));
  }

  async verify(plan: ChunkPlan): Promise<void> {
    const reply = await this.#demand({ kind: 'verify', plan });
    if (reply.kind !== 'verified') throw unexpected(reply);
  }

  async usage(): Promise<ThreadUsage> {
    const [heap, cpu] = await Promise.all([this.#worker.getHeapStatistics(), this.#worker.cpuUsage()]);
    return { heapBytes: heap.used_heap_size, cpuMs: Math.round((cpu.user + cpu.system) / 1000) };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #demand(request: ChunkRequest): Promise<ChunkReply> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#worker.postMessage(request);
    return this.#expectReply();
  }

  #expectReply(): Promise<ChunkReply> {
    const reply = new Promise<ChunkReply>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // A demand made ahead may fail before anybody asks for it; it is told when it is asked for.
    reply.catch(() => {});
    return reply;
  }

  #settle(reply: ChunkReply): void {
    const waiting = this.#waiting.shift();
    if (reply.kind === 'error') waiting?.reject(fromErrorRecord(reply.error));
    else waiting?.resolve(reply);
  }

  #end(detail: string, cause?: unknown): void {
    this.#ended ??= threadFailure(detail, cause);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended);
  }
}

function chunkOf(reply: ChunkReply): Chunk {
  if (reply.kind !== 'chunk') throw unexpected(reply);
  return reply.chunk;
}

function unexpected(reply: ChunkReply): ServiceError {
  return new ServiceError('INTERNAL', { detail: `The reading thread answered out of turn: ${reply.kind}.` });
}
