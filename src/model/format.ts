/**
 * The options of each format, complete: what a request leaves out is filled in before they are stored, so that a later version with other
 * defaults reads what was begun as it was begun.
 */

/** JSON and NDJSON. */
export interface JsonFormat {
  /** Encoding of the text by its WHATWG name; null: by its byte order mark, else UTF-8. */
  readonly encoding: string | null;
}

/** CSV and TSV. */
export interface CsvFormat {
  /** As with {@link JsonFormat}. */
  readonly encoding: string | null;
  /** One ASCII character between cells; null: found in the head of the file. */
  readonly delimiter: string | null;
  /** One ASCII character around cells; null: there is none, and every character stands for itself. */
  readonly quote: string | null;
  /** One ASCII character that makes a quote inside of quotes stand for itself: the quote itself, as RFC 4180 has it, or another such as a backslash. */
  readonly escape: string;
  /** True: the first row names the columns; false: they are `column_1`, `column_2`…; else their names, and the first row is a record. */
  readonly header: boolean | readonly string[];
  /** Lines before the header (or the first record) that are passed over. */
  readonly skipLines: number;
}

/** Excel workbooks. */
export interface ExcelFormat {
  /** A sheet by its name or by its index from 0, `"*"`: all that hold cells, in the workbook's order; null: the active one. */
  readonly sheet: string | number | null;
  /** The row that names the columns, from 1; null: the first that is not empty. */
  readonly headerRow: number | null;
  /** What becomes of rows in which no cell holds anything. */
  readonly emptyRows: 'skip' | 'keep';
}

/** XML. */
export interface XmlFormat {
  /** As with {@link JsonFormat}, and before UTF-8 by the XML declaration. */
  readonly encoding: string | null;
  /** Elements that are an array also where they occur once; true: all. */
  readonly forceList: true | readonly string[];
  /** What comes before the names of attributes. */
  readonly attributePrefix: string;
  /** The key of an element's text beside its attributes and children. */
  readonly textKey: string;
  /** Whether names lose their namespace prefix and declarations are left out. */
  readonly stripNamespaces: boolean;
  /** Whether white space around text is removed. */
  readonly trim: boolean;
}

/** The options of each file type. */
export interface Formats {
  readonly json: JsonFormat;
  readonly ndjson: JsonFormat;
  readonly csv: CsvFormat;
  readonly excel: ExcelFormat;
  readonly xml: XmlFormat;
}

/** The options that hold where a request gives none. */
export const DEFAULT_FORMATS: Formats = {
  json: { encoding: null },
  ndjson: { encoding: null },
  csv: { encoding: null, delimiter: null, quote: '"', escape: '"', header: true, skipLines: 0 },
  excel: { sheet: null, headerRow: null, emptyRows: 'skip' },
  xml: {
    encoding: null,
    forceList: [],
    attributePrefix: '@',
    textKey: '#text',
    stripNamespaces: false,
    trim: true,
  },
};
