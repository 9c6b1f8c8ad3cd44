import type { FileType } from '../model/ingestion.ts';

/** By file type, how the names of its files end; each may be compressed besides. */
const NAME_ENDINGS: Readonly<Record<FileType, readonly string[]>> = {
  json: ['.json'],
  ndjson: ['.ndjson', '.jsonl'],
  csv: ['.csv', '.tsv'],
  excel: ['.xlsx', '.xlsm'],
  xml: ['.xml'],
};
const COMPRESSED_ENDINGS = ['', '.gz', '.zst', '.bz2', '.zip'];

/** Whether a file has a name of its type, in capitals or not. */
export function hasNameOfType(path: string, fileType: FileType): boolean {
  const name = path.toLowerCase();
  return NAME_ENDINGS[fileType].some((ending) =>
    COMPRESSED_ENDINGS.some((compressed) => name.endsWith(ending + compressed)),
  );
}

/** The names that {@link hasNameOfType} takes, for a person. */
export function describeNamesOfType(fileType: FileType): string {
  const names = NAME_ENDINGS[fileType].map((ending) => `*${ending}`).join(' or ');
  return `${names}, or one of these with ${COMPRESSED_ENDINGS.slice(1).join(', ')} behind`;
}
