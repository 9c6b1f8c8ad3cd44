import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type Ingestion, STATUSES } from '../../model/ingestion.ts';
import { conditionalHeaders, conditionalJson } from '../conditional-read.ts';
import { GATE_CODES, jsonResponse, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { pageQueryOf, presentPage } from '../page-query.ts';
import { chunkPageSchema, presentChunk } from '../present-chunk.ts';
import { ingestionPageSchema, ingestionSchema, presentIngestion } from '../present-ingestion.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';

const params = ingestionParams;
const pageQuery = pageQueryOf({ max: 500, byDefault: 50 });
const CHUNK_NUMBER_FORM = 'must be a chunk number';
const firstChunk = z
  .string({ error: CHUNK_NUMBER_FORM })
  .regex(/^\d{1,15}$/, { error: CHUNK_NUMBER_FORM })
  .transform(Number)
  .default(0)
  .openapi({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'The chunk that the first page begins with; a cursor says more.',
  });

const listRoute = createRoute({
  method: 'get',
  path: '/api/ingestions',
  operationId: 'listIngestions',
  summary: 'The ingestions, newest first',
  security: tokenWith('read'),
  request: {
    headers: conditionalHeaders,
    query: pageQuery.extend({
      status: z
        .enum(STATUSES, { error: `must be one of ${STATUSES.join(', ')}` })
        .optional()
        .openapi({ description: 'Only those in this state.' }),
    }),
  },
  responses: {
    ...conditionalJson(ingestionPageSchema, 'A page.'),
    ...problemResponses(...GATE_CODES, 'REQUEST_INVALID', ...STATE_CODES),
  },
});

const readRoute = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}',
  operationId: 'getIngestion',
  summary: 'One ingestion: status, totals, speed, last error',
  security: tokenWith('read'),
  request: { params, headers: conditionalHeaders },
  responses: {
    ...conditionalJson(ingestionSchema, 'The ingestion.'),
    ...problemResponses(...GATE_CODES, 'INGESTION_NOT_FOUND', ...STATE_CODES),
  },
});

const chunksRoute = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/chunks',
  operationId: 'listChunks',
  summary: 'The ledger: every chunk with its last attempts, by number',
  security: tokenWith('read'),
  request: { params, query: pageQuery.extend({ from_chunk: firstChunk }), headers: conditionalHeaders },
  responses: {
    ...conditionalJson(chunkPageSchema, 'A page.'),
    ...problemResponses(...GATE_CODES, 'INGESTION_NOT_FOUND', 'REQUEST_INVALID', ...STATE_CODES),
  },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/api/ingestions/{id}',
  operationId: 'deleteIngestion',
  summary: 'Delete an ingestion that is COMPLETED, FAILED or CANCELLED',
  description:
    'Its ledger, attempts, bad records and secrets are removed. Its id, state, epoch, fingerprint, callback and last number are kept for good: asking for the file again answers COMPLETED where it was, and 409 HISTORY_DELETED where it was delivered in part.',
  security: tokenWith('admin'),
  request: { params },
  responses: {
    204: {
      description:
        'Nobody sees it any more and its secrets are gone. All else of it is gone too, but where the service was stopped meanwhile: then its next start removes what is left.',
    },
    ...problemResponses(...GATE_CODES, 'ORIGIN_NOT_ALLOWED', 'INGESTION_NOT_FOUND', 'MOVE_NOT_ALLOWED', ...STATE_CODES),
  },
});

const moveRoute = (event: 'pause' | 'resume' | 'cancel', description: string, ...moreCodes: readonly 'QUEUE_FULL'[]) =>
  createRoute({
    method: 'post',
    path: `/api/ingestions/{id}/${event}`,
    operationId: `${event}Ingestion`,
    summary: `${event[0]?.toUpperCase()}${event.slice(1)} an ingestion`,
    description,
    security: tokenWith('ingest'),
    request: { params },
    responses: {
      200: jsonResponse(ingestionSchema, 'The ingestion afterwards.'),
      ...problemResponses(
        ...GATE_CODES,
        'ORIGIN_NOT_ALLOWED',
        'INGESTION_NOT_FOUND',
        'MOVE_NOT_ALLOWED',
        ...STATE_CODES,
        ...moreCodes,
      ),
    },
  });

/** GET /api/ingestions, what is below it, and the moves a person can make. */
export function addIngestionRoutes(
  app: OpenAPIHono,
  { service, retention, reads, circuits, clock }: ApiDependencies,
): void {
  const present = (ingestion: Ingestion) =>
    presentIngestion(ingestion, { now: clock.now(), circuit: circuits.of(ingestion) });

  app.openapi(listRoute, async (context) => {
    const { limit, cursor, status } = context.req.valid('query');
    const page = await reads.listIngestions({
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(status === undefined ? {} : { status }),
    });
    return context.json(presentPage(page, present), 200);
  });
  app.openapi(readRoute, async (context) => {
    return context.json(present(await requireIngestion(reads, context.req.valid('param').id)), 200);
  });
  app.openapi(chunksRoute, async (context) => {
    const { limit, cursor, from_chunk: fromChunk } = context.req.valid('query');
    const { ingestionId } = await requireIngestion(reads, context.req.valid('param').id);
    const page = await reads.listChunks(ingestionId, {
      limit,
      fromChunk,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return context.json(
      presentPage(page, (entry) => presentChunk(ingestionId, entry)),
      200,
    );
  });
  app.openapi(deleteRoute, async (context) => {
    const { id } = context.req.valid('param');
    await retention.delete(id);
    return context.body(null, 204);
  });

  app.openapi(moveRoute('pause', 'Stops after the chunk in flight.'), async (context) => {
    return context.json(present(await service.pause(context.req.valid('param').id)), 200);
  });
  const resumed =
    'Goes on from the checkpoint. A completed one sends COMPLETED again, which finds a receiver that lost state.';
  app.openapi(moveRoute('resume', resumed, 'QUEUE_FULL'), async (context) => {
    return context.json(present(await service.resume(context.req.valid('param').id)), 200);
  });
  app.openapi(moveRoute('cancel', 'Ends it; what was delivered stays delivered.'), async (context) => {
    return context.json(present(await service.cancel(context.req.valid('param').id)), 200);
  });
}
