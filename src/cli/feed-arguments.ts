import { resolve } from 'node:path';
import type { CommandValues } from './command-table.ts';
import { jsonObject, objectNamed } from './option-values.ts';

/** What the options of commands that read a feed were given. */
type FeedValues = Pick<
  CommandValues<'preview'>,
  'file' | 'type' | 'recordPath' | 'encoding' | 'delimiter' | 'sheet' | 'format'
>;

/**
 * The fields of a request that say what the feed is.
 * @param requestedFormat the member `format` of `--request`, which the options add to
 * @throws COMMAND_INVALID
 */
export function feedFieldsOf(
  cwd: string,
  values: FeedValues,
  requestedFormat?: unknown,
): Readonly<Record<string, unknown>> {
  return {
    // The service may have another working directory.
    file_path: resolve(cwd, values.file),
    file_type: values.type,
    record_path: values.recordPath,
    format: formatOf(values, requestedFormat),
  };
}

/**
 * The member `format` of the request, of which each option of a format may come from elsewhere: a flag of its own goes before `--format`, and that before `--request`.
 * Undefined: the command line says nothing of it.
 */
function formatOf(
  { format, encoding, delimiter, sheet }: FeedValues,
  requested: unknown,
): Readonly<Record<string, unknown>> | undefined {
  const flags = Object.entries({
    encoding,
    // Shells make it hard to write a tab.
    delimiter: delimiter === '\\t' ? '\t' : delimiter,
    sheet: numberIfWhole(sheet),
  }).filter(([, value]) => value !== undefined);
  if (format === undefined && flags.length === 0) return undefined;
  return {
    ...(requested == null ? {} : objectNamed('format in --request', requested)),
    ...(format === undefined ? {} : jsonObject('--format', format)),
    ...Object.fromEntries(flags),
  };
}

/** A whole number as such, all else as the text it is: the service judges it. */
export function numberIfWhole(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
