import { basename, extname } from 'node:path';
import { NAME_ENDINGS, nameInside } from '../model/file-names.ts';
import { DEFAULT_FORMATS, type Formats } from '../model/format.ts';
import { FILE_TYPES, type FileType } from '../model/ingestion.ts';

/** A file type under one of its names. */
export interface NamedFileType {
  readonly fileType: FileType;
  /** The options that hold where a request gives none. */
  readonly defaultFormat: Formats[FileType];
}

const named = (fileType: FileType): NamedFileType => ({ fileType, defaultFormat: DEFAULT_FORMATS[fileType] });

/** What a file's name ends with is also a name of its type in requests, where the dot is left out. */
const namesOf = (fileType: FileType): readonly string[] => [
  fileType,
  ...NAME_ENDINGS[fileType].map((ending) => ending.slice(1)),
];

/** Every name a file type has in a request and at the end of a file's name. Of `xls` the reader says what to do with it. */
const FILE_TYPES_BY_NAME: ReadonlyMap<string, NamedFileType> = new Map([
  ...FILE_TYPES.flatMap((fileType) => namesOf(fileType).map((name) => [name, named(fileType)] as const)),
  ['tsv', { fileType: 'csv', defaultFormat: { ...DEFAULT_FORMATS.csv, delimiter: '\t' } }],
  ['xls', named('excel')],
]);

/** What a pattern ends with that leaves open how its files end: `*.csv*`, `*.csv.*`. */
const OPEN_END = /\.?\*+$/;

/** The type that goes by a name, in any case; undefined where none does. */
export function fileTypeNamed(name: string): NamedFileType | undefined {
  return FILE_TYPES_BY_NAME.get(name.toLowerCase());
}

/** The type that the end of a file's or a pattern's name tells, behind which it may be compressed or open: `a.csv.gz` and `*.csv*` are CSV. Undefined where it tells none. */
export function fileTypeToldBy(filePath: string): NamedFileType | undefined {
  const extension = extname(nameInside(basename(filePath).replace(OPEN_END, '')));
  return fileTypeNamed(extension.slice(1));
}

/** The type that a file or a pattern has by its name, JSON where that tells none. */
export function fileTypeOfPath(filePath: string): NamedFileType {
  return fileTypeToldBy(filePath) ?? named('json');
}
