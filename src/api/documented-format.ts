import { z } from '@hono/zod-openapi';
import { DEFAULT_FORMATS } from '../model/format.ts';
import { FILE_TYPES, type FileType } from '../model/ingestion.ts';
import { formatSchema } from '../protocol/format-options.ts';

/** What the document calls the options of each type. Those of NDJSON are JSON's. */
const NAMES: Readonly<Record<Exclude<FileType, 'ndjson'>, string>> = {
  json: 'JsonOptions',
  csv: 'CsvOptions',
  excel: 'ExcelOptions',
  xml: 'XmlOptions',
};

const options = FILE_TYPES.filter((fileType) => fileType !== 'ndjson').map((fileType) =>
  formatSchema(fileType, DEFAULT_FORMATS[fileType]).openapi(NAMES[fileType]),
);

/** What `format` may hold of each type, for the document: it is judged with the type, when that is known. */
export const documentedFormat = z
  .union([...options, z.null()])
  .optional()
  .openapi({
    description: 'Options of the file type; those of another type are refused.',
    example: { delimiter: ';', encoding: 'windows-1252' },
  });
