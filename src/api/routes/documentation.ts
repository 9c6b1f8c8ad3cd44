import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { PUBLIC_CODES, problemResponses } from '../contracts.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { DOCS_CONTENT_SECURITY_POLICY, type DocsDocument, renderDocsPage } from '../docs-page.ts';
import { withExamples } from '../document-examples.ts';

/** Of the document as a whole. */
const DESCRIPTION = `Delivers feed files of any size to an HTTP callback in acknowledged chunks. Every refusal is a problem document. Besides those that its operation names, any request may meet 400 REQUEST_MALFORMED, 408 REQUEST_TIMEOUT or
431 REQUEST_HEADERS_TOO_LARGE, and one that names no operation 404 ROUTE_NOT_FOUND or 405 METHOD_NOT_ALLOWED. HEAD is answered as GET, without the body. Where there is a limit of requests, \`RateLimit\` says how many are left (\`r\`) for how many seconds (\`t\`).`;

const openApiRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This description, for programs',
  responses: {
    200: { description: 'An OpenAPI 3.1 document.', content: { 'application/json': { schema: z.looseObject({}) } } },
    ...problemResponses(...PUBLIC_CODES),
  },
});

const docsRoute = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'getDocs',
  summary: 'This description, for people',
  responses: {
    200: { description: 'A page.', content: { 'text/html': { schema: z.string() } } },
    ...problemResponses(...PUBLIC_CODES),
  },
});

/** The paths that ask for no token: they tell what every installation of this version does, and a browser that opens the page has no token yet. */
export const DOCUMENTATION_PATHS: readonly string[] = [openApiRoute.path, docsRoute.path];

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
      description: DESCRIPTION,
    },
  });
  const document = withExamples(generated as unknown as DocsDocument);
  const page = renderDocsPage(document);

  app.get(openApiRoute.path, (context) => context.json(document));
  app.get(docsRoute.path, (context) => {
    context.header('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
    return context.html(page);
  });
}
