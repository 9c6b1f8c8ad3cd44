/** What the end of a file's name tells: its type, and how it is compressed. The one list of both, for all who look at names or speak of them. */
import type { FileType } from './ingestion.ts';

/** By file type, how the names of its files end, in lower case; each may be compressed besides. */
export const NAME_ENDINGS: Readonly<Record<FileType, readonly string[]>> = {
  json: ['.json'],
  ndjson: ['.ndjson', '.jsonl'],
  csv: ['.csv', '.tsv'],
  excel: ['.xlsx', '.xlsm'],
  xml: ['.xml'],
};

/** The ways in which a feed may be compressed as a whole. */
export const COMPRESSIONS = ['gzip', 'zstd', 'bzip2', 'zip'] as const;
/** One of {@link COMPRESSIONS}. */
export type Compression = (typeof COMPRESSIONS)[number];

/** How the names of compressed files end, in lower case. */
export const COMPRESSION_ENDINGS: Readonly<Record<Compression, string>> = {
  gzip: '.gz',
  zstd: '.zst',
  bzip2: '.bz2',
  zip: '.zip',
};

/** The compression that a file's name ends in, `products.csv.gz`, in any case; null: none. */
export function compressionOfName(name: string): Compression | null {
  const lowerCase = name.toLowerCase();
  return COMPRESSIONS.find((compression) => lowerCase.endsWith(COMPRESSION_ENDINGS[compression])) ?? null;
}

/** The name of what is compressed: `products.csv` of `products.csv.gz`; a name that ends in no compression as it is. */
export function nameInside(name: string): string {
  const compression = compressionOfName(name);
  return compression === null ? name : name.slice(0, -COMPRESSION_ENDINGS[compression].length);
}
