import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { ServiceError, toServiceError } from '../errors.ts';
import { fieldErrorsOf } from '../model/field-errors.ts';
import type { Logger } from '../model/logger.ts';
import { answerUnchanged } from './conditional-read.ts';
import type { GateEnv } from './connection.ts';
import type { ApiDependencies } from './dependencies.ts';
import { passGate } from './gate.ts';
import { operationScopes } from './operation-scopes.ts';
import { problemOf, toResponse } from './problem.ts';
import { addChunkBodyRoute } from './routes/chunk-body.ts';
import { addCircuitRoute } from './routes/circuits.ts';
import { addDashboardRoutes, isDashboardPath } from './routes/dashboard.ts';
import { addDocumentationRoutes, DOCUMENTATION_PATHS } from './routes/documentation.ts';
import { addEventRoutes } from './routes/events.ts';
import { addHealthRoutes, HEALTH_PATHS } from './routes/health.ts';
import { addIngestRoute } from './routes/ingest.ts';
import { addIngestionRoutes } from './routes/ingestions.ts';
import { addLastFailedAttemptRoute } from './routes/last-failed-attempt.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addPreviewRoute } from './routes/preview.ts';
import { addRejectRoute } from './routes/rejects.ts';
import { addSettingsRoute } from './routes/settings.ts';
import { addVerificationRoutes } from './routes/verification.ts';

/**
 * The HTTP API: routes to the service and the store's reads, with every refusal and failure as a problem document. It opens no socket; the caller
 * serves its `fetch`.
 */
export function createApi(dependencies: ApiDependencies): OpenAPIHono {
  const { gate, clock, logger } = dependencies;
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      throw new ServiceError('REQUEST_INVALID', {
        fields: fieldErrorsOf(result.error.issues, 'is not a parameter of this path'),
      });
    },
  });

  app.use(logRefusals(logger));
  if (gate !== null) {
    app.use(passGate(gate, { clock, openPaths: HEALTH_PATHS, isPublic, scopeOf: operationScopes(app) }));
  }
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const detail = `${context.req.method} is not taken here; ${methods.join(', ')} is.`;
        const response = refuse(new ServiceError('METHOD_NOT_ALLOWED', { detail }), context);
        response.headers.set('Allow', methods.join(', '));
        return response;
      },
    }),
  );

  app.use(answerUnchanged());

  addIngestRoute(app, dependencies);
  addPreviewRoute(app, dependencies);
  addIngestionRoutes(app, dependencies);
  addChunkBodyRoute(app, dependencies);
  addLastFailedAttemptRoute(app, dependencies);
  addVerificationRoutes(app, dependencies);
  addRejectRoute(app, dependencies);
  addCircuitRoute(app, dependencies);
  addEventRoutes(app, dependencies);
  addSettingsRoute(app, dependencies);
  addHealthRoutes(app, dependencies);
  addDashboardRoutes(app);
  addMetricsRoute(app, dependencies);
  addDocumentationRoutes(app, dependencies);

  app.notFound((context) => refuse(new ServiceError('ROUTE_NOT_FOUND'), context));
  app.onError((error, context) => refuse(toServiceError(error), context));
  return app;
}

/** Whether a path holds nothing secret: a browser that opens a page has no token yet. */
function isPublic(path: string): boolean {
  return isDashboardPath(path) || DOCUMENTATION_PATHS.includes(path);
}

/** The one way to refuse or to fail: the answer, and a note for {@link logRefusals}. */
function refuse(error: ServiceError, context: Context): Response {
  context.set('refusal', error);
  return toResponse(problemOf(error, pathOf(context)));
}

/** What is known of a refused request when it is logged. */
type RefusalNotes = GateEnv['Variables'] & { refusal?: ServiceError };

/** Logs what was answered in the end, so that a 404 which became a 405 is one line. */
function logRefusals(logger: Logger): MiddlewareHandler<{ Variables: RefusalNotes }> {
  return async (context, next) => {
    await next();
    const error = context.get('refusal');
    if (error === undefined) return;
    const { status } = context.res;
    const fields = {
      method: context.req.method,
      path: pathOf(context),
      http_status: status,
      code: error.code,
      remote_address: context.get('remoteAddress'),
      token_id: context.get('tokenId'),
    };
    // Nothing failed where the service ends, or its client has gone.
    if (status < 500 || error.code === 'SHUTTING_DOWN') logger.info('request.refused', fields);
    else logger.error('request.failed', { ...fields, reason: error.message, stack: stackOf(error) });
  };
}

/** Not `context.req.path`, which is decoded: a problem's `instance` is a URI reference. */
function pathOf(context: Context): string {
  return new URL(context.req.url).pathname;
}

/** The stack of what was thrown in the first place. */
function stackOf(error: ServiceError): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
