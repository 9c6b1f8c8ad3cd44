import type { ReceiverStore } from './receiver-store.ts';

/** The stored records of an ingestion as NDJSON, in order, one chunk in memory at a time. */
export function recordsBody(store: ReceiverStore, ingestionId: string): ReadableStream<Uint8Array> {
  let chunkNumber = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const lines = store.recordLines(ingestionId, chunkNumber);
      chunkNumber += 1;
      if (lines === undefined) controller.close();
      else controller.enqueue(lines);
    },
  });
}
