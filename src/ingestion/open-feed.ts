/**
 * What a reading thread reads with: opens the files of a feed one after the other, decompresses them, brings their text into UTF-8 and gives them to the
 * reader of their format. The one place where sources and readers meet.
 */
import { type Compression, compressionOfName } from '../model/file-names.ts';
import type { FileType, ReadSettings } from '../model/ingestion.ts';
import type { Position, ReadItem } from '../model/record.ts';
import { type FileFormat, openFormat, type TextFormat } from '../readers/open-format.ts';
import { detectCompression, refuseNested } from '../sources/compression.ts';
import { decompress } from '../sources/decompress.ts';
import { openPinnedFile } from '../sources/file-source.ts';
import type { ByteSource, PinnedFile, Source } from '../sources/source.ts';
import { spool } from '../sources/spool.ts';
import { transcode } from '../sources/transcode.ts';
import { detectEncoding } from '../sources/transcode-encoding.ts';
import { metered, ReadMeter } from './read-meter.ts';

/** How much of a file is looked at to find out how it is compressed and encoded. */
const HEAD_BYTES = 4096;
/** A workbook that lies in a compressed file is expanded to the disk, up to this size. */
const MAX_SPOOLED_BYTES = 4 * 1024 ** 3;

/** The files of a feed and how they are read. */
export interface FeedStart {
  /** At least one. */
  readonly files: readonly PinnedFile[];
  readonly fileType: FileType;
  readonly read: ReadSettings;
  /** The memory of a {@link ReadMeter}, where somebody looks at how reading goes on. */
  readonly meter?: SharedArrayBuffer;
}

/** How one file was found to be written. */
export interface FileCoding {
  readonly compression: Compression | null;
  /** Of the text, by its WHATWG name; null: the format is no text. */
  readonly encoding: string | null;
}

/** A feed, of which nothing is open until it is read. */
export interface Feed {
  /** Where the records are; null: the format has no such thing. */
  readonly recordPath: string | null;
  /** What is in the files from a position on (null: from the start), as a reader gives it. */
  read(from: Position | null): AsyncGenerator<readonly ReadItem[]>;
}

/** Finds out where the records of a feed are, unless that is known. Throws RECORD_PATH_NEEDED and what sources and readers throw. */
export async function openFeed(start: FeedStart): Promise<Feed> {
  const format = openFormat(start.fileType, start.read.format);
  const recordPath = await recordPathOf(start, format);
  const meter = new ReadMeter(start.meter);
  const options = { ...start.read, recordPath: recordPath ?? '' };
  return {
    recordPath,
    async *read(from) {
      for (let fileIndex = from?.fileIndex ?? 0; fileIndex < start.files.length; fileIndex += 1) {
        const position = fileIndex === from?.fileIndex ? from : null;
        if (format.kind === 'text') {
          const { source } = await openText(start, fileIndex, format);
          yield* closing(source, format.reader.read(source, position, options), meter);
        } else {
          const source = await openFile(start, fileIndex);
          yield* closing(source, format.reader.read(source, position, options), meter);
        }
      }
    },
  };
}

/** How the first file of a feed is compressed and encoded. Throws what sources throw. */
export async function findCoding(start: FeedStart): Promise<FileCoding> {
  const format = openFormat(start.fileType, start.read.format);
  if (format.kind === 'file') return { compression: compressionOfName(nameOf(start.files, 0)), encoding: null };
  const { source, coding } = await openText(start, 0, format);
  await source.close();
  return coding;
}

async function recordPathOf(start: FeedStart, format: TextFormat | FileFormat): Promise<string | null> {
  const { read } = start;
  if (format.kind === 'file' || format.findRecordPath === null) return null;
  if (read.recordPath !== null) return read.recordPath;
  const { source } = await openText(start, 0, format);
  try {
    return await format.findRecordPath(source, read);
  } finally {
    await source.close();
  }
}

/** Opens a file as text: expanded, and in UTF-8. */
async function openText(
  start: FeedStart,
  fileIndex: number,
  format: TextFormat,
): Promise<{ source: ByteSource; coding: FileCoding }> {
  const raw = await openRaw(start, fileIndex);
  let source: ByteSource = raw;
  try {
    const compression = detectCompression(raw.name, await raw.readAt(0, HEAD_BYTES));
    if (compression !== null) source = await decompress(raw, compression);
    const head = await headOf(source);
    if (compression !== null) refuseNested(raw.name, head);
    const found = detectEncoding(source.name, head, format.encodingOf(head));
    return { source: transcode(source, found), coding: { compression, encoding: found.encoding } };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens a file to be read here and there. */
async function openFile(start: FeedStart, fileIndex: number): Promise<Source> {
  const raw = await openRaw(start, fileIndex);
  // A workbook is an archive itself: only its name tells that it lies in another file.
  const compression = compressionOfName(raw.name);
  if (compression === null) return raw;
  try {
    const spooled = await spool(await decompress(raw, compression), { maxBytes: MAX_SPOOLED_BYTES });
    return metered(spooled, new ReadMeter(start.meter));
  } finally {
    await raw.close();
  }
}

async function openRaw({ files, meter }: FeedStart, fileIndex: number): Promise<Source> {
  const bytesBefore = files.slice(0, fileIndex).reduce((sum, { stat }) => sum + stat.size, 0);
  const file = await openPinnedFile(files[fileIndex] as PinnedFile, { fileIndex, bytesBefore });
  return metered(file, new ReadMeter(meter));
}

function nameOf(files: readonly PinnedFile[], fileIndex: number): string {
  return (files[fileIndex] as PinnedFile).path;
}

async function headOf(source: ByteSource): Promise<Uint8Array> {
  const head: number[] = [];
  for await (const block of source.open(0)) {
    head.push(...block.subarray(0, HEAD_BYTES - head.length));
    if (head.length === HEAD_BYTES) break;
  }
  return Uint8Array.from(head);
}

async function* closing(source: ByteSource, batches: AsyncIterable<readonly ReadItem[]>, meter: ReadMeter) {
  try {
    for await (const batch of batches) {
      meter.step();
      yield batch;
    }
  } finally {
    await source.close();
  }
}
