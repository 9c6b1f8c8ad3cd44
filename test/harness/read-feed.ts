import { type Feed, openFeed } from '../../src/ingestion/open-feed.ts';
import { isBadRecord, type Position } from '../../src/model/record.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import { openSources } from './sources.ts';

/** One item of a feed: a record as its canonical text, a bad one as its code. */
export interface ReadFeedItem {
  readonly what: string;
  readonly position: Position;
}

/** Opens a feed as a request for it would; only its path must be given. */
export async function openFeedAs(path: string, request: Readonly<Record<string, unknown>> = {}): Promise<Feed> {
  const asked = parseIngestRequest({ file_path: path, callback_url: 'http://127.0.0.1/', ...request });
  const { files } = await openSources(path, asked.fileType);
  return openFeed({
    files,
    fileType: asked.fileType,
    read: {
      recordPath: asked.recordPath,
      isRecordPathFound: false,
      numberForm: asked.numberForm ?? 'exact',
      format: asked.format ?? asked.defaultFormat,
      onBadRecord: asked.onBadRecord ?? 'fail',
      maxDepth: 64,
      maxRecordBytes: 4 << 20,
    },
  });
}

/** What is read from a position on, null being the start. */
export async function readFeed(feed: Feed, from: Position | null = null): Promise<ReadFeedItem[]> {
  const items: ReadFeedItem[] = [];
  for await (const batch of feed.read(from)) {
    for (const item of batch) {
      const what = isBadRecord(item) ? item.error.code : Buffer.from(item.bytes).toString();
      items.push({ what, position: JSON.parse(JSON.stringify(item.position)) as Position });
    }
  }
  return items;
}
