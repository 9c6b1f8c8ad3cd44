/**
 * The worker thread of a running ingestion, and the composition root of that thread: opens the source, picks the reader, and answers each demand for a
 * chunk. It reads only what is demanded, so the main thread bounds how far it runs ahead.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Chunker } from '../chunking/chunker.ts';
import { RecordCursor } from '../chunking/record-cursor.ts';
import { toErrorRecord, toServiceError } from '../errors.ts';
import { findRecordPath } from '../readers/find-record-path.ts';
import { openReader } from '../readers/open-reader.ts';
import { openFileSource } from '../sources/file-source.ts';
import type { Source } from '../sources/source.ts';
import type { ChunkReply, ChunkRequest, ChunkWorkerStart } from './chunk-messages.ts';

if (parentPort !== null) serve(parentPort, workerData as ChunkWorkerStart);

/** Answers demands one after the other; each waits for the one before, whether or not it was answered yet. */
function serve(port: MessagePort, start: ChunkWorkerStart): void {
  const opened = open(start);
  let answered: Promise<void> = opened.then(
    ({ opening }) => port.postMessage(opening),
    (error: unknown) => port.postMessage(errorReply(error)),
  );
  port.on('message', (request: ChunkRequest) => {
    answered = answered.then(async () => {
      port.postMessage(await opened.then(({ chunker }) => answer(chunker, request)).catch(errorReply));
    });
  });
}

/** What a worker holds on to. Node ends a thread in which an open file is collected as garbage, so the source is part of it. */
interface Opened {
  readonly source: Source;
  readonly chunker: Chunker;
  readonly opening: ChunkReply;
}

async function open(start: ChunkWorkerStart): Promise<Opened> {
  const source = await openFileSource(start.sourcePath);
  try {
    const recordPath = await recordPathOf(source, start);
    const records = openReader(start.fileType).read(source, start.position, {
      maxDepth: start.read.maxDepth,
      maxRecordBytes: start.read.maxRecordBytes,
      numberForm: start.read.numberForm,
      recordPath: recordPath ?? '',
    });
    const opening: ChunkReply = { kind: 'opened', stat: await source.stat(), recordPath };
    return { source, chunker: new Chunker(new RecordCursor(records), start), opening };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function recordPathOf(source: Source, start: ChunkWorkerStart): Promise<string | null> {
  if (start.fileType !== 'json') return null;
  return start.read.recordPath ?? (await findRecordPath(source, { maxDepth: start.read.maxDepth }));
}

async function answer(chunker: Chunker, request: ChunkRequest): Promise<ChunkReply> {
  switch (request.kind) {
    case 'next': {
      const chunk = await chunker.next(request.bounds, request.spare);
      return chunk === null ? { kind: 'end' } : { kind: 'chunk', chunk };
    }
    case 'rebuild':
      return { kind: 'chunk', chunk: await chunker.rebuild(request.plan, request.spare) };
    case 'verify':
      await chunker.rebuild(request.plan);
      return { kind: 'verified' };
  }
}

function errorReply(error: unknown): ChunkReply {
  return { kind: 'error', error: toErrorRecord(toServiceError(error)) };
}
