import { z } from '@hono/zod-openapi';
import { DEFAULT_FORMATS } from '../model/format.ts';
import { formatSchema } from '../protocol/format-options.ts';

/** What `format` may hold of each type, for the document: it is judged with the type, when that is known. */
export const documentedFormat = z
  .union([
    formatSchema('json', DEFAULT_FORMATS.json).openapi('JsonOptions'),
    formatSchema('csv', DEFAULT_FORMATS.csv).openapi('CsvOptions'),
    formatSchema('excel', DEFAULT_FORMATS.excel).openapi('ExcelOptions'),
    formatSchema('xml', DEFAULT_FORMATS.xml).openapi('XmlOptions'),
    z.null(),
  ])
  .optional()
  .openapi({
    description: 'Options of the file type; those of another type are refused.',
    example: { delimiter: ';', encoding: 'windows-1252' },
  });
