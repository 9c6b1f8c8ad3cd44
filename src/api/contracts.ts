/** What operations answer with, as the OpenAPI document has it. What is shown has its schema beside its presenter. */
import { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorCode } from '../errors.ts';
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problem.ts';
import { EXAMPLE_INGESTION_ID, fileId, ingestionId } from './schema-parts.ts';

/** The answer to POST /api/ingest. */
export const submissionSchema = z
  .object({
    status: z.enum(['STARTED', 'RUNNING', 'RESUMED', 'COMPLETED']).openapi({
      description:
        'STARTED: begun anew. RUNNING: it was under way, nothing starts twice. RESUMED: goes on from its checkpoint. COMPLETED: was delivered before, nothing is sent.',
    }),
    ingestion_id: ingestionId,
    file_id: fileId,
    changed: z
      .array(z.string())
      .optional()
      .openapi({
        description: 'Fields of this request that the existing ingestion took over; absent where there are none.',
        example: ['chunk_size_by_records'],
      }),
  })
  .openapi('Submission');

/** The service can be reached. The body is that of the original Python service, whose monitors may know it. */
export const healthSchema = z
  .object({ status: z.literal(200), message: z.literal('success check ok!') })
  .openapi('Health');
/** The process runs. */
export const livenessSchema = z.object({ live: z.literal(true) }).openapi('Liveness');
/** Whether the service can do its work. */
export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.boolean()).openapi({ example: { state: true } }),
  })
  .openapi('Readiness');

/** What an operation that asks for no token may be refused with before it begins. */
export const PUBLIC_CODES = ['HOST_NOT_ALLOWED', 'RATE_LIMITED'] as const satisfies readonly ErrorCode[];

/** What any other operation may be refused with before it begins. */
export const GATE_CODES = [
  'UNAUTHORIZED',
  'FORBIDDEN',
  ...PUBLIC_CODES,
  'TOKENS_UNUSABLE',
] as const satisfies readonly ErrorCode[];

/** What an operation that reads or writes the state may fail with. */
export const STATE_CODES = [
  'INTERNAL',
  'SHUTTING_DOWN',
  'STATE_DAMAGED',
  'STATE_UNAVAILABLE',
] as const satisfies readonly ErrorCode[];

/** What goes with a problem, by its status. */
const PROBLEM_HEADERS: Readonly<Record<string, z.ZodObject>> = {
  401: z.object({ 'WWW-Authenticate': z.string().openapi({ description: 'RFC 6750.', example: 'Bearer' }) }),
  429: z.object({ 'Retry-After': z.string().openapi({ description: 'Seconds.', example: '30' }) }),
  503: z.object({ 'Retry-After': z.string().openapi({ description: 'Seconds.', example: '30' }) }),
};

/** The OpenAPI responses of the codes that a route may answer with, by their status. */
export function problemResponses(...codes: readonly ErrorCode[]): object {
  const codesByStatus = Object.groupBy(codes, (code) => ERRORS[code].httpStatus);
  return Object.fromEntries(
    Object.entries(codesByStatus).map(([status, sameStatus = []]) => {
      const headers = PROBLEM_HEADERS[status];
      return [
        status,
        {
          description: sameStatus.join(', '),
          content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
          ...(headers === undefined ? {} : { headers }),
        },
      ];
    }),
  );
}

/** The response header that says where to go on, for the document. */
export function locationHeader(description: string) {
  return z.object({
    Location: z.string().openapi({ description, example: `/api/ingestions/${EXAMPLE_INGESTION_ID}` }),
  });
}

/** The OpenAPI response of a JSON body. */
export function jsonResponse<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
