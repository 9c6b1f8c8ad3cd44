import { setImmediate } from 'node:timers/promises';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import type { Compression } from '../../src/model/file-names.ts';
import { decompress } from '../../src/sources/decompress.ts';
import { type MemorySource, memorySource } from '../contracts/memory-source.ts';
import { collect, describeByteSource, sampleText } from '../contracts/source-suite.ts';
import { BZIP2_BOMB, compress, SMALL_TEXT, zip } from './compressed-samples.ts';

const STREAMED = ['gzip', 'zstd', 'bzip2'] as const;
const MEBIBYTE = 1024 * 1024;
const ZSTD_MAGIC_BYTES = 4;

for (const compression of [...STREAMED, 'zip'] as const) {
  describeByteSource(`What a ${compression} file holds`, async (text) =>
    decompress(
      memorySource(await compress(text, compression), (offset) => 1 + ((offset * 7919) % 50_000)),
      compression,
    ),
  );
}

/** What is given of compressed bytes, and the code of the error at its end. */
async function expand(
  bytes: Uint8Array,
  compression: Compression,
  cut?: (offset: number) => number,
): Promise<{ readonly text: string; readonly code: ErrorCode | null; readonly source: MemorySource }> {
  const source = memorySource(bytes, cut);
  const blocks: Buffer[] = [];
  try {
    for await (const block of (await decompress(source, compression)).open(0)) blocks.push(Buffer.from(block));
    return { text: Buffer.concat(blocks).toString('latin1'), code: null, source };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(error.place?.file).toBe(source.name);
    return { text: Buffer.concat(blocks).toString('latin1'), code: error.code, source };
  }
}

const SMALL = SMALL_TEXT.toString('latin1');

describe.each(STREAMED)('A %s file', (compression) => {
  it('is read to the end of all its members, however they are cut', async () => {
    const [small, empty] = await Promise.all([
      compress(SMALL_TEXT, compression),
      compress(Buffer.alloc(0), compression),
    ]);
    const members = Buffer.concat([small, empty, small, small]);
    for (let byteCount = 1; byteCount <= small.length + 1; byteCount++) {
      const { text, code } = await expand(members, compression, () => byteCount);
      expect({ text, code }).toEqual({ text: SMALL + SMALL + SMALL, code: null });
    }
  });

  it('that ends in the middle gives what comes before and then says so', async () => {
    const small = await compress(SMALL_TEXT, compression);
    const members = Buffer.concat([small, small]);
    // Up to there it is whole; zstd's library waits for the magic number of another frame and does not tell.
    const wholeBytes = compression === 'zstd' ? small.length + ZSTD_MAGIC_BYTES - 1 : small.length;
    for (let length = 0; length < members.length; length++) {
      if (length >= small.length && length <= wholeBytes) continue;
      const { text, code, source } = await expand(members.subarray(0, length), compression, () => 11);
      expect(code, `${length} bytes`).toBe('READER_TRUNCATED');
      expect((SMALL + SMALL).startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThanOrEqual(length > small.length ? SMALL.length : 0);
      expect(source.released.count).toBe(source.openedAt.length);
    }
  });

  it('with one byte changed holds the same, or is refused', async () => {
    const small = await compress(SMALL_TEXT, compression);
    for (let index = 0; index < small.length; index++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(small);
        changed[index] = (changed[index] ?? 0) ^ change;
        const { text, code } = await expand(changed, compression);
        if (code === null) expect(text, `byte ${index}`).toBe(SMALL);
        else expect(['SOURCE_DAMAGED', 'READER_TRUNCATED', 'SOURCE_EXPANDS']).toContain(code);
      }
    }
  });

  it('may be filled up with zeros, and with nothing else', async () => {
    const small = await compress(SMALL_TEXT, compression);
    const zeros = Buffer.alloc(1000);
    for (const cut of [small.length, small.length + 500, 1, 100_000]) {
      const filled = await expand(Buffer.concat([small, zeros]), compression, () => cut);
      expect(filled).toMatchObject({ text: SMALL, code: null });
      for (const rest of ['a long text that is no member', '\0\0\0x and more than that']) {
        const garbled = await expand(Buffer.concat([small, Buffer.from(rest)]), compression, () => cut);
        expect(garbled.code).toBe('SOURCE_DAMAGED');
        expect(SMALL.startsWith(garbled.text)).toBe(true);
      }
    }
  });

  it('is refused for what follows it, however late that comes', async () => {
    const small = await compress(SMALL_TEXT, compression);
    for (const first of [small, Buffer.concat([small, Buffer.alloc(1000)])]) {
      const slow = {
        ...memorySource(first),
        async *open() {
          yield first;
          for (let turn = 0; turn < 50; turn++) await setImmediate();
          yield Buffer.from('a long text that is no member');
        },
      };
      await expect(collect(await decompress(slow, compression))).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' });
    }
  });

  it('was read to its end where its text ends, what fills it up included', async () => {
    const filled = Buffer.concat([await compress(SMALL_TEXT, compression), Buffer.alloc(1000)]);
    const expanded = await decompress(memorySource(filled), compression);
    const text = await collect(expanded);
    expect(expanded.sourceBytesAt(text.length)).toBe(filled.length);
  });

  it('is released when it is left early', async () => {
    const source = memorySource(await compress(sampleText(1_000_000), compression), () => 1000);
    for await (const block of (await decompress(source, compression)).open(0)) {
      expect(block.length).toBeGreaterThan(0);
      break;
    }
    expect(source.released.count).toBe(1);
  });

  it('tells what its source fails with, after all that came before', async () => {
    const bytes = await compress(sampleText(1_000_000), compression);
    const failure = new ServiceError('SOURCE_CHANGED');
    const failing = {
      ...memorySource(bytes),
      async *open() {
        yield bytes.subarray(0, -5);
        throw failure;
      },
    };
    await expect(collect(await decompress(failing, compression))).rejects.toBe(failure);
  });
});

describe('A compressed file', () => {
  it.each([
    ['gzip', Buffer.concat(Array(100).fill(gzipSync(Buffer.alloc(4 * MEBIBYTE))))],
    ['zstd', Buffer.concat(Array(100).fill(zstdCompressSync(Buffer.alloc(4 * MEBIBYTE))))],
    ['bzip2', Buffer.concat(Array(100).fill(BZIP2_BOMB))],
    ['zip', null],
  ] as const)('of %s that expands to more than any feed is refused, before it has', async (compression, bomb) => {
    const bytes = bomb ?? (await zip({ 'feed.json': Buffer.alloc(17 * MEBIBYTE) }));
    const { text, code } = await expand(bytes, compression, () => 1000);
    expect(code).toBe('SOURCE_EXPANDS');
    expect(text.length).toBeLessThan(17 * MEBIBYTE);
  });

  it('may expand to much where it is small, and to little where it is large', async () => {
    const zeros = gzipSync(Buffer.alloc(15 * MEBIBYTE));
    expect(await expand(zeros, 'gzip')).toMatchObject({ code: null });
    const feed = Buffer.concat(Array(20).fill(gzipSync(sampleText(MEBIBYTE))));
    expect(await expand(feed, 'gzip')).toMatchObject({ code: null });
  });

  it('of zstd that takes more memory than a feed needs is refused', async () => {
    // RFC 8878, 3.1.1: a frame without checksum and content size, a window of 2^(10 + exponent), and one empty last block.
    const frame = (exponent: number) => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 1, 0, 0);
    expect(await expand(frame(17), 'zstd')).toMatchObject({ text: '', code: null });
    expect(await expand(frame(18), 'zstd')).toMatchObject({ text: '', code: 'SOURCE_EXPANDS' });
  });

  it('of zlib is no gzip file', async () => {
    expect(await expand(deflateSync(SMALL_TEXT), 'gzip')).toMatchObject({ text: '', code: 'SOURCE_DAMAGED' });
  });

  it.each(STREAMED)('of %s is not read ahead of its reader', async (compression) => {
    const bytes = await compress(sampleText(1_000_000), compression);
    const all = Buffer.concat(Array(100).fill(bytes));
    let readBytes = 0;
    const source = memorySource(all, (offset) => {
      readBytes = offset;
      return 10_000;
    });
    for await (const block of (await decompress(source, compression)).open(0)) {
      expect(block.length).toBeGreaterThan(0);
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      break;
    }
    expect(readBytes).toBeLessThan(all.length / 2);
  });
});

describe('A zip file', () => {
  it('holds one feed, beside what systems put there', async () => {
    const others = [
      '__MACOSX/._feed.csv',
      '__MACOSX/feed',
      '.DS_Store',
      'in/.hidden/feed.csv',
      'in/Thumbs.db',
      'desktop.ini',
    ];
    const junk = Object.fromEntries(others.map((name) => [name, Buffer.from('junk')]));
    const bytes = await zip({ ...junk, 'in/feed.csv': SMALL_TEXT });
    expect(await expand(bytes, 'zip')).toMatchObject({ text: SMALL, code: null });
  });

  it('that is a workbook under another name is told from an archive', async () => {
    const workbook = memorySource(await zip({ '[Content_Types].xml': SMALL_TEXT, 'xl/workbook.xml': SMALL_TEXT }));
    await expect(decompress(workbook, 'zip')).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      detail: expect.stringContaining('"excel"'),
      place: { file: 'memory' },
    });
  });

  it('that holds none or several is refused, and they are named', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `feed-${index}.csv`);
    const several = memorySource(await zip(Object.fromEntries(names.map((name) => [name, SMALL_TEXT]))));
    await expect(decompress(several, 'zip')).rejects.toMatchObject({
      code: 'ARCHIVE_REFUSED',
      detail: expect.stringContaining('30 files, and one is read: feed-0.csv, feed-1.csv, '),
      data: { files: names.slice(0, 20) },
    });
    const none = memorySource(await zip({ '.hidden': SMALL_TEXT }));
    await expect(decompress(none, 'zip')).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED', data: { files: [] } });
  });
});
