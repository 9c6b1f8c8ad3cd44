import { openZipArchive, type ZipArchive, type ZipEntry } from '../archive/zip-archive.ts';
import { ServiceError } from '../errors.ts';
import type { Expand, ExpandedBlock } from './decompress-block.ts';
import { MAX_EXPANDED_BYTES } from './decompress-bound.ts';
import type { Source } from './source.ts';

/** More than anybody packs beside one feed, few enough to look at. */
const MAX_ENTRIES = 10_000;
const MAX_NAMED = 20;
const MAX_NAME_LENGTH = 200;
/** Every document of Office Open XML has it, ECMA-376-2, 7.2.3. */
const OFFICE_ENTRY = '[Content_Types].xml';

/**
 * Finds the one feed in an archive, beside what systems put there by themselves. Throws ARCHIVE_REFUSED where there is none or several, FORMAT_MISMATCH where it
 * is a workbook, and what {@link openZipArchive} throws.
 */
export async function openZippedFeed(source: Source): Promise<Expand> {
  const limits = { maxEntries: MAX_ENTRIES, maxExpandedBytes: MAX_EXPANDED_BYTES };
  const archive = await openZipArchive(source, limits);
  if (archive.entries.some(({ name }) => name === OFFICE_ENTRY)) {
    const detail = 'The file is a document of Office, such as an Excel workbook (`file_type: "excel"`).';
    throw new ServiceError('FORMAT_MISMATCH', { detail, place: { file: source.name } });
  }
  const feeds = archive.entries.filter(({ name }) => !isByTheSystem(name));
  const [feed] = feeds;
  if (feed !== undefined && feeds.length === 1) return () => expandEntry(archive, feed);
  const names = feeds.slice(0, MAX_NAMED).map(({ name }) => name.slice(0, MAX_NAME_LENGTH));
  throw new ServiceError('ARCHIVE_REFUSED', {
    detail:
      feed === undefined
        ? 'The archive holds no file.'
        : `The archive holds ${feeds.length} files, and one is read: ${names.join(', ')}${feeds.length > MAX_NAMED ? ', …' : ''}.`,
    place: { file: source.name },
    data: { files: names },
  });
}

/** `__MACOSX/` and `.DS_Store` of macOS, `Thumbs.db` and `desktop.ini` of Windows, and whatever else is hidden. */
function isByTheSystem(name: string): boolean {
  return /^__MACOSX\/|(?:^|\/)(?:\.|(?:thumbs\.db|desktop\.ini)$)/i.test(name);
}

/** How much was used up of the entry is not told; it is taken to grow evenly. */
async function* expandEntry(archive: ZipArchive, entry: ZipEntry): AsyncGenerator<ExpandedBlock> {
  let end = 0;
  for await (const bytes of archive.open(entry)) {
    end += bytes.length;
    yield { bytes, compressedBytes: Math.floor((end / entry.expandedBytes) * entry.compressedBytes) };
  }
}
