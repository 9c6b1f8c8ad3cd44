/** The thread of one preview: reading may take long, and a file may be built to make it so. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toErrorRecord, toServiceError } from '../errors.ts';
import { giveWay } from './give-way.ts';
import { type PreviewProgress, type PreviewStart, previewFeed } from './preview-feed.ts';
import type { PreviewReply } from './preview-service.ts';

/** As often as a person looks. */
const PROGRESS_INTERVAL_MS = 200;

if (parentPort !== null) await serve(parentPort, workerData as PreviewStart);

async function serve(port: MessagePort, start: PreviewStart): Promise<void> {
  giveWay();
  const answer = (reply: PreviewReply) => port.postMessage(reply);
  let toldAtMs = performance.now();
  const tell = (progress: PreviewProgress) => {
    if (performance.now() - toldAtMs < PROGRESS_INTERVAL_MS) return;
    toldAtMs = performance.now();
    answer({ kind: 'progress', progress });
  };
  try {
    answer({ kind: 'preview', preview: await previewFeed(start, tell) });
  } catch (error) {
    answer({ kind: 'error', error: toErrorRecord(toServiceError(error)) });
  }
}
