import { describe, expect, it } from 'vitest';
import { openFeed } from '../../src/ingestion/open-feed.ts';
import { ReadMeter } from '../../src/ingestion/read-meter.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import { FORMAT_FEEDS, pathOfFeed } from '../harness/format-feeds.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const limits = {
  isRecordPathFound: false,
  numberForm: 'exact',
  onBadRecord: 'fail',
  maxDepth: 64,
  maxRecordBytes: 4 << 20,
} as const;

describe('what was read', () => {
  it.each(FORMAT_FEEDS.map((feed) => [feed.name, feed] as const))('is counted in %s', async (_, feed) => {
    const path = pathOfFeed(feed, tempFolder());
    await feed.write(path, 200);
    const asked = parseIngestRequest({ file_path: path, callback_url: 'http://127.0.0.1/', ...feed.request });
    const { files, fingerprint } = await openSources(path, asked.fileType);
    const meter = new ReadMeter();
    const format = asked.format ?? asked.defaultFormat;
    const { read } = await openFeed({
      files,
      fileType: asked.fileType,
      read: { ...limits, recordPath: asked.recordPath, format },
      meter: meter.memory,
    });
    let batchCount = 0;
    for await (const batch of read(null)) if (batch.length > 0) batchCount += 1;
    expect(meter.bytes).toBeGreaterThanOrEqual(fingerprint.size);
    // Every batch, and at least a block of each file.
    expect(Number(meter.steps)).toBeGreaterThanOrEqual(batchCount + files.length);
  });

  it('is seen by whoever has the same memory', () => {
    const meter = new ReadMeter();
    const there = new ReadMeter(meter.memory);
    there.read(4 * 1024 ** 3);
    there.step();
    expect([meter.steps, meter.bytes]).toEqual([2n, 4 * 1024 ** 3]);
  });
});
