/**
 * Zip archives, by their central directory alone: what lies between the entries is never looked for. yauzl reads the directory; everything in it
 * is held against the bounds and against itself before one byte is inflated, because readers of one archive that disagree on what it holds
 * are how it deceives.
 */
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, validateFileName, type ZipFile } from 'yauzl';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { Source } from '../sources/source.ts';
import { expandsTooMuch, MAX_EXPANSION_RATIO } from './expansion-ratio.ts';
import { type CompressedRange, inflateRange } from './inflate-range.ts';
import { SourceReader } from './source-reader.ts';

/** What an archive may be at most; beyond it is refused before memory moves. */
export interface ZipLimits {
  readonly maxEntries: number;
  /** Bytes that all entries together expand to. */
  readonly maxExpandedBytes: number;
}

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly compressedBytes: number;
  readonly expandedBytes: number;
}

/** A zip archive, by its central directory. */
export interface ZipArchive {
  /** Its files, in the order of the directory, without folders. */
  readonly entries: readonly ZipEntry[];
  /**
   * What an entry expands to, in blocks that stand until the next is asked for. Leaving the loop early releases everything. Throws
   * SOURCE_EXPANDS (it is longer than it says, or expands more than any feed would), SOURCE_DAMAGED (its checksum or size differs), READER_TRUNCATED,
   * ARCHIVE_REFUSED (it reaches into the next one).
   */
  open(entry: ZipEntry): AsyncIterable<Uint8Array>;
}

const LOCAL_HEADER = 'PK\x03\x04';
const DIRECTORY_HEADER = 'PK\x01\x02';
const DIRECTORY_END = 'PK\x05\x06';
/** Least bytes of a directory's end, and the longest comment after them (APPNOTE.TXT 4.3.16). */
const DIRECTORY_END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
/** Bytes of a local header before its name (APPNOTE.TXT 4.3.7). */
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/**
 * Opens an archive; the source stays the caller's. Throws FORMAT_MISMATCH (no zip), READER_TRUNCATED, SOURCE_DAMAGED, SOURCE_ENCRYPTED, SOURCE_EXPANDS,
 * ARCHIVE_REFUSED (names twice or that lead out of it, overlapping or too many entries, a compression other than deflate).
 */
export async function openZipArchive(source: Source, limits: ZipLimits): Promise<ZipArchive> {
  const refuse = (code: ErrorCode, detail: string, cause?: unknown) =>
    new ServiceError(code, { detail, place: { file: source.name }, ...(cause === undefined ? {} : { cause }) });
  await requireZip(source, refuse);
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
      // Sizes are held against the bytes by this module, with codes.
      validateEntrySizes: false,
    });
    return new CheckedArchive(source, zip, await readDirectory(source, { zip, limits, refuse }));
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw refuse('SOURCE_DAMAGED', error instanceof Error ? error.message : String(error), error);
  }
}

type Refuse = (code: ErrorCode, detail: string, cause?: unknown) => ServiceError;

async function requireZip(source: Source, refuse: Refuse): Promise<void> {
  const head = Buffer.from(await source.readAt(0, LOCAL_HEADER.length)).toString('latin1');
  const isCutOff = head.length < LOCAL_HEADER.length;
  if (![LOCAL_HEADER, DIRECTORY_END].some((magic) => (isCutOff ? magic.startsWith(head) : magic === head))) {
    throw refuse('FORMAT_MISMATCH', 'The file is no zip archive.');
  }
  const tailBytes = Math.min(source.size, DIRECTORY_END_BYTES + MAX_COMMENT_BYTES);
  const tail = Buffer.from(await source.readAt(source.size - tailBytes, tailBytes));
  const ends = tail.subarray(0, Math.max(0, tail.length - DIRECTORY_END_BYTES + DIRECTORY_END.length));
  if (!ends.includes(DIRECTORY_END)) throw refuse('READER_TRUNCATED', 'The archive ends before its directory does.');
}

/** An entry with what only this module knows of it. */
interface LocatedEntry extends ZipEntry {
  readonly located: Entry;
  /** Where at the latest its data end: the beginning of what follows it. */
  end: number;
}

interface DirectoryContext {
  readonly zip: ZipFile;
  readonly limits: ZipLimits;
  readonly refuse: Refuse;
}

/** The files of the directory, checked one by one, against each other and against the bounds. */
async function readDirectory(source: Source, { zip, limits, refuse }: DirectoryContext): Promise<LocatedEntry[]> {
  const directoryStart = cursorOf(zip);
  if (zip.entryCount > limits.maxEntries) {
    throw refuse('ARCHIVE_REFUSED', `The archive holds more than ${limits.maxEntries} entries.`);
  }
  const all: LocatedEntry[] = [];
  const names = new Set<string>();
  let expandedBytes = 0;
  for await (const entry of zip.eachEntry()) {
    const located = locate(entry, refuse);
    const sameName = located.name.normalize('NFC').toLowerCase();
    if (names.has(sameName)) throw refuse('ARCHIVE_REFUSED', `The archive holds ${located.name} twice.`);
    names.add(sameName);
    expandedBytes += located.expandedBytes;
    if (expandedBytes > limits.maxExpandedBytes) {
      throw refuse('SOURCE_EXPANDS', `The archive expands to more than ${limits.maxExpandedBytes} bytes.`);
    }
    all.push(located);
  }
  const next = await source.readAt(cursorOf(zip), DIRECTORY_HEADER.length);
  if (Buffer.from(next).toString('latin1') === DIRECTORY_HEADER) {
    throw refuse('ARCHIVE_REFUSED', 'The directory of the archive holds more entries than it says.');
  }
  refuseOverlaps(all, directoryStart, refuse);
  return all.filter(({ name }) => !name.endsWith('/'));
}

/** Where the next header of the directory is read; its declared type is wrong. */
const cursorOf = (zip: ZipFile): number => Number(zip.readEntryCursor);

function locate(entry: Entry, refuse: Refuse): LocatedEntry {
  const { generalPurposeBitFlag, fileNameRaw, extraFields, compressionMethod } = entry;
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
  const fault = validateFileName(name);
  if (fault !== null) throw refuse('ARCHIVE_REFUSED', `The archive holds a name that leads out of it: ${fault}.`);
  if (entry.isEncrypted()) throw refuse('SOURCE_ENCRYPTED', `${name} in the archive is encrypted.`);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw refuse(
      'ARCHIVE_REFUSED',
      `${name} in the archive is compressed by a method (${compressionMethod}) other than deflate.`,
    );
  }
  return { name, compressedBytes: entry.compressedSize, expandedBytes: entry.uncompressedSize, located: entry, end: 0 };
}

/** Finds where each entry must end; throws where one begins before another ends. */
function refuseOverlaps(entries: readonly LocatedEntry[], directoryStart: number, refuse: Refuse): void {
  const inOrder = entries.toSorted((a, b) => startOf(a) - startOf(b));
  for (const [index, entry] of inOrder.entries()) {
    const following = inOrder[index + 1];
    entry.end = following === undefined ? directoryStart : startOf(following);
    const leastEnd = startOf(entry) + LOCAL_HEADER_BYTES + entry.compressedBytes;
    if (leastEnd > entry.end)
      throw refuse('ARCHIVE_REFUSED', `${entry.name} in the archive overlaps with what follows it.`);
  }
}

const startOf = ({ located }: LocatedEntry): number => located.relativeOffsetOfLocalHeader;

class CheckedArchive implements ZipArchive {
  readonly entries: readonly LocatedEntry[];
  readonly #source: Source;
  readonly #zip: ZipFile;

  constructor(source: Source, zip: ZipFile, entries: readonly LocatedEntry[]) {
    this.#source = source;
    this.#zip = zip;
    this.entries = entries;
  }

  async *open(entry: ZipEntry): AsyncGenerator<Uint8Array> {
    yield* inflateRange(this.#source, await this.#rangeOf(entry as LocatedEntry));
  }

  async #rangeOf(entry: LocatedEntry): Promise<CompressedRange> {
    const { name, compressedBytes, expandedBytes, located } = entry;
    const place = { file: this.#source.name };
    if (expandsTooMuch(compressedBytes, expandedBytes)) {
      throw new ServiceError('SOURCE_EXPANDS', {
        detail: `${name} in the archive expands more than ${MAX_EXPANSION_RATIO}:1.`,
        place,
      });
    }
    let start: number;
    try {
      ({ fileDataStart: start } = await this.#zip.readLocalFileHeaderPromise(located, { minimal: true }));
    } catch (cause) {
      throw new ServiceError('SOURCE_DAMAGED', { detail: `${name} in the archive has no sound header.`, place, cause });
    }
    if (start + compressedBytes > entry.end) {
      throw new ServiceError('ARCHIVE_REFUSED', {
        detail: `${name} in the archive overlaps with what follows it.`,
        place,
      });
    }
    return {
      name,
      start,
      compressedBytes,
      expandedBytes,
      isDeflated: located.compressionMethod === DEFLATED,
      crc32: located.crc32,
    };
  }
}
