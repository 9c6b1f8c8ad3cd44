import { type ErrorCode, ServiceError } from '../errors.ts';
import { fileTypeToldBy } from '../protocol/file-types.ts';

const READ_AS_JSON = 'The file is read as JSON, which its name does not say';
const OF_ANOTHER_TYPE = 'if it is of another type, `file_type` (`--type`) must say which';

/** What files of other types end with when they are read as JSON, and what is told then. What to do about the others names `file_type` itself. */
const HINTS: { readonly [Code in ErrorCode]?: string } = {
  READER_SYNTAX: `${READ_AS_JSON}.`,
  RECORDS_NOT_FOUND: `${READ_AS_JSON}.`,
  READER_TRUNCATED: `${READ_AS_JSON}: ${OF_ANOTHER_TYPE}.`,
  INVALID_UTF8: `${READ_AS_JSON}: ${OF_ANOTHER_TYPE}.`,
};

/**
 * An error that a file met before any record of it was read, as it is told: a file whose name says no type may be anything, and is not to blame for what it
 * was taken for. Where the name says another type JSON was asked for, and where `file_type` is named the type is in doubt already.
 */
export function tellReadAsJson(error: unknown, name: string): unknown {
  if (!(error instanceof ServiceError) || fileTypeToldBy(name) !== undefined) return error;
  const { code, detail = '', place, data } = error;
  const hint = HINTS[code];
  if (hint === undefined || detail.includes('`file_type')) return error;
  return new ServiceError(code, {
    detail: `${detail} ${hint}`,
    ...(place === undefined ? {} : { place }),
    ...(data === undefined ? {} : { data }),
    cause: error,
  });
}
