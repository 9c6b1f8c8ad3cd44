import { ERRORS, type ErrorCode } from './error-table.ts';

export { ERRORS, type ErrorCode } from './error-table.ts';

/** Where in a source something is: offsets and counts of bytes, lines and columns from 1. */
export interface ErrorPlace {
  readonly file?: string;
  readonly byteOffset?: number;
  readonly line?: number;
  /** Counted in bytes, as the file has them, from 1. */
  readonly column?: number;
}

/** One offending field of a request. */
export interface FieldError {
  /** Dotted path of the field, empty for the body as a whole. */
  readonly field: string;
  readonly message: string;
}

/** What may be said of an error beside its code. */
export interface ServiceErrorOptions {
  /** The particulars, one or two sentences; without it the table's message stands alone. */
  readonly detail?: string;
  readonly place?: ErrorPlace;
  readonly fields?: readonly FieldError[];
  /** Particulars for programs, such as the candidates of RECORD_PATH_NEEDED. Never a record's content or a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error that is thrown on purpose. Callers match on `code`, never on the message. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly place: ErrorPlace | undefined;
  readonly fields: readonly FieldError[] | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, options: ServiceErrorOptions = {}) {
    const text = options.detail ?? ERRORS[code].message;
    super(text + describePlace(options.place), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.place = options.place;
    this.fields = options.fields;
    this.data = options.data;
  }

  /** What to do about it, from the table. */
  get remedy(): string {
    return ERRORS[this.code].remedy;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

function describePlace(place: ErrorPlace | undefined): string {
  if (place === undefined) return '';
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.line !== undefined) parts.push(`line ${place.line}`);
  if (place.column !== undefined) parts.push(`column ${place.column}`);
  if (place.byteOffset !== undefined) parts.push(`byte ${place.byteOffset}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** The error as a {@link ServiceError}: itself where it is one, else INTERNAL with the original as its cause. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ServiceError('INTERNAL', { detail, cause: error });
}

/** A {@link ServiceError} as plain data: it crosses threads and is stored as an ingestion's last error. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly place?: ErrorPlace;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The plain data of an error, without its stack and cause. */
export function toErrorRecord(error: ServiceError): ErrorRecord {
  return {
    code: error.code,
    message: error.detail ?? ERRORS[error.code].message,
    ...(error.place === undefined ? {} : { place: error.place }),
    ...(error.data === undefined ? {} : { data: error.data }),
  };
}

/** The error that {@link toErrorRecord} was made from, without its stack and cause. */
export function fromErrorRecord(record: ErrorRecord): ServiceError {
  return new ServiceError(record.code, {
    detail: record.message,
    ...(record.place === undefined ? {} : { place: record.place }),
    ...(record.data === undefined ? {} : { data: record.data }),
  });
}
