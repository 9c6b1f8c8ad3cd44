import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { GATE_CODES, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { DOCS_CONTENT_SECURITY_POLICY, type DocsDocument, renderDocsPage } from '../docs-page.ts';
import { withExamples } from '../document-examples.ts';
import { tokenWith } from '../operation-scopes.ts';

const openApiRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This description, for programs',
  security: tokenWith('read'),
  responses: {
    200: { description: 'An OpenAPI 3.1 document.', content: { 'application/json': { schema: z.looseObject({}) } } },
    ...problemResponses(...GATE_CODES, 'INTERNAL'),
  },
});

const docsRoute = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'getDocs',
  summary: 'This description, for people',
  security: tokenWith('read'),
  responses: {
    200: { description: 'A page.', content: { 'text/html': { schema: z.string() } } },
    ...problemResponses(...GATE_CODES, 'INTERNAL'),
  },
});

/** GET /openapi.json and /docs. Added last: they describe the routes that are there by then. */
export function addDocumentationRoutes(app: OpenAPIHono, { version }: ApiDependencies): void {
  app.openAPIRegistry.registerPath(openApiRoute);
  app.openAPIRegistry.registerPath(docsRoute);
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token that `ackstream token create` made, or ACKSTREAM_API_TOKEN. Each operation names the scope that it asks for: `ingest` or `read`; `admin` allows everything.',
  });
  const generated = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Ackstream',
      version,
      description: 'Delivers feed files of any size to an HTTP callback in acknowledged chunks.',
    },
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the general type leaves open what every operation here has: id, summary
  const document = withExamples(generated as unknown as DocsDocument);
  const page = renderDocsPage(document);

  app.get(openApiRoute.path, (context) => context.json(document));
  app.get(docsRoute.path, (context) => {
    context.header('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
    return context.html(page);
  });
}
