import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Feed } from '../../src/ingestion/open-feed.ts';
import type { OnBadRecord } from '../../src/model/record.ts';
import {
  badCountOf,
  FEEDS_WITH_BAD,
  FORMAT_FEEDS,
  type FormatFeed,
  pathOfFeed,
  recordsOfFeed,
} from '../harness/format-feeds.ts';
import { openFeedAs, type ReadFeedItem, readFeed } from '../harness/read-feed.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const COUNT = 12;

async function feedOf(feed: FormatFeed, count: number, onBadRecord: OnBadRecord): Promise<Feed> {
  const path = pathOfFeed(feed, tempFolder());
  await feed.write(path, count, onBadRecord === 'quarantine');
  return openFeedAs(path, { ...feed.request, on_bad_record: onBadRecord });
}

/** What a position says of the text: how far the file was read then is told from the blocks that were read. */
function places(items: readonly ReadFeedItem[]) {
  return items.map(({ what, position: { sourceBytes: _bytes, seek: _seek, ...place } }) => ({ what, ...place }));
}

describe.each(FORMAT_FEEDS)('a feed of $name', (feed) => {
  it('holds the records that were written, in their order', async () => {
    const items = await readFeed(await feedOf(feed, COUNT, 'fail'));
    expect(items.map(({ what }) => what)).toEqual(recordsOfFeed(feed, COUNT));
  });

  it('goes on at every record as if it had been read from the start', async () => {
    const opened = await feedOf(feed, COUNT, 'fail');
    const straight = await readFeed(opened);
    for (const [index, { position }] of straight.entries()) {
      expect(places(await readFeed(opened, position)), `from record ${index}`).toEqual(places(straight.slice(index)));
    }
  });

  it('goes on at random places of a large one', { timeout: 30_000 }, async () => {
    const opened = await feedOf(feed, 6_000, 'fail');
    const straight = await readFeed(opened);
    expect(straight.map(({ what }) => what)).toEqual(recordsOfFeed(feed, 6_000));
    for (const index of [1, 2_711, 4_999, 5_999]) {
      const resumed = await readFeed(opened, straight[index]?.position ?? null);
      expect(resumed.length).toBe(straight.length - index);
      expect(places(resumed)).toEqual(places(straight.slice(index)));
    }
  });

  it('counts the bytes before a record over all files, never backwards', async () => {
    const items = await readFeed(await feedOf(feed, 6_000, 'fail'));
    let before = 0;
    for (const { position } of items) {
      expect(position.sourceBytes).toBeGreaterThanOrEqual(before);
      before = position.sourceBytes;
    }
    expect(before).toBeGreaterThan(0);
  });
});

describe.each(FEEDS_WITH_BAD)('a feed of $name with bad records', (feed) => {
  it('gives bad records in their place, and goes on at each', async () => {
    const opened = await feedOf(feed, COUNT, 'quarantine');
    const straight = await readFeed(opened);
    const isRecord = ({ what }: { what: string }) => what.startsWith('{');
    expect(straight.filter(isRecord).map(({ what }) => what)).toEqual(recordsOfFeed(feed, COUNT));
    expect(straight.length - COUNT).toBe(badCountOf(COUNT));
    for (const [index, { position }] of straight.entries()) {
      expect(places(await readFeed(opened, position)), `from item ${index}`).toEqual(places(straight.slice(index)));
    }
  });
});

describe('the files of a feed', () => {
  it('are counted one behind the other, as they lie on the disk', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'a.csv'), 'id\n1\n22\n');
    writeFileSync(join(folder, 'b.csv'), 'id\n3\n');
    const items = await readFeed(await openFeedAs(folder, { file_type: 'csv' }));
    expect(items.map(({ what, position: { fileIndex, sourceBytes } }) => [what, fileIndex, sourceBytes])).toEqual([
      ['{"id":"1"}', 0, 3],
      ['{"id":"22"}', 0, 5],
      ['{"id":"3"}', 1, 11],
    ]);
  });

  it('are read where they were asked to be, not where one would look first', async () => {
    const path = join(tempFolder(), 'feed.json');
    writeFileSync(path, '{"items":[{"a":1},{"a":2},{"a":3}],"offers":[{"b":1}]}');
    const feed = await openFeedAs(path, { record_path: 'offers' });
    expect(feed.recordPath).toBe('offers');
    expect((await readFeed(feed)).map(({ what }) => what)).toEqual(['{"b":1}']);
  });

  it('are refused where they are compressed twice, whatever else they would be taken for', async () => {
    const folder = tempFolder();
    const twice = gzipSync(gzipSync('{"a":1}\n'));
    for (const name of ['feed.json.gz', 'feed.ndjson.gz', 'feed.csv.gz', 'feed.xml.gz', 'feed.csv']) {
      const path = join(folder, name);
      writeFileSync(path, twice);
      const reading = openFeedAs(path, { on_bad_record: 'quarantine' }).then(readFeed);
      await expect(reading, name).rejects.toMatchObject({ code: 'FORMAT_MISMATCH', place: { file: path } });
    }
  });
});
