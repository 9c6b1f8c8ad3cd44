import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ServiceError, toServiceError } from '../../errors.ts';
import { connectionOf } from '../connection.ts';
import { GATE_CODES, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { eventSchema } from '../event-schemas.ts';
import { EVENT_STREAM_MEDIA_TYPE, eventStream } from '../event-stream.ts';
import { isStillLetIn } from '../gate.ts';
import { tokenWith } from '../operation-scopes.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';

const eventId = (what: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be the number of an event')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', description: what, example: 17 });

const query = z.strictObject({ since: eventId('Begins behind this event; 0: with the oldest on record.') });
const headers = z.object({ 'last-event-id': eventId('As `since`, and before it: what browsers send by themselves.') });

const description = `Server-sent events: \`id\` is the number of the event, \`event\` one of state, chunk, attempt_failed, rejects, circuit and gap, \`data\` one JSON object. Begins with what comes from now
on, or behind the event that \`Last-Event-ID\` or \`since\` names: out of the log, then live, each event once and in order. Ends after 15 minutes at the latest, and where its token is in force no longer or
its ingestion was deleted; connect anew with the last id.`;

/** Typed so generally because the framework knows no typed answer that is a stream. */
const stream: RouteConfig['responses'][string] = {
  description: 'The events. The schema is that of `data`.',
  content: {
    [EVENT_STREAM_MEDIA_TYPE]: {
      schema: eventSchema,
      example:
        'id: 17\nevent: chunk\ndata: {"ingestion_id":"810b…8bba","at":"2026-03-01T12:00:00.000Z","next_chunk_number":4,"records":2000,"bytes":1048576,"chunks":4}\n\n',
    },
  },
};

const CODES = [...GATE_CODES, 'REQUEST_INVALID', 'EVENT_STREAMS_BUSY', ...STATE_CODES] as const;

const allRoute = createRoute({
  method: 'get',
  path: '/api/events',
  operationId: 'followEvents',
  summary: 'What happens, as it happens: to all ingestions, and to circuits',
  description,
  security: tokenWith('read'),
  request: { query, headers },
  responses: { 200: stream, ...problemResponses(...CODES) },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/events',
  operationId: 'followIngestionEvents',
  summary: 'What happens to one ingestion, as it happens',
  description,
  security: tokenWith('read'),
  request: { params: ingestionParams, query, headers },
  responses: { 200: stream, ...problemResponses(...CODES, 'INGESTION_NOT_FOUND') },
});

/** A proxy that collects answers, or changes them, would keep events back. */
const STREAM_HEADERS = {
  'Content-Type': EVENT_STREAM_MEDIA_TYPE,
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/** GET /api/events and GET /api/ingestions/{id}/events. */
export function addEventRoutes(app: OpenAPIHono, dependencies: ApiDependencies): void {
  app.openapi(allRoute, (context) => {
    const after = context.req.valid('header')['last-event-id'] ?? context.req.valid('query').since ?? null;
    return follow(context, dependencies, { ingestionId: null, after });
  });
  app.openapi(oneRoute, async (context) => {
    const { ingestionId } = await requireIngestion(dependencies.reads, context.req.valid('param').id);
    const after = context.req.valid('header')['last-event-id'] ?? context.req.valid('query').since ?? null;
    return follow(context, dependencies, { ingestionId, after });
  });
}

async function follow(
  context: Context,
  { events, gate, clock, logger }: ApiDependencies,
  from: { readonly ingestionId: string | null; readonly after: number | null },
): Promise<Response> {
  // Else it would hold a place that nobody reads from.
  if (context.req.method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS });
  const ended = new AbortController();
  const items = events.follow({ ...from, signal: ended.signal });
  // Before the answer begins, so that a refusal can still be told.
  const first = await items.next();
  if (first.done === true) throw new ServiceError('SHUTTING_DOWN');
  const { path } = context.req;
  const header = context.req.header('Authorization');
  const connection = connectionOf(context);
  const body = eventStream(first.value, items, {
    clock,
    isAllowed: () => gate === null || isStillLetIn(gate, { header, needed: 'read', now: clock.now() }),
    onEnd: () => ended.abort(),
    onStalled: () => connection?.breakOff(),
    onFailure(error) {
      const { code, message } = toServiceError(error);
      logger.error('request.failed', { method: 'GET', path, code, reason: message });
      // A stream that fails would be written to the console by the server.
      if (connection === null) throw error;
      connection.breakOff();
    },
  });
  return new Response(body, { headers: STREAM_HEADERS });
}
