import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { ServiceError } from '../../errors.ts';
import { conditionalHeaders, conditionalJson } from '../conditional-read.ts';
import { GATE_CODES, jsonResponse, locationHeader, problemResponses, STATE_CODES } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { tokenWith } from '../operation-scopes.ts';
import { presentVerification, verificationSchema } from '../present-verification.ts';
import { ingestionParams, requireIngestion } from '../require-ingestion.ts';

const startRoute = createRoute({
  method: 'post',
  path: '/api/ingestions/{id}/verify',
  operationId: 'verifyIngestion',
  summary: 'Compare what was delivered with its file',
  description:
    'Rebuilds every chunk that was ever acknowledged from the file, in the background, and compares its checksum and the chain over all with what is recorded. Nothing is sent or changed. Where a verification of the ingestion is under way, that goes on and is answered.',
  security: tokenWith('ingest'),
  request: { params: ingestionParams },
  responses: {
    202: {
      ...jsonResponse(verificationSchema, 'It is under way; follow it with GET …/verification.'),
      headers: locationHeader('The path of the verification.'),
    },
    ...problemResponses(...GATE_CODES, 'ORIGIN_NOT_ALLOWED', 'INGESTION_NOT_FOUND', 'READ_BACK_BUSY', ...STATE_CODES),
  },
});

const readRoute = createRoute({
  method: 'get',
  path: '/api/ingestions/{id}/verification',
  operationId: 'getVerification',
  summary: 'The last verification of an ingestion',
  description: 'Kept in memory, of the last 1000 ingestions that were verified, until the service ends.',
  security: tokenWith('read'),
  request: { params: ingestionParams, headers: conditionalHeaders },
  responses: {
    ...conditionalJson(verificationSchema, 'How far it is, or what came of it.'),
    ...problemResponses(...GATE_CODES, 'INGESTION_NOT_FOUND', 'VERIFICATION_NOT_FOUND', ...STATE_CODES),
  },
});

const forgetRoute = createRoute({
  method: 'delete',
  path: '/api/ingestions/{id}/verification',
  operationId: 'forgetVerification',
  summary: 'Give up a verification, or forget what came of it',
  security: tokenWith('ingest'),
  request: { params: ingestionParams },
  responses: {
    204: {
      description: 'It is forgotten. One that is running is given up; its place is free for another within seconds.',
    },
    ...problemResponses(
      ...GATE_CODES,
      'ORIGIN_NOT_ALLOWED',
      'INGESTION_NOT_FOUND',
      'VERIFICATION_NOT_FOUND',
      ...STATE_CODES,
    ),
  },
});

/** POST /api/ingestions/{id}/verify, GET and DELETE /api/ingestions/{id}/verification. */
export function addVerificationRoutes(app: OpenAPIHono, { verifications, reads }: ApiDependencies): void {
  app.openapi(startRoute, async (context) => {
    const ingestion = await requireIngestion(reads, context.req.valid('param').id);
    context.header('Location', `/api/ingestions/${ingestion.ingestionId}/verification`);
    return context.json(presentVerification(verifications.start(ingestion)), 202);
  });
  app.openapi(readRoute, async (context) => {
    const { ingestionId } = await requireIngestion(reads, context.req.valid('param').id);
    const verification = verifications.find(ingestionId);
    if (verification === null) throw new ServiceError('VERIFICATION_NOT_FOUND');
    return context.json(presentVerification(verification), 200);
  });
  app.openapi(forgetRoute, async (context) => {
    const { ingestionId } = await requireIngestion(reads, context.req.valid('param').id);
    if (!verifications.forget(ingestionId)) throw new ServiceError('VERIFICATION_NOT_FOUND');
    return context.body(null, 204);
  });
}
