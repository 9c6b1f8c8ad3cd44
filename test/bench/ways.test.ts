import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runWay } from '../../bench/run-way.ts';
import { ackstream } from '../../bench/ways/ackstream.ts';
import { csvParse } from '../../bench/ways/csv-parse.ts';
import { decompressGzip } from '../../bench/ways/decompress-gzip.ts';
import { exceljs } from '../../bench/ways/exceljs.ts';
import { gunzip } from '../../bench/ways/gunzip.ts';
import { jsonParse } from '../../bench/ways/json-parse.ts';
import { saxes } from '../../bench/ways/saxes.ts';
import { streamJson } from '../../bench/ways/stream-json.ts';
import { type GeneratedFeed, writeFeed } from '../../src/generate/write-feed.ts';
import { fileIdOf, ingestionIdOf, RESUME_VERSION } from '../../src/protocol/identity.ts';
import { startReceiver } from '../harness/receiver.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const RECORD_COUNT = 40;

async function fileOf(feed: Pick<GeneratedFeed, 'format' | 'compression'>, name: string): Promise<string> {
  const path = join(tempFolder(), name);
  await writeFeed({ ...feed, recordCount: RECORD_COUNT, seed: 3 }, createWriteStream(path));
  return path;
}

describe('what the benchmark compares', () => {
  it.each(['', 'ledger', 'ledger,events', 'ledger,events,metrics'])(
    'delivers every record whatever is kept of it: %j',
    async (kept) => {
      const path = await fileOf({ format: 'json', compression: null }, 'feed.json');
      const receiver = await startReceiver();
      const { recordCount } = await runWay('recorded delivery', path, receiver.callbackUrl, kept);
      expect(recordCount).toBe(RECORD_COUNT);
      const ingestionId = ingestionIdOf(fileIdOf(path, 'json'), RESUME_VERSION);
      expect(await receiver.records(ingestionId)).toHaveLength(RECORD_COUNT);
      expect(await receiver.report(ingestionId)).toMatchObject({ completed: true });
    },
  );

  it.each([
    ['json', 'feed.json', streamJson],
    ['ndjson', 'feed.ndjson', jsonParse],
    ['csv', 'feed.csv', csvParse],
    ['xml', 'feed.xml', saxes],
    ['excel', 'feed.xlsx', exceljs],
  ] as const)('reads all records of the same %s', async (format, name, baseline) => {
    const path = await fileOf({ format, compression: null }, name);
    const tally = await ackstream(path, format);
    expect(tally.recordCount).toBe(RECORD_COUNT);
    expect(await baseline(path)).toEqual(tally);
  });

  it('expands the same gzip to the same length', async () => {
    const path = await fileOf({ format: 'json', compression: 'gz' }, 'feed.json.gz');
    const tally = await decompressGzip(path);
    expect(tally.byteCount).toBeGreaterThan(RECORD_COUNT * 1000);
    expect(await gunzip(path)).toEqual(tally);
  });
});
