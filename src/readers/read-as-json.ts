import { type ErrorCode, ServiceError } from '../errors.ts';
import { fileTypeToldBy } from '../protocol/file-types.ts';

/** What files of other types end with when they are read as JSON. */
const CODES_OF_OTHER_TYPES: ReadonlySet<ErrorCode> = new Set([
  'READER_SYNTAX',
  'READER_TRUNCATED',
  'INVALID_UTF8',
  'RECORDS_NOT_FOUND',
]);

/**
 * An error that a file met before any record of it was read, as it is told: a file whose name does not say that it is JSON may be anything, and is not to
 * blame for what it was taken for.
 */
export function tellReadAsJson(error: unknown, name: string): unknown {
  if (!(error instanceof ServiceError) || !CODES_OF_OTHER_TYPES.has(error.code)) return error;
  if (fileTypeToldBy(name)?.fileType === 'json') return error;
  const { code, detail = '', place, data } = error;
  return new ServiceError(code, {
    detail: `${detail} The file is read as JSON, which its name does not say: if it is of another type, send \`file_type\` (\`--type\`).`,
    ...(place === undefined ? {} : { place }),
    ...(data === undefined ? {} : { data }),
    cause: error,
  });
}
