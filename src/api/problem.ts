import { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorCode, type ServiceError } from '../errors.ts';

/** What every refusal and failure is told by. Members beside these are particulars of the code, such as `candidates`. */
export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ description: 'Where the code is described.', example: '/docs#REQUEST_INVALID' }),
    title: z.string().openapi({ description: 'What happened, the same for each error of the code.' }),
    status: z.int().openapi({ description: 'The HTTP status.', example: 422 }),
    code: z.string().openapi({
      description: 'What to match on. Later versions may add codes, and never change the meaning of one.',
      example: 'REQUEST_INVALID',
    }),
    detail: z.string().optional().openapi({ description: 'What happened this time.' }),
    instance: z.string().optional().openapi({
      description: 'The path that was asked for; absent where the request could not be read.',
      example: '/api/ingest',
    }),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'Every offending field; an empty `field` is the body as a whole.' }),
    what_to_do: z.string(),
  })
  .openapi('Problem', { description: 'A problem document, RFC 9457.' });

/** The media type of {@link problemSchema}. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** A client that is told to wait, and nobody knows for how long, comes back after this: long enough for a queue to move or a service to restart. */
const RETRY_AFTER_SECONDS = 30;

/** Of these only the code is told: what went wrong inside was written for the log. */
const TOLD_TO_THE_LOG_ALONE: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'TOKENS_UNUSABLE']);

/** A refusal or a failure as it is answered. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A problem document, RFC 9457. */
  readonly body: string;
}

/**
 * What is answered to a request that met an error.
 * @param instance the path that was asked for; null: it could not be read.
 */
export function problemOf(error: ServiceError, instance: string | null): Problem {
  return {
    status: ERRORS[error.code].httpStatus,
    headers: { 'Content-Type': PROBLEM_MEDIA_TYPE, ...headersOf(error) },
    body: JSON.stringify(documentOf(error, instance)),
  };
}

/** As the API framework has it. */
export function toResponse({ status, headers, body }: Problem): Response {
  return new Response(body, { status, headers });
}

function documentOf(error: ServiceError, instance: string | null): z.infer<typeof problemSchema> {
  const { message: title, httpStatus, remedy } = ERRORS[error.code];
  const isTold = !TOLD_TO_THE_LOG_ALONE.has(error.code);
  return {
    ...(isTold ? error.data : {}),
    type: `/docs#${error.code}`,
    title,
    status: httpStatus,
    code: error.code,
    ...(isTold && error.message !== title ? { detail: error.message } : {}),
    ...(instance === null ? {} : { instance }),
    ...(error.fields === undefined ? {} : { errors: [...error.fields] }),
    what_to_do: remedy,
  };
}

function headersOf({ code, data = {} }: ServiceError): Record<string, string> {
  const { httpStatus } = ERRORS[code];
  const { scope_needed: scope, retry_after_seconds: seconds } = data;
  if (httpStatus === 401) return { 'WWW-Authenticate': 'Bearer' };
  // RFC 6750, 3.1.
  if (typeof scope === 'string') return { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` };
  if (httpStatus !== 429 && httpStatus !== 503) return {};
  return { 'Retry-After': String(typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS) };
}
