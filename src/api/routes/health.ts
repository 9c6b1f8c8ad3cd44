import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { healthSchema, jsonResponse, livenessSchema, readinessSchema } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  summary: 'Whether the service answers, in the words of the original service',
  responses: { 200: jsonResponse(healthSchema, 'It answers.') },
});

const livenessRoute = createRoute({
  method: 'get',
  path: '/health/live',
  operationId: 'getLiveness',
  summary: 'Whether the process runs: restart it where this does not answer',
  responses: { 200: jsonResponse(livenessSchema, 'It runs.') },
});

const readinessRoute = createRoute({
  method: 'get',
  path: '/health/ready',
  operationId: 'getReadiness',
  summary: 'Whether the service can take requests: send it none where it cannot',
  responses: {
    200: jsonResponse(readinessSchema, 'It can.'),
    503: jsonResponse(readinessSchema, 'It cannot; `checks` says why.'),
  },
});

/** The paths that ask for no token: monitors have none. */
export const HEALTH_PATHS = [healthRoute, livenessRoute, readinessRoute].map((route) => route.path);

/** GET /health, /health/live and /health/ready. */
export function addHealthRoutes(app: OpenAPIHono, { health }: ApiDependencies): void {
  app.openapi(healthRoute, (context) => context.json({ status: 200, message: 'success check ok!' } as const, 200));
  app.openapi(livenessRoute, (context) => context.json({ live: true } as const, 200));
  app.openapi(readinessRoute, async (context) => {
    const { ready, checks } = await health.isReady();
    return context.json({ ready, checks: { ...checks } }, ready ? 200 : 503);
  });
}
