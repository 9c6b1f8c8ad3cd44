/** ETag and If-None-Match (RFC 9110, 8.8 and 13.1): who looks again and again is told in a few bytes that nothing has changed. */
import { hash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { jsonResponse } from './contracts.ts';

const READ_METHODS = ['GET', 'HEAD'];

/** The request header of a read that may be answered 304, for the document. */
export const conditionalHeaders = z.object({
  'If-None-Match': z
    .string()
    .optional()
    .openapi({ description: 'ETags of earlier answers: 304 where one still holds.', example: 'W/"47DEQpj8HBSa-_TI"' }),
});

/** The response header of such a read, for the document. */
export const etagHeader = z.object({
  ETag: z.string().openapi({ description: 'Changes with anything that is shown.', example: 'W/"47DEQpj8HBSa-_TI"' }),
});

/** The 304 of a read, for the document. */
export const notModified = { description: 'What is shown has not changed.', headers: etagHeader };

/** The OpenAPI responses of a read with a JSON body. */
export function conditionalJson<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { 200: { ...jsonResponse(schema, description), headers: etagHeader }, 304: notModified };
}

/** Whether the client has what this ETag stands for. */
export function isHeldByClient(context: Context, etag: string): boolean {
  const asked = context.req.header('If-None-Match') ?? '';
  return asked.split(',').some((text) => text.trim() === '*' || opaque(text.trim()) === opaque(etag));
}

/** Gives each JSON answer to a GET (or HEAD) below /api a weak ETag made of its body, and leaves out the body where the client has it. */
export function answerUnchanged(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { res: answer } = context;
    const isJson = answer.headers.get('Content-Type')?.startsWith('application/json') === true;
    if (!isJson || answer.status !== 200 || answer.headers.has('ETag')) return;
    if (!READ_METHODS.includes(context.req.method) || !context.req.path.startsWith('/api/')) return;
    const body = new Uint8Array(await answer.arrayBuffer());
    const etag = `W/"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
    context.res = isHeldByClient(context, etag) ? new Response(null, { status: 304 }) : new Response(body, answer);
    context.res.headers.set('ETag', etag);
  };
}

/** Weak comparison: with or without `W/`. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
