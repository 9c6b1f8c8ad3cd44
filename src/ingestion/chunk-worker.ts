/**
 * The worker thread of a running ingestion: opens the feed and answers each demand for a chunk. It reads only what is demanded, so the main thread
 * bounds how far it runs ahead.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Chunker } from '../chunking/chunker.ts';
import { RecordCursor } from '../chunking/record-cursor.ts';
import { toErrorRecord, toServiceError } from '../errors.ts';
import type { ChunkReply, ChunkRequest, ChunkWorkerStart } from './chunk-messages.ts';
import { giveWay } from './give-way.ts';
import { openFeed } from './open-feed.ts';
import { GIVE_WAY } from './reading-thread.ts';

if (parentPort !== null) serve(parentPort, workerData as ChunkWorkerStart);

/** Answers demands one after the other; each waits for the one before, whether or not it was answered yet. */
function serve(port: MessagePort, start: ChunkWorkerStart): void {
  const opened = open(start);
  let answered: Promise<void> = opened.then(
    ({ opening }) => port.postMessage(opening),
    (error: unknown) => port.postMessage(errorReply(error)),
  );
  port.on('message', (request: ChunkRequest | typeof GIVE_WAY) => {
    if (request === GIVE_WAY) return giveWay();
    answered = answered.then(async () => {
      port.postMessage(await opened.then(({ chunker }) => answer(chunker, request)).catch(errorReply));
    });
  });
}

async function open(start: ChunkWorkerStart): Promise<{ readonly chunker: Chunker; readonly opening: ChunkReply }> {
  const feed = await openFeed(start);
  const chunker = new Chunker(new RecordCursor(feed.read(start.position)), {
    ingestionId: start.ingestionId,
    chunkNumber: start.chunkNumber,
    recordOffset: start.recordOffset,
    onBadRecord: start.read.onBadRecord,
    fileName: (fileIndex) => start.files[fileIndex]?.path ?? '',
  });
  return { chunker, opening: { kind: 'opened', recordPath: feed.recordPath } };
}

async function answer(chunker: Chunker, request: ChunkRequest): Promise<ChunkReply> {
  switch (request.kind) {
    case 'next':
      return chunker.next(request.bounds, request.spare);
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
