import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { ServiceError } from '../../errors.ts';
import { sha256Hex } from '../../protocol/checksum.ts';
import { parseIngestRequest } from '../../protocol/ingest-request.ts';
import { ingestRequestSchema } from '../../protocol/ingest-request-schema.ts';
import type { SubmissionAnswer } from '../../state/state-store.ts';
import {
  GATE_CODES,
  jsonResponse,
  locationHeader,
  problemResponses,
  STATE_CODES,
  submissionSchema,
} from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { documentedFormat } from '../documented-format.ts';
import { INGEST_CALLBACKS, registerMessages } from '../ingest-callbacks.ts';
import { tokenWith } from '../operation-scopes.ts';
import { readJsonBody } from '../read-json-body.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const route = createRoute({
  method: 'post',
  path: '/api/ingest',
  operationId: 'submitIngestion',
  summary: 'Ask for a file to be delivered',
  description:
    'Answers once the request is on record, and delivers behind that: follow it at the path in `Location`. A file is delivered once: asking again meets what is on record of it, and `status` says what came of that.',
  security: tokenWith('ingest'),
  callbacks: INGEST_CALLBACKS,
  request: {
    headers: z.object({
      'Idempotency-Key': z.string().regex(IDEMPOTENCY_KEY).optional().openapi({
        description: 'The same key with the same body gets the same answer again; 1 to 255 visible characters.',
        example: 'feed-2026-03-01',
      }),
    }),
    body: {
      required: true,
      content: { 'application/json': { schema: ingestRequestSchema.extend({ format: documentedFormat }) } },
    },
  },
  responses: {
    202: {
      ...jsonResponse(submissionSchema, 'The request is on record.'),
      headers: locationHeader('The path of the ingestion.'),
    },
    ...problemResponses(
      'REQUEST_NOT_JSON',
      ...GATE_CODES,
      'ORIGIN_NOT_ALLOWED',
      'SOURCE_NOT_ALLOWED',
      'CALLBACK_NOT_ALLOWED',
      'SOURCE_NOT_FOUND',
      'DELIVERED_ELSEWHERE',
      'HISTORY_DELETED',
      'SOURCE_CHANGED',
      'REQUEST_CHANGED',
      'REQUEST_TOO_LARGE',
      'REQUEST_MEDIA_TYPE',
      'REQUEST_INVALID',
      'SOURCE_NOT_A_FILE',
      'SOURCE_SET_TOO_LARGE',
      'SOURCE_UNREADABLE',
      'IDEMPOTENCY_KEY_REUSED',
      'QUEUE_FULL',
      ...STATE_CODES,
    ),
  },
});

/**
 * POST /api/ingest. The body is read by the one parser that the command line uses too; the route is registered for the document only, for the framework's
 * own validation takes the last of repeated keys and answers other errors.
 */
export function addIngestRoute(app: OpenAPIHono, { service }: ApiDependencies): void {
  registerMessages(app);
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, async (context) => {
    const key = idempotencyKeyOf(context.req.header('Idempotency-Key'));
    const { bytes, value } = await readJsonBody(context);
    const request = parseIngestRequest(value);
    const answer = await service.submit(request, key === null ? null : { key, bodyDigest: sha256Hex(bytes) });
    context.header('Location', `/api/ingestions/${answer.ingestionId}`);
    return context.json(presentSubmission(answer), 202);
  });
}

function presentSubmission(answer: SubmissionAnswer): z.infer<typeof submissionSchema> {
  return {
    status: answer.status,
    ingestion_id: answer.ingestionId,
    file_id: answer.fileId,
    ...(answer.changed.length === 0 ? {} : { changed: [...answer.changed] }),
  };
}

function idempotencyKeyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (IDEMPOTENCY_KEY.test(header)) return header;
  throw new ServiceError('REQUEST_INVALID', {
    fields: [{ field: 'Idempotency-Key', message: 'must be 1 to 255 visible characters' }],
  });
}
