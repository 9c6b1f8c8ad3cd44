/** The options of the formats on the wire: the member `format` of a request and of what is shown of an ingestion. */
import { z } from 'zod';
import type { CsvFormat, Formats, JsonFormat } from '../model/format.ts';
import type { FileType } from '../model/ingestion.ts';

/** Of a workbook: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3 */
const MAX_COLUMNS = 16_384;
const MAX_ROWS = 1_048_576;
const MAX_SHEETS = 65_536;
/** Longer than any name means something. */
const MAX_NAME_LENGTH = 256;
const MAX_SKIPPED_LINES = 1000;

const text = (form: string, minLength: number) =>
  z
    .string({ error: form })
    .min(minLength, { error: form })
    .max(MAX_NAME_LENGTH, { error: `must be at most ${MAX_NAME_LENGTH} characters` })
    .refine((value) => value.isWellFormed(), { error: 'must be valid Unicode text' });

const name = (form: string) => text(form, 1);

const integer = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const flag = z.boolean({ error: 'must be true or false' }).nullish();

const ENCODING_FORM =
  'must be the name of an encoding, such as windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels)';
const encoding = z
  .string({ error: ENCODING_FORM })
  .refine((label) => encodingLabelled(label) !== undefined, { error: ENCODING_FORM })
  .nullish()
  .meta({ description: 'Encoding of the text. By default by its byte order mark (XML: or declaration), else UTF-8.' });

/** The WHATWG name of the encoding with a label. */
function encodingLabelled(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The encoding by its WHATWG name, so that two labels of one are no difference. */
function encodingOf(label: string | null | undefined, fallback: string | null): string | null {
  return label == null ? fallback : (encodingLabelled(label) ?? fallback);
}

const CHARACTER_FORM = 'must be one ASCII character other than a line break';
const character = z.string({ error: CHARACTER_FORM }).regex(/^[^\0\r\n\u0080-\uffff]$/, { error: CHARACTER_FORM });

const SHEET_FORM = 'must be the name of a sheet, its index from 0, or "*" for all';
const HEADER_FORM = 'must be true, false, or the names of the columns';
const FORCE_LIST_FORM = 'must be true for all elements, or the names of some';

const jsonOptions = (defaults: JsonFormat) =>
  z
    .strictObject({ encoding })
    .transform((options): JsonFormat => ({ encoding: encodingOf(options.encoding, defaults.encoding) }));

const csvOptions = (defaults: CsvFormat) =>
  z
    .strictObject({
      delimiter: character
        .nullish()
        .meta({ description: 'Between cells. By default found in the head of the file; in TSV a tab.' }),
      quote: character.nullable().optional().meta({ description: 'Around cells; null: there is none. Default `"`.' }),
      escape: character.nullish().meta({
        description: 'What makes a quote inside of quotes stand for itself. By default the quote itself, doubled.',
      }),
      header: z
        .union([z.boolean(), z.array(name(HEADER_FORM)).min(1).max(MAX_COLUMNS)], { error: HEADER_FORM })
        .nullish()
        .meta({
          description:
            '`true` (default): the first row names the columns; `false`: they are `column_1`, `column_2`…; else their names, and the first row is a record.',
        }),
      encoding,
      skip_lines: integer(0, MAX_SKIPPED_LINES)
        .nullish()
        .meta({ description: 'Lines before the header that are passed over.' }),
    })
    .transform((options): CsvFormat => {
      const quote = options.quote === undefined ? defaults.quote : options.quote;
      return {
        encoding: encodingOf(options.encoding, defaults.encoding),
        delimiter: options.delimiter ?? defaults.delimiter,
        quote,
        escape: options.escape ?? quote ?? defaults.escape,
        header: options.header ?? defaults.header,
        skipLines: options.skip_lines ?? defaults.skipLines,
      };
    })
    .refine((format) => format.quote === null || format.delimiter !== format.quote, {
      error: 'must be another character than the delimiter',
      path: ['quote'],
    })
    .refine((format) => format.quote === null || format.delimiter !== format.escape, {
      error: 'must be another character than the delimiter',
      path: ['escape'],
    });

const excelOptions = (defaults: Formats['excel']) =>
  z
    .strictObject({
      sheet: z
        .union([name(SHEET_FORM), integer(0, MAX_SHEETS)], { error: SHEET_FORM })
        .nullish()
        .meta({
          description:
            'Name of a sheet, its index from 0, or `*`: all that hold cells, in order. By default the active one.',
        }),
      header_row: integer(1, MAX_ROWS)
        .nullish()
        .meta({ description: 'The row that names the columns, from 1. By default the first that is not empty.' }),
      empty_rows: z
        .enum(['skip', 'keep'], { error: 'must be skip or keep' })
        .nullish()
        .meta({ description: 'What becomes of rows in which no cell holds anything. Default `skip`.' }),
    })
    .transform((options): Formats['excel'] => ({
      sheet: options.sheet ?? defaults.sheet,
      headerRow: options.header_row ?? defaults.headerRow,
      emptyRows: options.empty_rows ?? defaults.emptyRows,
    }));

const xmlOptions = (defaults: Formats['xml']) =>
  z
    .strictObject({
      force_list: z
        .union([z.literal(true), z.array(name(FORCE_LIST_FORM))], { error: FORCE_LIST_FORM })
        .nullish()
        .meta({ description: 'Elements that are an array also where they occur once; `true`: all.' }),
      attribute_prefix: text('must be a string', 0)
        .nullish()
        .meta({ description: 'Before the names of attributes. Default `@`.' }),
      text_key: name('must be a string that is not empty').nullish().meta({
        description: 'Key of an element’s text beside its attributes and children. Default `#text`.',
      }),
      strip_namespaces: flag.meta({
        description: 'Whether names lose their prefix and declarations are left out. Default false.',
      }),
      trim: flag.meta({ description: 'Whether white space around text is removed. Default true.' }),
      encoding,
    })
    .transform((options): Formats['xml'] => ({
      encoding: encodingOf(options.encoding, defaults.encoding),
      forceList: options.force_list ?? defaults.forceList,
      attributePrefix: options.attribute_prefix ?? defaults.attributePrefix,
      textKey: options.text_key ?? defaults.textKey,
      stripNamespaces: options.strip_namespaces ?? defaults.stripNamespaces,
      trim: options.trim ?? defaults.trim,
    }));

const SCHEMAS: { readonly [Type in FileType]: (defaults: Formats[Type]) => z.ZodType<Formats[Type]> } = {
  json: jsonOptions,
  ndjson: jsonOptions,
  csv: csvOptions,
  excel: excelOptions,
  xml: xmlOptions,
};

/** What takes the options of a type as a request has them and gives them complete. Strict: another type's option is unknown. */
export function formatSchema<Type extends FileType>(fileType: Type, defaults: Formats[Type]): z.ZodType<Formats[Type]> {
  return SCHEMAS[fileType](defaults);
}

const wireName = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options of a format as they are written on the wire. */
export function presentFormat(format: Formats[FileType]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(format).map(([key, value]) => [wireName(key), value]));
}
