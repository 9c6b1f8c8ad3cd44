import type { z } from '@hono/zod-openapi';
import { ERRORS, type ServiceError } from '../errors.ts';
import { PROBLEM_MEDIA_TYPE, type problemSchema } from './contracts.ts';

/** A client that is told to wait comes back after this: long enough for a queue to move or a service to restart. */
const RETRY_AFTER_SECONDS = 30;

/**
 * The problem document (RFC 9457) of an error. Of INTERNAL only the code is told: its text was written for the log.
 * @param instance the path that was asked for.
 */
function toProblem(error: ServiceError, instance: string): z.infer<typeof problemSchema> {
  const { message: title, httpStatus, remedy } = ERRORS[error.code];
  const isInternal = error.code === 'INTERNAL';
  const hasDetail = !isInternal && error.message !== title;
  return {
    ...(isInternal ? {} : error.data),
    type: `/docs#${error.code}`,
    title,
    status: httpStatus,
    code: error.code,
    ...(hasDetail ? { detail: error.message } : {}),
    instance,
    ...(error.fields === undefined ? {} : { errors: [...error.fields] }),
    what_to_do: remedy,
  };
}

/** The answer to a request that met an error. */
export function problemResponse(error: ServiceError, instance: string): Response {
  const { httpStatus } = ERRORS[error.code];
  const headers = new Headers({ 'Content-Type': PROBLEM_MEDIA_TYPE });
  if (httpStatus === 429 || httpStatus === 503) headers.set('Retry-After', String(RETRY_AFTER_SECONDS));
  if (httpStatus === 401) headers.set('WWW-Authenticate', 'Bearer');
  return new Response(JSON.stringify(toProblem(error, instance)), { status: httpStatus, headers });
}
