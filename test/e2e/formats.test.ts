import { describe, expect, it } from 'vitest';
import {
  badCountOf,
  FEEDS_WITH_BAD,
  FORMAT_FEEDS,
  type FormatFeed,
  pathOfFeed,
  recordsOfFeed,
} from '../harness/format-feeds.ts';
import { type Scene, setScene } from '../harness/scene.ts';

const COUNT = 57;

async function writeInto(scene: Scene, feed: FormatFeed, withBad = false) {
  const path = pathOfFeed(feed, scene.folder);
  await feed.write(path, COUNT, withBad);
  return { file_path: path, ...feed.request };
}

describe.each(FORMAT_FEEDS)('a feed of $name', (feed) => {
  it('arrives whole, in order and once, from a receiver that loses acknowledgements', async () => {
    const scene = await setScene({ recordCount: 0 });
    scene.receiver.setFaults({ fault: 'reset', after_storing: true, chunk: 1, times: 1 });
    const shown = await scene.deliver(await writeInto(scene, feed));
    expect(shown).toMatchObject({ status: 'COMPLETED', totals: { records: COUNT, chunks: 6, rejected_records: 0 } });
    await scene.expectDelivered(shown.ingestion_id, recordsOfFeed(feed, COUNT));
  });
});

describe.each(FEEDS_WITH_BAD)('a feed of $name with bad records', (feed) => {
  it('stops at a bad record, and goes on once it may be set aside', async () => {
    const scene = await setScene({ recordCount: 0 });
    const fields = await writeInto(scene, feed, true);
    const failed = await scene.deliver({ ...fields, chunk_size_by_records: 2 });
    expect(failed).toMatchObject({ status: 'FAILED', totals: { rejected_records: 0 } });
    const shown = await scene.deliver({ ...fields, chunk_size_by_records: 5, on_bad_record: 'quarantine' });
    expect(shown.ingestion_id).toBe(failed.ingestion_id);
    expect(shown).toMatchObject({
      status: 'COMPLETED',
      totals: { records: COUNT, rejected_records: badCountOf(COUNT) },
    });
    await scene.expectDelivered(shown.ingestion_id, recordsOfFeed(feed, COUNT));
  });
});
