import { stat } from 'node:fs/promises';
import { openFeed } from '../../src/ingestion/open-feed.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { FileType } from '../../src/model/ingestion.ts';
import { isBadRecord } from '../../src/model/record.ts';
import { openFileSource } from '../../src/sources/file-source.ts';
import type { Way } from './way.ts';

/** From the file to the canonical bytes of every record, as the thread of an ingestion reads. The file type is given. */
export const ackstream: Way = async (path, fileType) => {
  const { source, stat: pinned } = await openFileSource(path);
  await source.close();
  const feed = await openFeed({
    files: [{ path, stat: pinned }],
    fileType: fileType as FileType,
    read: {
      recordPath: null,
      isRecordPathFound: false,
      numberForm: 'exact',
      maxDepth: 256,
      maxRecordBytes: 64 * 1024 * 1024,
      format: DEFAULT_FORMATS[fileType as FileType],
      onBadRecord: 'fail',
    },
  });
  let recordCount = 0;
  let canonicalBytes = 0;
  for await (const batch of feed.read(null)) {
    recordCount += batch.length;
    for (const item of batch) if (!isBadRecord(item)) canonicalBytes += item.bytes.length;
  }
  if (canonicalBytes === 0) throw new Error('nothing was read');
  return { recordCount, byteCount: (await stat(path)).size };
};
