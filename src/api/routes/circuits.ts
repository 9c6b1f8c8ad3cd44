import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { conditionalHeaders, conditionalJson } from '../conditional-read.ts';
import { GATE_CODES, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { circuitListSchema, presentCircuit } from '../present-circuit.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/api/circuits',
  operationId: 'listCircuits',
  summary: 'The callback origins that failed so often that nothing but probes is sent to them',
  security: tokenWith('read'),
  request: { headers: conditionalHeaders },
  responses: {
    ...conditionalJson(circuitListSchema, 'Those that are not closed, by origin.'),
    ...problemResponses(...GATE_CODES, 'INTERNAL'),
  },
});

/** GET /api/circuits. */
export function addCircuitRoute(app: OpenAPIHono, { circuits }: ApiDependencies): void {
  app.openapi(listRoute, (context) => context.json({ items: circuits.list().map(presentCircuit) }, 200));
}
