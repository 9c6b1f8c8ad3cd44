import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { openZipArchive, type ZipEntry, type ZipLimits } from '../../src/archive/zip-archive.ts';
import { ERRORS, ServiceError } from '../../src/errors.ts';
import { type MemorySource, memorySource } from '../contracts/memory-source.ts';
import { type WrittenEntry, writeZip } from './zip-writer.ts';

const LIMITS: ZipLimits = { maxEntries: 1000, maxExpandedBytes: 1 << 30 };
const MIB = 1024 * 1024;
const text = (content: string): Uint8Array => Buffer.from(content);
const deflatedAndMore = Buffer.concat([deflateRawSync('a'), text('more')]);
const feed: WrittenEntry = { name: 'feed.json', bytes: text('[{"a":1}]'.repeat(1000)) };

async function readEntries(source: MemorySource, limits = LIMITS): Promise<{ name: string; content: string }[]> {
  const archive = await openZipArchive(source, limits);
  const contents: { name: string; content: string }[] = [];
  for (const entry of archive.entries) {
    const blocks: Buffer[] = [];
    for await (const block of archive.open(entry)) blocks.push(Buffer.from(block));
    contents.push({ name: entry.name, content: Buffer.concat(blocks).toString() });
  }
  return contents;
}

async function readWhole(blocks: AsyncIterable<Uint8Array>): Promise<number> {
  let byteCount = 0;
  for await (const block of blocks) byteCount += block.length;
  return byteCount;
}

async function codeOf(bytes: Uint8Array, limits = LIMITS): Promise<string> {
  try {
    await readEntries(memorySource(bytes), limits);
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
  return 'sound';
}

describe('A zip archive', () => {
  it('gives its files in the order of the directory, deflated or stored, however the source cuts its bytes', async () => {
    const bytes = writeZip([
      feed,
      { name: 'empty.txt', bytes: text(''), isStored: true },
      { name: 'a/', bytes: text(''), isStored: true },
      { name: 'a/ü.txt', bytes: text('stored ü'), isStored: true },
    ]);
    for (const cut of [undefined, () => 1, () => 17]) {
      expect(await readEntries(memorySource(bytes, cut))).toEqual([
        { name: 'feed.json', content: '[{"a":1}]'.repeat(1000) },
        { name: 'empty.txt', content: '' },
        { name: 'a/ü.txt', content: 'stored ü' },
      ]);
    }
  });

  it('is read in its zip64 form, and with sizes that come behind the data', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('one'), 'one.txt', { forceZip64Format: true });
    zip.addReadStream(Readable.from('two'), 'two.txt', { forceZip64Format: true });
    zip.addReadStream(Readable.from('three'), 'three.txt');
    zip.end({ forceZip64Format: true, comment: 'made by a test' });
    expect(await readEntries(memorySource(await buffer(zip.outputStream)))).toEqual([
      { name: 'one.txt', content: 'one' },
      { name: 'two.txt', content: 'two' },
      { name: 'three.txt', content: 'three' },
    ]);
  });

  it('without entries is sound', async () => {
    expect(await readEntries(memorySource(writeZip([])))).toEqual([]);
  });

  it('is not what a file without its beginning is', async () => {
    for (const content of ['{"a":1}', 'PX', `MZ${'x'.repeat(100)}`])
      expect(await codeOf(text(content))).toBe('FORMAT_MISMATCH');
  });

  it('cut off at any byte is truncated', async () => {
    const bytes = writeZip([feed, { name: 'b.txt', bytes: text('b') }]);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await codeOf(bytes.subarray(0, length)), `cut off at ${length}`).toBe('READER_TRUNCATED');
    }
  });

  it.each<[string, string, WrittenEntry[]]>([
    ['that expands to more than it says', 'SOURCE_EXPANDS', [{ ...feed, declared: { expandedBytes: 8999 } }]],
    ['that expands to less than it says', 'SOURCE_DAMAGED', [{ ...feed, declared: { expandedBytes: 9001 } }]],
    ['with another checksum', 'SOURCE_DAMAGED', [{ ...feed, declared: { crc32: 1 } }]],
    ['stored, with another checksum', 'SOURCE_DAMAGED', [{ ...feed, isStored: true, declared: { crc32: 1 } }]],
    [
      'that goes on behind its deflated data',
      'SOURCE_DAMAGED',
      [
        {
          ...feed,
          bytes: deflatedAndMore,
          declared: { method: 8, expandedBytes: 1, crc32: crc32('a') },
          isStored: true,
        },
      ],
    ],
    ['whose deflated data are cut', 'SOURCE_DAMAGED', [{ ...feed, declared: { compressedBytes: 20 } }]],
    ['whose data are not deflated', 'SOURCE_DAMAGED', [{ ...feed, isStored: true, declared: { method: 8 } }]],
    ['without a header at its place', 'SOURCE_DAMAGED', [{ ...feed, declared: { offset: 1 } }]],
    ['with data that end behind the directory', 'ARCHIVE_REFUSED', [{ ...feed, declared: { compressedBytes: 1e9 } }]],
    ['with a bomb of zeros', 'SOURCE_EXPANDS', [{ name: 'bomb', bytes: new Uint8Array(17 * MIB) }]],
    ['with a name twice', 'ARCHIVE_REFUSED', [feed, feed]],
    ['with names that differ by case alone', 'ARCHIVE_REFUSED', [feed, { ...feed, name: 'FEED.json' }]],
    ['with a name that leads out of it', 'ARCHIVE_REFUSED', [{ ...feed, name: '../feed.json' }]],
    ['with a name that leads out of it by a folder', 'ARCHIVE_REFUSED', [{ ...feed, name: 'a/../../feed.json' }]],
    ['with a name that leads out of it by backslashes', 'ARCHIVE_REFUSED', [{ ...feed, name: '..\\feed.json' }]],
    ['with an absolute name', 'ARCHIVE_REFUSED', [{ ...feed, name: '/etc/feed.json' }]],
    ['with a name on a drive', 'ARCHIVE_REFUSED', [{ ...feed, name: 'C:/feed.json' }]],
    ['with entries of one place', 'ARCHIVE_REFUSED', [feed, { name: 'b', bytes: text('b'), declared: { offset: 0 } }]],
    [
      'with an encrypted entry',
      'SOURCE_ENCRYPTED',
      [feed, { name: 'b', bytes: text('b'), declared: { flags: 0x801 } }],
    ],
    ['with another compression', 'ARCHIVE_REFUSED', [{ ...feed, declared: { method: 9 } }]],
  ])('%s is refused: %s', async (_what, code, entries) => {
    expect(await codeOf(writeZip(entries))).toBe(code);
  });

  it('with an entry that reaches into the next one is refused, though the directory does not show it', async () => {
    const bytes = writeZip([{ name: 'a', bytes: text('a'.repeat(40)), isStored: true }, feed]);
    // A longer name in the local header moves the data on by as much.
    bytes.writeUInt16LE(20, 26);
    expect(await codeOf(bytes)).toBe('ARCHIVE_REFUSED');
  });

  it('with more entries than it says, than allowed, or that expand to more, is refused', async () => {
    const entries = Array.from({ length: 4 }, (_, index) => ({ ...feed, name: `${index}` }));
    expect(await codeOf(writeZip(entries, 3))).toBe('ARCHIVE_REFUSED');
    expect(await codeOf(writeZip(entries), { ...LIMITS, maxEntries: 3 })).toBe('ARCHIVE_REFUSED');
    expect(await codeOf(writeZip(entries), { ...LIMITS, maxExpandedBytes: 4 * 9000 - 1 })).toBe('SOURCE_EXPANDS');
    expect(await codeOf(writeZip(entries), { maxEntries: 4, maxExpandedBytes: 4 * 9000 })).toBe('sound');
  });

  it('of 65 000 entries is refused before they are read', async () => {
    const bytes = writeZip(
      Array.from({ length: 65_000 }, (_, index) => ({ name: `${index}`, bytes: text(''), isStored: true })),
    );
    const source = memorySource(bytes);
    let readBytes = 0;
    const counting: MemorySource = {
      ...source,
      readAt: (offset, length) => {
        readBytes += length;
        return source.readAt(offset, length);
      },
    };
    await expect(openZipArchive(counting, LIMITS)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' });
    expect(readBytes).toBeLessThan(MIB);
  });

  it('releases the source when an entry is left early, at its end and after an error', async () => {
    const source = memorySource(writeZip([feed, { ...feed, name: 'bad', declared: { crc32: 1 } }]), () => 3);
    const archive = await openZipArchive(source, LIMITS);
    for await (const block of archive.open(archive.entries[0] as ZipEntry)) {
      expect(block.length).toBeGreaterThan(0);
      break;
    }
    expect(source.released.count).toBe(1);
    await readWhole(archive.open(archive.entries[0] as ZipEntry));
    expect(source.released.count).toBe(2);
    await expect(readWhole(archive.open(archive.entries[1] as ZipEntry))).rejects.toMatchObject({
      code: 'SOURCE_DAMAGED',
    });
    expect(source.released.count).toBe(3);
  });

  it('hands on what the source throws', async () => {
    const source = memorySource(writeZip([feed]));
    const failure = new ServiceError('SOURCE_UNREADABLE');
    const archive = await openZipArchive(source, LIMITS);
    source.open = () => {
      throw failure;
    };
    await expect(readWhole(archive.open(archive.entries[0] as ZipEntry))).rejects.toBe(failure);
    let calls = 0;
    const readAt = source.readAt.bind(source);
    source.readAt = (offset, length) => {
      calls += 1;
      return calls > 2 ? Promise.reject(failure) : readAt(offset, length);
    };
    await expect(openZipArchive(source, LIMITS)).rejects.toBe(failure);
  });

  it('with any bytes changed is read, or refused by one of our codes', async () => {
    const bytes = writeZip([feed, { name: 'b.txt', bytes: text('b'), isStored: true }]);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(bytes);
        for (const [index, byte] of changes) changed[index] = byte;
        expect([...Object.keys(ERRORS), 'sound']).toContain(await codeOf(changed));
      }),
      { numRuns: 500 },
    );
  });
});
