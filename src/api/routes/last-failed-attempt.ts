import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { ServiceError } from '../../errors.ts';
import { conditionalHeaders, conditionalJson } from '../conditional-read.ts';
import { GATE_CODES, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { failedAttemptSchema, presentFailedAttempt } from '../present-failed-attempt.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';

const route = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/last-failed-attempt',
  operationId: 'getLastFailedAttempt',
  summary: 'The last attempt that failed, with what the receiver answered: status, headers, body',
  description:
    'Also after later attempts were acknowledged, so that one sees why it had stopped. It is the last that was answered; where none was, the last at which something was sent; where nothing was sent, as while the circuit is open, the last.',
  security: tokenWith('read'),
  request: { params: ingestionParams, headers: conditionalHeaders },
  responses: {
    ...conditionalJson(failedAttemptSchema, 'The attempt.'),
    ...problemResponses(...GATE_CODES, 'INGESTION_NOT_FOUND', 'FAILED_ATTEMPT_NOT_FOUND', ...STATE_CODES),
  },
});

/** GET /api/ingestions/{id}/last-failed-attempt. */
export function addLastFailedAttemptRoute(app: OpenAPIHono, { reads }: ApiDependencies): void {
  app.openapi(route, async (context) => {
    const { ingestionId } = await requireIngestion(reads, context.req.valid('param').id);
    const failed = await reads.getLastFailedAttempt(ingestionId);
    if (failed === null) throw new ServiceError('FAILED_ATTEMPT_NOT_FOUND');
    return context.json(presentFailedAttempt(ingestionId, failed), 200);
  });
}
