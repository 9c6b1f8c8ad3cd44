import { Chunker } from '../../src/chunking/chunker.ts';
import { RecordCursor } from '../../src/chunking/record-cursor.ts';
import type { ChunkWorkerStart } from '../../src/ingestion/chunk-messages.ts';
import type { OpenChunkSession } from '../../src/ingestion/chunk-session.ts';
import { openFeed } from '../../src/ingestion/open-feed.ts';

/** Reads as the worker thread does, in this thread: the matrix has more runs than there is time to start threads for. */
export const openInProcessSession: OpenChunkSession = (start) => {
  const opened = open(start);
  let answered: Promise<unknown> = opened;
  const inTurn = <Result>(work: (chunker: Chunker) => Promise<Result>): Promise<Result> => {
    const result = answered.then(async () => work((await opened).chunker));
    // A demand made ahead may fail before anybody asks for it; it is told when it is asked for.
    answered = result.catch(() => undefined);
    return result;
  };
  return {
    opened: async () => (await opened).recordPath,
    next: (bounds, spare) => inTurn((chunker) => chunker.next(bounds, spare)),
    rebuild: (plan, spare) => inTurn((chunker) => chunker.rebuild(plan, spare)),
    async verify(plan) {
      await inTurn((chunker) => chunker.rebuild(plan));
    },
    async close() {
      await answered;
      await (await opened).cursor.close();
    },
  };
};

async function open(start: ChunkWorkerStart) {
  const feed = await openFeed(start);
  const cursor = new RecordCursor(feed.read(start.position));
  const chunker = new Chunker(cursor, {
    ingestionId: start.ingestionId,
    chunkNumber: start.chunkNumber,
    recordOffset: start.recordOffset,
    onBadRecord: start.read.onBadRecord,
    fileName: (fileIndex) => start.files[fileIndex]?.path ?? '',
  });
  return { recordPath: feed.recordPath, cursor, chunker };
}
