import type { Formats } from '../model/format.ts';
import type { FileType } from '../model/ingestion.ts';
import type { ByteSource, Source } from '../sources/source.ts';
import { createCsvReader } from './csv-reader.ts';
import { createExcelReader } from './excel-reader.ts';
import { findRecordPath } from './find-record-path.ts';
import { jsonReader } from './json-reader.ts';
import { ndjsonReader } from './ndjson-reader.ts';
import type { Reader } from './reader.ts';
import { declaredEncoding } from './xml-encoding.ts';
import { createXmlReader } from './xml-reader.ts';
import { findXmlRecordPath } from './xml-record-path.ts';

/** A format that is read as text, from its first byte to its last. */
export interface TextFormat {
  readonly kind: 'text';
  readonly reader: Reader;
  /**
   * The encoding of the text by its WHATWG name, byte order marks aside; null: nothing says which.
   * @param head the first bytes of the file
   */
  readonly encodingOf: (head: Uint8Array) => string | null;
  /** Finds where the records are, of which the first argument of a read must be told; null: the format has no such thing. */
  readonly findRecordPath: ((source: ByteSource, limits: { readonly maxDepth: number }) => Promise<string>) | null;
}

/** A format whose files are read here and there. */
export interface FileFormat {
  readonly kind: 'file';
  readonly reader: Reader<Source>;
}

const FORMATS: { readonly [Type in FileType]: (format: Formats[Type]) => TextFormat | FileFormat } = {
  json: ({ encoding }) => ({ kind: 'text', reader: jsonReader, encodingOf: () => encoding, findRecordPath }),
  ndjson: ({ encoding }) => ({
    kind: 'text',
    reader: ndjsonReader,
    encodingOf: () => encoding,
    findRecordPath: null,
  }),
  csv: (format) => ({
    kind: 'text',
    reader: createCsvReader(format),
    encodingOf: () => format.encoding,
    findRecordPath: null,
  }),
  excel: (format) => ({ kind: 'file', reader: createExcelReader(format) }),
  xml: (format) => ({
    kind: 'text',
    reader: createXmlReader(format),
    encodingOf: (head) => format.encoding ?? declaredEncoding(head),
    findRecordPath: findXmlRecordPath,
  }),
};

/** How files of a type are read under its options. */
export function openFormat<Type extends FileType>(fileType: Type, format: Formats[Type]): TextFormat | FileFormat {
  return FORMATS[fileType](format);
}
