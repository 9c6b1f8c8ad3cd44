/** What a preview makes of the first items of a feed; that its counts are those of a delivery is held in test/api/preview.test.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PreviewProgress, previewFeed, previewStart } from '../../src/ingestion/preview-feed.ts';
import { parsePreviewRequest } from '../../src/protocol/preview-request.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const MIB = 1 << 20;

async function previewOf(name: string, content: string, fields: object = {}) {
  const path = join(tempFolder(), name);
  writeFileSync(path, content);
  const request = parsePreviewRequest({ file_path: path, ...fields });
  const limits = { maxDepth: 64, maxRecordBytes: 4 * MIB };
  const progress: PreviewProgress[] = [];
  const start = previewStart(request, await openSources(path, request.fileType), limits);
  return { preview: await previewFeed(start, (told) => progress.push(told)), progress };
}

const lines = (...texts: readonly string[]) => texts.join('\n');
const long = (megabytes: number) => `"${'x'.repeat(megabytes * MIB)}"`;

describe('what a preview looks at', () => {
  it('is a thousand items, bad ones among them', async () => {
    const { preview } = await previewOf('a.ndjson', '{"a":1}\n{"a":tru}\n'.repeat(900));
    expect([preview.recordCount, preview.rejectCount, preview.rejects.length]).toEqual([500, 500, 20]);
    expect(preview.fields).toMatchObject([{ path: 'a', count: 500 }]);
  });

  it('is less where the records are large', async () => {
    const { preview } = await previewOf('a.ndjson', lines(...Array.from({ length: 30 }, () => long(1))), {
      full: true,
    });
    expect(preview.recordCount).toBe(16);
    expect(preview.full?.recordCount).toBe(30);
  });
});

describe('the records that a preview shows', () => {
  it('are the first as many as were asked for', async () => {
    const { preview } = await previewOf('a.json', '[3,2,1]', { records: 2 });
    expect(preview.records).toEqual(['3', '2']);
    const all = await previewOf('a.json', '[3,2,1]', { records: 100 });
    expect(all.preview.records).toEqual(['3', '2', '1']);
    const none = await previewOf('a.json', '[3,2,1]', { records: 0 });
    expect(none.preview).toMatchObject({ records: [], recordCount: 3 });
  });

  it('are less than a MiB, and none behind one that is left out', async () => {
    const { preview } = await previewOf('a.ndjson', lines('1', long(1), '2'));
    expect(preview).toMatchObject({ records: ['1'], recordCount: 3 });
  });

  it('are there also where much before them is bad', async () => {
    const bad = `{"a":${'x'.repeat(100_000)}`;
    const { preview } = await previewOf('a.ndjson', lines(...Array.from({ length: 20 }, () => bad), '1'));
    expect(preview).toMatchObject({ records: ['1'], rejectCount: 20 });
  });
});

describe('the counts of a whole feed', () => {
  it('hold a record that is too large for a chunk to be bad, as a delivery does', async () => {
    const { preview } = await previewOf('a.ndjson', lines('"1234567890"', '"12345678901"', '1', '2'), {
      full: true,
      chunk_size_by_memory: 14,
    });
    expect(preview.full).toEqual({
      recordCount: 3,
      rejectCount: 1,
      chunkCount: 2,
      byteCount: 14 + 5,
      largestChunkBytes: 14,
    });
    expect(preview).toMatchObject({ recordCount: 4, rejectCount: 0 });
  });

  it.each([
    ['nothing', '', { recordCount: 0, rejectCount: 0, chunkCount: 0 }],
    ['bad records alone', '{\n'.repeat(5_000), { recordCount: 0, rejectCount: 5_000, chunkCount: 0 }],
  ])('are told of %s', async (_, content, full) => {
    const { preview } = await previewOf('a.ndjson', content, { full: true });
    expect(preview.full).toEqual({ ...full, byteCount: 0, largestChunkBytes: 0 });
  });

  it('grow with each chunk', async () => {
    const { progress } = await previewOf('a.ndjson', lines('1', '2', '3', '4', '5'), {
      full: true,
      chunk_size_by_records: 2,
    });
    expect(progress).toEqual([
      { recordCount: 2, sourceBytes: 0 },
      { recordCount: 4, sourceBytes: 4 },
      { recordCount: 5, sourceBytes: 8 },
    ]);
  });
});
