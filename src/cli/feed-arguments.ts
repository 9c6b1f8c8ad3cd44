import { resolve } from 'node:path';
import type { CommandValues } from './command-table.ts';
import { jsonObject } from './option-values.ts';

/** What the options of commands that read a feed were given. */
type FeedValues = Pick<
  CommandValues<'preview'>,
  'file' | 'type' | 'recordPath' | 'encoding' | 'delimiter' | 'sheet' | 'format'
>;

/** The fields of a request that say what the feed is. */
export function feedFieldsOf(cwd: string, values: FeedValues): Readonly<Record<string, unknown>> {
  return {
    // The service may have another working directory.
    file_path: resolve(cwd, values.file),
    file_type: values.type,
    record_path: values.recordPath,
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
