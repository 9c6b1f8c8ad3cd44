import { chunkBounds } from '../chunking/chunk-bounds.ts';
import { Chunker } from '../chunking/chunker.ts';
import { RecordCursor } from '../chunking/record-cursor.ts';
import type { ChunkBounds } from '../model/chunk.ts';
import type { ReadItem } from '../model/record.ts';
import type { PreviewRequest } from '../protocol/preview-request.ts';
import type { SourceSet } from '../sources/source.ts';
import { type Feed, type FeedStart, type FileCoding, findCoding, openFeed } from './open-feed.ts';
import { PreviewSample, type SampleFindings } from './preview-sample.ts';

/** What is to be previewed, and how far. */
export interface PreviewStart {
  /** Bad records are set aside. */
  readonly feed: FeedStart;
  /** Most records to show. */
  readonly maxShownRecords: number;
  /** The bounds under which the whole feed is cut into chunks; null: only its beginning is looked at. */
  readonly fullBounds: ChunkBounds | null;
}

/** What the whole feed would be delivered as. */
export interface FullCounts {
  readonly recordCount: number;
  readonly rejectCount: number;
  readonly chunkCount: number;
  /** Canonical bytes of all chunks together, and of the largest. */
  readonly byteCount: number;
  readonly largestChunkBytes: number;
}

/** What a feed looks like to the readers that would deliver it. */
export interface FeedPreview extends SampleFindings {
  readonly coding: FileCoding;
  /** Where the records are; null: the format has no such thing. */
  readonly recordPath: string | null;
  /** Null where only the beginning was looked at. */
  readonly full: FullCounts | null;
}

/** How far a reading to the end has come. */
export interface PreviewProgress {
  readonly recordCount: number;
  /** Of all files, as they lie on the disk. */
  readonly sourceBytes: number;
}

/** The limits of readers, as the service has them. */
export interface ReadLimits {
  readonly maxDepth: number;
  readonly maxRecordBytes: number;
}

/** What a request for a preview of these files asks for. */
export function previewStart(request: PreviewRequest, { files }: SourceSet, limits: ReadLimits): PreviewStart {
  return {
    feed: {
      files,
      fileType: request.fileType,
      read: {
        recordPath: request.recordPath,
        isRecordPathFound: false,
        numberForm: request.numberForm,
        format: request.format ?? request.defaultFormat,
        onBadRecord: 'quarantine',
        maxDepth: limits.maxDepth,
        maxRecordBytes: limits.maxRecordBytes,
      },
    },
    maxShownRecords: request.maxShownRecords,
    fullBounds: request.isFull ? chunkBounds(request, null) : null,
  };
}

/** Only for its ids in envelopes that nobody gets. */
const NO_INGESTION = '0'.repeat(64);

/**
 * Reads a feed as it would be delivered, without delivering anything: its beginning, or to the end. Throws what
 * {@link openFeed} and its reading throw.
 * @param onProgress told with every chunk of a reading to the end
 */
export async function previewFeed(
  { feed: start, maxShownRecords, fullBounds }: PreviewStart,
  onProgress: (progress: PreviewProgress) => void,
): Promise<FeedPreview> {
  const coding = await findCoding(start);
  const feed = await openFeed(start);
  const sample = new PreviewSample(maxShownRecords);
  const full = fullBounds === null ? null : await countChunks(observed(feed, sample), fullBounds, onProgress);
  if (fullBounds === null) await readUntilFull(feed, sample);
  return { ...sample.findings, coding, recordPath: feed.recordPath, full };
}

async function readUntilFull(feed: Feed, sample: PreviewSample): Promise<void> {
  for await (const batch of feed.read(null)) {
    for (const item of batch) sample.take(item);
    if (sample.isFull) return;
  }
}

async function* observed(feed: Feed, sample: PreviewSample): AsyncGenerator<readonly ReadItem[]> {
  for await (const batch of feed.read(null)) {
    if (!sample.isFull) for (const item of batch) sample.take(item);
    yield batch;
  }
}

async function countChunks(
  batches: AsyncIterable<readonly ReadItem[]>,
  bounds: ChunkBounds,
  onProgress: (progress: PreviewProgress) => void,
): Promise<FullCounts> {
  const chunker = new Chunker(new RecordCursor(batches), {
    ingestionId: NO_INGESTION,
    chunkNumber: 0,
    recordOffset: 0,
    onBadRecord: 'quarantine',
    fileName: () => '',
  });
  const counts = { recordCount: 0, rejectCount: 0, chunkCount: 0, byteCount: 0, largestChunkBytes: 0 };
  let spare: Uint8Array | null = null;
  for (;;) {
    const result = await chunker.next(bounds, spare);
    counts.rejectCount += result.kind === 'chunk' ? result.chunk.rejects.length : result.rejects.length;
    if (result.kind === 'end') return counts;
    if (result.kind !== 'chunk') continue;
    const { plan, body } = result.chunk;
    counts.recordCount += plan.recordCount;
    counts.chunkCount += 1;
    counts.byteCount += plan.byteCount;
    counts.largestChunkBytes = Math.max(counts.largestChunkBytes, plan.byteCount);
    onProgress({ recordCount: counts.recordCount, sourceBytes: plan.firstPosition.sourceBytes });
    spare = body;
  }
}
