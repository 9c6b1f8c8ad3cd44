import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ServiceError } from '../../errors.ts';
import { ASSET_ROOT, type Asset, loadAssets } from '../dashboard/load-assets.ts';

/**
 * What the page may load and talk to: this service alone. No text ever becomes markup or script: `trusted-types 'none'` has the browser refuse every way to make some.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A year: what lies at the path of an asset never changes. */
const KEEP_FOR_GOOD = 'public, max-age=31536000, immutable';

/** Whether a path is of the dashboard, which holds nothing secret: a browser that opens it has no token yet. */
export function isDashboardPath(path: string): boolean {
  return path === '/' || path.startsWith(`${ASSET_ROOT}/`);
}

/** GET / and what the page loads. No operations of the API: they are not in its document. */
export function addDashboardRoutes(app: OpenAPIHono): void {
  const { page, files } = loadAssets();
  app.get('/', (context) => {
    context.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    return answer(context, page, 'no-cache');
  });
  app.get(`${ASSET_ROOT}/:digest/:name`, (context) => {
    const file = files.get(context.req.path);
    if (file === undefined) throw new ServiceError('ROUTE_NOT_FOUND');
    return answer(context, file, KEEP_FOR_GOOD);
  });
}

function answer(context: Context, { body, contentType, etag }: Asset, cacheControl: string): Response {
  context.header('Cache-Control', cacheControl);
  context.header('ETag', etag);
  if (context.req.header('If-None-Match') === etag) return context.body(null, 304);
  return context.body(body, 200, { 'Content-Type': contentType });
}
