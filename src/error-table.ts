import { type ErrorEntry, entry } from './error-entry.ts';

/**
 * The one table of error codes. A code is never renamed or reused; docs/errors.md lists each, and a test keeps the two equal.
 */
export const ERRORS = {
  // The request.
  REQUEST_NOT_JSON: entry('The body is not JSON.', 'Send one JSON object in UTF-8.', { httpStatus: 400, exitCode: 2 }),
  REQUEST_INVALID: entry(
    'The request has fields that cannot be accepted.',
    'Correct the fields named. On the command line each is an argument or an option, or a member of what `--request` names.',
    { httpStatus: 422, exitCode: 2 },
  ),
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
  REQUEST_MALFORMED: entry('The request is not well-formed HTTP.', 'Send it with a client that speaks HTTP/1.1.', {
    httpStatus: 400,
    exitCode: 2,
  }),
  REQUEST_TIMEOUT: entry('The request took too long to arrive.', 'Send it again, over a better connection.', {
    httpStatus: 408,
    exitCode: 3,
    retryable: true,
  }),
  REQUEST_HEADERS_TOO_LARGE: entry(
    'The path and the headers of the request are larger than the service takes.',
    'Send at most 16 KiB of them, in at most 100 headers.',
    { httpStatus: 431, exitCode: 2 },
  ),
  UNAUTHORIZED: entry(
    'The request carries no valid token.',
    'Send `Authorization: Bearer <token>` (ACKSTREAM_API_TOKEN) with a token that `ackstream token create` made.',
    { httpStatus: 401, exitCode: 2 },
  ),
  FORBIDDEN: entry(
    'The token does not allow this.',
    'Use a token with the scope named; `ackstream token create` makes one.',
    { httpStatus: 403, exitCode: 2 },
  ),
  HOST_NOT_ALLOWED: entry(
    'The service does not go by the name that was asked for.',
    'Ask for an address it listens on, or add the name to ACKSTREAM_ALLOWED_HOSTS.',
    { httpStatus: 421, exitCode: 2 },
  ),
  ORIGIN_NOT_ALLOWED: entry(
    'The request was made by a page of another site.',
    'Call the API from a program, not from pages of other sites.',
    { httpStatus: 403, exitCode: 2 },
  ),
  RATE_LIMITED: entry(
    'Too many requests came in a minute.',
    'Try again in a minute; programs wait for as long as Retry-After says.',
    { httpStatus: 429, exitCode: 3, retryable: true },
  ),
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
  CHUNK_NOT_FOUND: entry(
    'The ingestion has no chunk with this number.',
    'List its chunks: `ackstream chunks`, or GET /api/ingestions/{id}/chunks.',
    { httpStatus: 404, exitCode: 2 },
  ),
  FAILED_ATTEMPT_NOT_FOUND: entry(
    'No attempt of the ingestion has failed.',
    'List its chunks with their attempts: `ackstream chunks`, or GET /api/ingestions/{id}/chunks.',
    { httpStatus: 404, exitCode: 2 },
  ),
  VERIFICATION_NOT_FOUND: entry(
    'The ingestion was not verified since the service started.',
    'Begin with `ackstream verify`, or POST /api/ingestions/{id}/verify.',
    { httpStatus: 404, exitCode: 2 },
  ),
  MOVE_NOT_ALLOWED: entry(
    'The ingestion is in a state that does not allow this.',
    'Read its status with `ackstream status`, or GET /api/ingestions/{id}; docs/api.md says what each state allows.',
    { httpStatus: 409, exitCode: 4 },
  ),
  DELIVERED_ELSEWHERE: entry(
    'The file was delivered completely, to another callback.',
    'Send `re_ingestion: true` (`--re-ingest`) to deliver it to this one too.',
    { httpStatus: 409, exitCode: 4 },
  ),
  HISTORY_DELETED: entry(
    'The file was delivered in part, and what was recorded of that is deleted.',
    'Send `re_ingestion: true` (`--re-ingest`) to deliver it from its start, under a new id.',
    { httpStatus: 409, exitCode: 4 },
  ),
  QUEUE_FULL: entry(
    'Too many ingestions are waiting.',
    'Try again when some of them have ended; programs wait for as long as Retry-After says.',
    { httpStatus: 429, exitCode: 3, retryable: true },
  ),
  PREVIEWS_BUSY: entry('Other previews are under way.', 'Try again when they are done.', {
    httpStatus: 429,
    exitCode: 3,
    retryable: true,
  }),
  READ_BACK_BUSY: entry('Other files are being read back.', 'Try again when they are done.', {
    httpStatus: 429,
    exitCode: 3,
    retryable: true,
  }),
  EVENT_STREAMS_BUSY: entry('Too many clients follow events.', 'Close streams that nobody looks at, and try again.', {
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
    'Move it below one of ACKSTREAM_SOURCE_ROOTS, or add its folder there; in what is the service’s own no feed is read.',
    { httpStatus: 403, exitCode: 2 },
  ),
  SOURCE_NOT_FOUND: entry(
    'There is no such file.',
    'Check the path: the file must be on the machine that reads it, which for all but `ackstream preview` is that of the service.',
    { httpStatus: 404, exitCode: 2 },
  ),
  SOURCE_NOT_A_FILE: entry(
    'The path is not a regular file.',
    'Give the path of a regular file, a folder or a pattern.',
    {
      httpStatus: 422,
      exitCode: 2,
    },
  ),
  SOURCE_UNREADABLE: entry(
    'The source could not be read.',
    'Check disk and permissions, then try again, or resume the ingestion where one failed by it.',
    { httpStatus: 422, retryable: true },
  ),
  SOURCE_CHANGED: entry(
    'The file is no longer the one that was delivered in part.',
    'Put the original back and resume, or send `re_ingestion: true` (`--re-ingest`) to deliver the new one from its start.',
    { httpStatus: 409, exitCode: 4 },
  ),
  SOURCE_SET_TOO_LARGE: entry(
    'There are more files than one ingestion takes.',
    'Send the files in several ingestions, by narrower folders or patterns.',
    { httpStatus: 422, exitCode: 2 },
  ),
  SOURCE_DAMAGED: entry('The compressed file is damaged.', 'Produce or fetch the file again and send it again.', {
    httpStatus: 422,
  }),
  SOURCE_EXPANDS: entry(
    'The file expands to more than any feed of its size would.',
    'If the file is meant to be so, expand it yourself and send what it holds.',
    { httpStatus: 422 },
  ),
  SOURCE_ENCRYPTED: entry('The file is encrypted.', 'Save it without a password and send it again.', {
    httpStatus: 422,
  }),
  ARCHIVE_REFUSED: entry(
    'The archive is not one that can be read safely or unambiguously.',
    'Pack it anew: one feed, plain names, each once.',
    { httpStatus: 422 },
  ),

  // Reading. Those up to NUMBER_OUT_OF_RANGE concern one record and carry its position.
  RECORD_TOO_LARGE: entry(
    'A record is larger than the bound.',
    'Raise `chunk_size_by_memory` (`--chunk-bytes`) or ACKSTREAM_MAX_RECORD_BYTES, or make the record smaller, and send `re_ingestion: true` (`--re-ingest`).',
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
  INVALID_UTF8: entry(
    'The bytes are no text in the encoding of the file here.',
    'Correct the file, or send the encoding it is in: `format: {"encoding": "windows-1252"}` (`--encoding`).',
    { httpStatus: 422 },
  ),
  NUMBER_OUT_OF_RANGE: entry(
    'A number is outside of what can be delivered.',
    'Correct the number, or send it as a string.',
    { httpStatus: 422 },
  ),
  ROW_WIDTH: entry(
    'A row has more or fewer cells than there are columns.',
    'Correct the row; a cell that holds the delimiter or a line break stands in quotes.',
    { httpStatus: 422 },
  ),
  TOO_MANY_BAD_RECORDS: entry(
    'More records are bad than were allowed.',
    'See `GET /api/ingestions/{id}/rejects` (`ackstream rejects`) for what is wrong; correct the file, or allow more with `max_bad_records` (`--max-bad-records`).',
    { httpStatus: 422 },
  ),
  FORMAT_MISMATCH: entry(
    'The file is not of the format it is said to be.',
    'Check `file_type` (`--type`), or save the file in a format that can be read.',
    { httpStatus: 422 },
  ),
  ENCODING_UNSUPPORTED: entry(
    'The file says that it is in an encoding that cannot be read.',
    'Convert the file to UTF-8, or send its encoding: `format: {"encoding": "…"}` (`--encoding`).',
    { httpStatus: 422 },
  ),
  ENTITY_REFUSED: entry(
    'The document declares entities, which are never expanded.',
    'Produce the file without `<!ENTITY` declarations.',
    { httpStatus: 422 },
  ),
  SHEET_NOT_FOUND: entry(
    'The workbook has no such sheet.',
    'Send `format: {"sheet": …}` (`--sheet`) with one of the candidates.',
    {
      httpStatus: 422,
    },
  ),
  READER_SYNTAX: entry(
    'The file is not well-formed here.',
    'Correct the file at this place and send it again; if it is of another type, send `file_type` (`--type`).',
    { httpStatus: 422 },
  ),
  READER_TRUNCATED: entry('The file ends in the middle.', 'Produce the file again, completely, and send it again.', {
    httpStatus: 422,
  }),
  RECORD_PATH_NEEDED: entry(
    'It is not clear which array or element of the file holds the records.',
    'Send `record_path` (`--record-path`) with the path of the records, such as one of the candidates.',
    { httpStatus: 422 },
  ),
  RECORD_PATH_NOT_FOUND: entry(
    'There is nothing at `record_path`.',
    'Check `record_path` (`--record-path`) against the file; left out, the records are looked for.',
    { httpStatus: 422 },
  ),
  RECORDS_NOT_FOUND: entry(
    'There is nothing in the file that could be its records.',
    'Check that it is the right file and of the right type: JSON has its records in an array, XML below its root, and one record to a line is NDJSON, `file_type: "ndjson"` (`--type ndjson`).',
    { httpStatus: 422 },
  ),

  // Delivery.
  CALLBACK_NOT_ALLOWED: entry(
    'The callback address is not one that the service may call.',
    'Use a public address, or add its host or network to ACKSTREAM_CALLBACK_ALLOW.',
    { httpStatus: 403, exitCode: 2 },
  ),
  ATTEMPT_FAILED: entry(
    'The receiver did not acknowledge the last attempt.',
    'Nothing: it is tried again by itself. If that goes on, see whether the receiver runs and what it logs; if the callback is wrong, ask again with the right one (`callback_url`, `--callback`), or, where it is a re-ingestion, cancel it first.',
    { httpStatus: 503, exitCode: 3, retryable: true },
  ),
  DELIVERY_REJECTED: entry(
    'The receiver refused a chunk.',
    'Correct what the receiver names in its answer, then resume the ingestion; if the callback is wrong, ask again with the right one (`callback_url`, `--callback`), or, where it is a re-ingestion, cancel it first.',
    { httpStatus: 409 },
  ),
  DELIVERY_WINDOW_OVER: entry(
    'The receiver could not be reached for the whole retry window.',
    'Bring the receiver back, then resume the ingestion; if the callback is wrong, ask again with the right one (`callback_url`, `--callback`), or, where it is a re-ingestion, cancel it first.',
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
  RUN_STALLED: entry(
    'The run made no progress for longer than ACKSTREAM_STALL_TIMEOUT.',
    'Check disk and network of the source, then resume the ingestion. If it comes back, report what `run.stalled` in logs/error says.',
    { httpStatus: 500 },
  ),
  WORKER_OUT_OF_MEMORY: entry(
    'Reading the file takes more memory than a thread may use.',
    'Raise ACKSTREAM_WORKER_MEMORY, or make the largest records smaller, then try again, or resume the ingestion where one failed by it.',
    { httpStatus: 422 },
  ),
  RUN_OVERTAKEN: entry('Another run has taken the ingestion over.', 'Nothing: the other run goes on.', {
    httpStatus: 409,
    exitCode: 4,
  }),
  CONFIG_INVALID: entry('The settings are wrong.', 'Correct the settings named; docs/operations.md lists them.', {
    httpStatus: 500,
    exitCode: 2,
  }),
  TOKENS_UNUSABLE: entry(
    'The file of the API tokens cannot be used.',
    'Correct `tokens.json` in ACKSTREAM_DATA_DIR, as the log or the command says; until then it lets nobody in.',
    { httpStatus: 503, exitCode: 2 },
  ),
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
  STATE_KEY_MISMATCH: entry(
    'The secrets in the state do not open with the key that is there.',
    'Put back the key file that belongs to this state (ACKSTREAM_STATE_KEY_FILE, or `state.key` in ACKSTREAM_DATA_DIR); where it is lost: docs/operations.md "Secrets at rest".',
    { httpStatus: 500, exitCode: 2 },
  ),
  STATE_DAMAGED: entry(
    'The state is not what was written.',
    'Stop the service, keep the files, and restore a backup: docs/back-up.md "Restoring a backup". Without one, the first request for each file must say `re_ingestion: true` (`--re-ingest`).',
    { httpStatus: 500 },
  ),
  STATE_UNAVAILABLE: entry(
    'The state could not be written.',
    'Check disk space and permissions of ACKSTREAM_DATA_DIR, of a backup those of its folder.',
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
  OUTPUT_UNWRITABLE: entry(
    'A file cannot be written.',
    'Name another one, in a folder that is there, may be written to, and has room.',
    { httpStatus: 500 },
  ),
} as const satisfies Record<string, ErrorEntry>;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
