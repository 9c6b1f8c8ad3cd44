import { type ErrorRecord, fromErrorRecord, ServiceError } from '../errors.ts';
import type { PreviewRequest } from '../protocol/preview-request.ts';
import type { SourceSet } from '../sources/source.ts';
import {
  type FeedPreview,
  type PreviewProgress,
  type PreviewStart,
  previewStart,
  type ReadLimits,
} from './preview-feed.ts';
import { startReadingThread, THREAD_SCRIPTS, threadFailure } from './reading-thread.ts';
import type { RunDependencies } from './run-context.ts';

/** What the thread of a preview says: how far it is, and in the end one of the others. */
export type PreviewReply =
  | { readonly kind: 'progress'; readonly progress: PreviewProgress }
  | { readonly kind: 'preview'; readonly preview: FeedPreview }
  | { readonly kind: 'error'; readonly error: ErrorRecord };

/** Who waits for a preview. */
export interface PreviewCaller {
  /** Gives it up. */
  readonly signal: AbortSignal;
  /** Told a few times a second while all of a feed is read. */
  readonly onProgress?: (progress: PreviewProgress, sources: SourceSet) => void;
}

/** A feed that was looked at, and the files it is in. */
export interface PreviewedFeed {
  readonly sources: SourceSet;
  readonly preview: FeedPreview;
}

/** Previews at the same time: each keeps a core busy that deliveries could use. */
export const MAX_PREVIEWS = 2;

/** What previews work with. */
export interface PreviewDependencies {
  readonly openSources: RunDependencies['openSources'];
  readonly limits: ReadLimits & {
    /** Of the objects that the thread of a preview may hold. */
    readonly workerMemoryBytes: number;
  };
}

/** Previews feeds on threads of their own, a few at a time. */
export class PreviewService {
  readonly #dependencies: PreviewDependencies;
  readonly #closing = new AbortController();
  #runningCount = 0;

  constructor(dependencies: PreviewDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * What a feed looks like. Throws what opening and reading it throws, PREVIEWS_BUSY where too many are under way already, and SHUTTING_DOWN where the
   * service closes or nobody waits any longer.
   */
  async preview(request: PreviewRequest, { signal, onProgress }: PreviewCaller): Promise<PreviewedFeed> {
    if (this.#runningCount >= MAX_PREVIEWS) throw new ServiceError('PREVIEWS_BUSY');
    this.#runningCount += 1;
    try {
      const { openSources, limits } = this.#dependencies;
      const sources = await openSources(request.filePath, request.fileType);
      const start = previewStart(request, sources, limits);
      const preview = await runPreview(start, {
        memoryBytes: limits.workerMemoryBytes,
        signal: AbortSignal.any([signal, this.#closing.signal]),
        onProgress: (progress) => onProgress?.(progress, sources),
      });
      return { sources, preview };
    } finally {
      this.#runningCount -= 1;
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort();
  }
}

function givenUp(): ServiceError {
  return new ServiceError('SHUTTING_DOWN', { detail: 'The preview was given up.' });
}

async function runPreview(
  start: PreviewStart,
  {
    memoryBytes,
    signal,
    onProgress,
  }: {
    readonly memoryBytes: number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: PreviewProgress) => void;
  },
): Promise<FeedPreview> {
  if (signal.aborted) throw givenUp();
  const worker = startReadingThread({ script: THREAD_SCRIPTS.preview, start, memoryBytes });
  const { promise, resolve, reject } = Promise.withResolvers<FeedPreview>();
  worker.on('message', (reply: PreviewReply) => {
    if (reply.kind === 'progress') onProgress(reply.progress);
    else if (reply.kind === 'preview') resolve(reply.preview);
    else reject(fromErrorRecord(reply.error));
  });
  worker.once('error', (error) => reject(threadFailure('The thread of the preview failed.', error)));
  worker.once('exit', () => reject(threadFailure('The thread of the preview ended.')));
  const giveUp = () => reject(givenUp());
  signal.addEventListener('abort', giveUp);
  try {
    return await promise;
  } finally {
    // A signal made of others is kept, with all that its listeners hold, for as long as it has one.
    signal.removeEventListener('abort', giveUp);
    await worker.terminate();
  }
}
