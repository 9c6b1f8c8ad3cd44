import type { FileType } from '../model/ingestion.ts';
import { jsonReader } from './json-reader.ts';
import { ndjsonReader } from './ndjson-reader.ts';
import type { Reader } from './reader.ts';

const READERS: Readonly<Record<FileType, Reader>> = { json: jsonReader, ndjson: ndjsonReader };

/** The reader of a file type. */
export function openReader(fileType: FileType): Reader {
  return READERS[fileType];
}
