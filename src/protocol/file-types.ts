import { basename, extname } from 'node:path';
import { DEFAULT_FORMATS, type Formats } from '../model/format.ts';
import type { FileType } from '../model/ingestion.ts';

/** A file type under one of its names. */
export interface NamedFileType {
  readonly fileType: FileType;
  /** The options that hold where a request gives none. */
  readonly defaultFormat: Formats[FileType];
}

const named = (fileType: FileType): NamedFileType => ({ fileType, defaultFormat: DEFAULT_FORMATS[fileType] });

/** Every name a file type has in a request and at the end of a file's name. Of `xls` the reader says what to do with it. */
const FILE_TYPES_BY_NAME: ReadonlyMap<string, NamedFileType> = new Map([
  ['json', named('json')],
  ['ndjson', named('ndjson')],
  ['jsonl', named('ndjson')],
  ['csv', named('csv')],
  ['tsv', { fileType: 'csv', defaultFormat: { ...DEFAULT_FORMATS.csv, delimiter: '\t' } }],
  ['excel', named('excel')],
  ['xlsx', named('excel')],
  ['xlsm', named('excel')],
  ['xls', named('excel')],
  ['xml', named('xml')],
]);

/** What a file is called behind its type where it is compressed. */
const COMPRESSION_SUFFIX = /\.(?:gz|zst|bz2|zip)$/i;
/** What a pattern ends with that leaves open how its files end: `*.csv*`, `*.csv.*`. */
const OPEN_END = /\.?\*+$/;

/** The type that goes by a name, in any case; undefined where none does. */
export function fileTypeNamed(name: string): NamedFileType | undefined {
  return FILE_TYPES_BY_NAME.get(name.toLowerCase());
}

/** The type that the end of a file's or a pattern's name tells, behind which it may be compressed or open: `a.csv.gz` and `*.csv*` are CSV. Where it tells none, JSON. */
export function fileTypeOfPath(filePath: string): NamedFileType {
  const extension = extname(basename(filePath).replace(OPEN_END, '').replace(COMPRESSION_SUFFIX, ''));
  return fileTypeNamed(extension.slice(1)) ?? named('json');
}
