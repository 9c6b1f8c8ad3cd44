import { resolve } from 'node:path';
import { jsonObject } from './parse-arguments.ts';

/** The options of every command that reads a feed, as `node:util` has them. */
export const FEED_OPTIONS = {
  type: { type: 'string' },
  'record-path': { type: 'string' },
  encoding: { type: 'string' },
  delimiter: { type: 'string' },
  sheet: { type: 'string' },
  format: { type: 'string' },
} as const;

/** Their lines in a usage, without the last line break. */
export const FEED_USAGE = `  --type <t>              json, ndjson, csv, tsv, excel or xml; if left out, by the file's name, else json
  --record-path <p>       where the records are, such as products.items (JSON) or catalog/product (XML); if left out, it is found
  --encoding <e>          encoding of the text, such as windows-1252; if left out, what the file says, else UTF-8
  --delimiter <c>         what is between the cells of CSV, \\t for a tab; if left out, it is found
  --sheet <s>             name of an Excel sheet, its index from 0, or * for all; if left out, the active one
  --format <json>         these and the other options of the file type, such as '{"header": false}'`;

/** What {@link FEED_OPTIONS} were given. */
type FeedValues = { readonly [Name in keyof typeof FEED_OPTIONS]?: string | undefined };

/** The fields of a request that say what the feed is. */
export function feedFieldsOf(cwd: string, file: string, values: FeedValues): Readonly<Record<string, unknown>> {
  return {
    // The service may have another working directory.
    file_path: resolve(cwd, file),
    file_type: values.type,
    record_path: values['record-path'],
    format: formatOf(values),
  };
}

/** The member `format` of the request: what `--format` has, and the options that have a flag of their own. */
function formatOf({ format, encoding, delimiter, sheet }: FeedValues): Readonly<Record<string, unknown>> | undefined {
  const flags = Object.entries({
    encoding,
    // Shells make it hard to write a tab.
    delimiter: delimiter === '\\t' ? '\t' : delimiter,
    sheet: numberIfWhole(sheet),
  }).filter(([, value]) => value !== undefined);
  if (format === undefined && flags.length === 0) return undefined;
  return { ...(format === undefined ? {} : jsonObject('--format', format)), ...Object.fromEntries(flags) };
}

/** A whole number as such, all else as the text it is: the service judges it. */
export function numberIfWhole(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
