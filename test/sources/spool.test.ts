import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../src/sources/decompress.ts';
import { spool } from '../../src/sources/spool.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { describeSource } from '../contracts/source-suite.ts';

const limits = { maxBytes: 10_000_000 };

describeSource('A spooled source', async (bytes) =>
  spool(await decompress(memorySource(gzipSync(bytes)), 'gzip'), limits),
);

describe('A spooled source', () => {
  const bytes = Buffer.alloc(100_000, 'workbook');

  it('has no name among the temporary files, while it is open and after', async () => {
    const names = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ackstream-spool-'));
    const before = names();
    const source = await spool(memorySource(bytes), limits);
    expect(names()).toEqual(before);
    await source.close();
    expect(names()).toEqual(before);
  });

  it('may be as long as the limit and no byte longer', async () => {
    const source = await spool(memorySource(bytes), { maxBytes: bytes.length });
    await source.close();
    const tooLong = memorySource(bytes, () => 1000);
    await expect(spool(tooLong, { maxBytes: bytes.length - 1 })).rejects.toMatchObject({
      code: 'SOURCE_EXPANDS',
      place: { file: 'memory' },
    });
    expect(tooLong.released.count).toBe(1);
  });

  it('tells how far the compressed file was read as if it grew evenly', async () => {
    const compressed = gzipSync(bytes);
    const source = await spool(await decompress(memorySource(compressed), 'gzip'), limits);
    expect(source.name).toBe('memory');
    expect(source.sourceBytesAt(0)).toBe(0);
    expect(source.sourceBytesAt(bytes.length / 2)).toBe(Math.floor(compressed.length / 2));
    expect(source.sourceBytesAt(bytes.length)).toBe(compressed.length);
    await source.close();
  });

  it('outlives the source that it was made of', async () => {
    const compressed = await decompress(memorySource(gzipSync(bytes)), 'gzip');
    const source = await spool(compressed, limits);
    await compressed.close();
    expect(Buffer.from(await source.readAt(99_990, 20)).toString()).toBe(bytes.subarray(99_990).toString());
    await source.close();
  });
});
