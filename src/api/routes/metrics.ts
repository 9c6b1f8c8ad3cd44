import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { GATE_CODES, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'The metrics of the service, for Prometheus',
  security: tokenWith('read'),
  responses: {
    200: {
      description: 'In the text format of Prometheus, version 0.0.4.',
      content: {
        'text/plain': {
          schema: z.string().openapi({ example: 'ackstream_ingestions{status="RUNNING"} 2\n' }),
        },
      },
    },
    ...problemResponses(...GATE_CODES, 'INTERNAL'),
  },
});

/** GET /metrics. */
export function addMetricsRoute(app: OpenAPIHono, { metrics }: ApiDependencies): void {
  app.openapi(metricsRoute, async (context) =>
    context.text(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
}
