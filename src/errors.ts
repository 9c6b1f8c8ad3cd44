/** How one error code is told to a person, to an HTTP client and to a shell. */
export interface ErrorEntry {
  /** What happened, one sentence without the particulars. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly httpStatus: number;
  /** Exit code of the command line: 1 failed, 2 wrong use or settings, 3 unreachable or busy, 4 conflict. */
  readonly exitCode: number;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/** How a code is told to machines, with what most codes have left out: exit code 1, not retryable. */
type Codes = Pick<ErrorEntry, 'httpStatus'> & Partial<Pick<ErrorEntry, 'exitCode' | 'retryable'>>;

const entry = (
  message: string,
  remedy: string,
  { httpStatus, exitCode = 1, retryable = false }: Codes,
): ErrorEntry => ({
  message,
  remedy,
  httpStatus,
  exitCode,
  retryable,
});

/**
 * The one table of error codes. A code is never renamed or reused; docs/errors.md lists each, and a test keeps the two equal.
 */
export const ERRORS = {
  // The request.
  REQUEST_NOT_JSON: entry('The body is not JSON.', 'Send one JSON object in UTF-8.', { httpStatus: 400, exitCode: 2 }),
  REQUEST_INVALID: entry('The request has fields that cannot be accepted.', 'Correct the fields named in `errors`.', {
    httpStatus: 422,
    exitCode: 2,
  }),
  REQUEST_TOO_LARGE: entry('The request body is larger than the service takes.', 'Send at most 1 MiB.', {
    httpStatus: 413,
    exitCode: 2,
  }),
  REQUEST_MEDIA_TYPE: entry('The body is not declared as JSON.', 'Send `Content-Type: application/json`.', {
    httpStatus: 415,
    exitCode: 2,
  }),
  REQUEST_CHANGED: entry(
    'The request would change which records there are, and some were delivered already.',
    'Send the fields named as they were, or `re_ingestion: true` (`--re-ingest`) to start anew.',
    { httpStatus: 409, exitCode: 4 },
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    'The Idempotency-Key was used before with another body.',
    'Use a new key for a new request.',
    { httpStatus: 422, exitCode: 4 },
  ),
  UNAUTHORIZED: entry('The request carries no valid token.', 'Send `Authorization: Bearer <ACKSTREAM_API_TOKEN>`.', {
    httpStatus: 401,
    exitCode: 2,
  }),
  ROUTE_NOT_FOUND: entry('There is nothing at this path.', 'See /docs for what there is.', {
    httpStatus: 404,
    exitCode: 2,
  }),
  METHOD_NOT_ALLOWED: entry('This path does not take this method.', 'Use a method that the Allow header names.', {
    httpStatus: 405,
    exitCode: 2,
  }),
  INGESTION_NOT_FOUND: entry(
    'There is no ingestion with this id.',
    'List them with GET /api/ingestions or `ackstream list`.',
    {
      httpStatus: 404,
      exitCode: 2,
    },
  ),
  MOVE_NOT_ALLOWED: entry(
    'The ingestion is in a state that does not allow this.',
    'Read its status with GET /api/ingestions/{id}; docs/api.md says what each state allows.',
    { httpStatus: 409, exitCode: 4 },
  ),
  DELIVERED_ELSEWHERE: entry(
    'The file was delivered completely, to another callback.',
    'Send `re_ingestion: true` (`--re-ingest`) to deliver it to this one too.',
    { httpStatus: 409, exitCode: 4 },
  ),
  QUEUE_FULL: entry('Too many ingestions are waiting.', 'Try again after the time in Retry-After.', {
    httpStatus: 429,
    exitCode: 3,
    retryable: true,
  }),
  SHUTTING_DOWN: entry('The service is shutting down.', 'Try again when it is back.', {
    httpStatus: 503,
    exitCode: 3,
    retryable: true,
  }),
  INTERNAL: entry('Something failed that should not.', 'Look at logs/error; report it if it comes back.', {
    httpStatus: 500,
    retryable: true,
  }),

  // The source.
  SOURCE_NOT_ALLOWED: entry(
    'The file is outside of the folders the service may read.',
    'Move it below one of ACKSTREAM_SOURCE_ROOTS, or add its folder there.',
    { httpStatus: 403, exitCode: 2 },
  ),
  SOURCE_NOT_FOUND: entry('There is no such file.', 'Check file_path; it is read on the machine of the service.', {
    httpStatus: 404,
    exitCode: 2,
  }),
  SOURCE_NOT_A_FILE: entry('The path is not a regular file.', 'Give the path of one regular file.', {
    httpStatus: 422,
    exitCode: 2,
  }),
  SOURCE_UNREADABLE: entry('The source could not be read.', 'Check disk and permissions, then resume the ingestion.', {
    httpStatus: 422,
    retryable: true,
  }),
  SOURCE_CHANGED: entry(
    'The file is no longer the one that was delivered in part.',
    'Put the original back and resume, or send `re_ingestion: true` (`--re-ingest`) to deliver the new one from its start.',
    { httpStatus: 409, exitCode: 4 },
  ),
  FILE_TYPE_UNSUPPORTED: entry('This file type is not supported.', 'Send file_type json or ndjson.', {
    httpStatus: 422,
    exitCode: 2,
  }),

  // Reading. Those up to NUMBER_OUT_OF_RANGE concern one record and carry its position.
  RECORD_TOO_LARGE: entry(
    'A record is larger than the bound.',
    'Raise chunk_size_by_memory or ACKSTREAM_MAX_RECORD_BYTES, or make the record smaller, and send `re_ingestion: true` (`--re-ingest`).',
    { httpStatus: 422 },
  ),
  RECORD_TOO_DEEP: entry(
    'A record is nested deeper than the bound.',
    'Raise ACKSTREAM_MAX_DEPTH or flatten the record.',
    { httpStatus: 422 },
  ),
  DUPLICATE_KEY: entry('An object has the same key twice.', 'Correct the file: one of the two would be lost.', {
    httpStatus: 422,
  }),
  LONE_SURROGATE: entry('A string holds half of a surrogate pair.', 'Correct the file: no UTF-8 can express it.', {
    httpStatus: 422,
  }),
  INVALID_UTF8: entry('The file is not valid UTF-8 here.', 'Correct the file or convert it to UTF-8.', {
    httpStatus: 422,
  }),
  NUMBER_OUT_OF_RANGE: entry(
    'A number is outside of what can be delivered.',
    'Correct the number, or send it as a string.',
    { httpStatus: 422 },
  ),
  READER_SYNTAX: entry('The file is not well-formed here.', 'Correct the file at this place and send it again.', {
    httpStatus: 422,
  }),
  READER_TRUNCATED: entry('The file ends in the middle.', 'Produce the file again, completely, and send it again.', {
    httpStatus: 422,
  }),
  RECORD_PATH_NEEDED: entry(
    'It is not clear which array of the file holds the records.',
    'Send `record_path` (`--record-path`) with one of the candidates.',
    { httpStatus: 422 },
  ),
  RECORD_PATH_NOT_FOUND: entry('There is no array at record_path.', 'Check record_path against the file.', {
    httpStatus: 422,
  }),

  // Delivery.
  CALLBACK_NOT_ALLOWED: entry(
    'The callback address is not one that the service may call.',
    'Use a public address, or add its host or network to ACKSTREAM_CALLBACK_ALLOW.',
    { httpStatus: 403, exitCode: 2 },
  ),
  ATTEMPT_FAILED: entry(
    'The receiver did not acknowledge the last attempt.',
    'Nothing: it is tried again by itself. If that goes on, see whether the receiver runs and what it logs.',
    { httpStatus: 503, exitCode: 3, retryable: true },
  ),
  DELIVERY_REJECTED: entry(
    'The receiver refused a chunk.',
    'Correct what the receiver names in its answer, then resume the ingestion.',
    { httpStatus: 409 },
  ),
  DELIVERY_WINDOW_OVER: entry(
    'The receiver could not be reached for the whole retry window.',
    'Bring the receiver back, then resume the ingestion.',
    { httpStatus: 409, exitCode: 3, retryable: true },
  ),
  RECEIVER_FORGETS: entry(
    'The receiver lost its state again and again.',
    'Give the receiver durable state, then resume the ingestion.',
    { httpStatus: 409 },
  ),
  CHUNK_TOO_LARGE_FOR_RECEIVER: entry(
    'The receiver answers 413 and the chunk cannot be cut.',
    'Raise the size the receiver takes, then resume; or send smaller chunk sizes with `re_ingestion: true` (`--re-ingest`).',
    { httpStatus: 409 },
  ),

  // State and process.
  RUN_OVERTAKEN: entry('Another run has taken the ingestion over.', 'Nothing: the other run goes on.', {
    httpStatus: 409,
    exitCode: 4,
  }),
  CONFIG_INVALID: entry('The settings are wrong.', 'Correct the settings named; docs/operations.md lists them.', {
    httpStatus: 500,
    exitCode: 2,
  }),
  DATA_DIR_LOCKED: entry(
    'Another process works on this data directory.',
    'Talk to that process, or give this one its own ACKSTREAM_DATA_DIR.',
    { httpStatus: 503, exitCode: 3, retryable: true },
  ),
  STATE_SCHEMA_TOO_NEW: entry(
    'The state was written by a newer version.',
    'Run that version, or restore the state it was made from.',
    { httpStatus: 500, exitCode: 2 },
  ),
  STATE_NOT_DURABLE: entry(
    'The state store does not write durably.',
    'Put ACKSTREAM_DATA_DIR on a local disk that supports it.',
    { httpStatus: 500, exitCode: 2 },
  ),
  STATE_UNAVAILABLE: entry(
    'The state could not be written.',
    'Check disk space and permissions of ACKSTREAM_DATA_DIR.',
    { httpStatus: 503, exitCode: 3, retryable: true },
  ),
  SERVICE_UNREACHABLE: entry(
    'No service answers there.',
    'Start it with `ackstream serve`, or give its address with --url.',
    { httpStatus: 503, exitCode: 3, retryable: true },
  ),
  COMMAND_INVALID: entry('The command line cannot be meant.', 'Run the command with --help to see what it takes.', {
    httpStatus: 422,
    exitCode: 2,
  }),
} as const satisfies Record<string, ErrorEntry>;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

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
