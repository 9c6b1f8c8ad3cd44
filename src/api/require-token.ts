import { hash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../errors.ts';

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer');

/**
 * Lets only requests with the token pass, and those of the open paths: monitors have none.
 * Digests are compared, in constant time, so that neither the token nor its length can be guessed by the clock.
 */
export function requireToken(apiToken: string, openPaths: readonly string[]): MiddlewareHandler {
  const expected = digestOf(apiToken);
  return async (context, next) => {
    if (!openPaths.includes(context.req.path)) {
      const given = /^bearer +(\S+)$/i.exec(context.req.header('Authorization') ?? '')?.[1] ?? '';
      if (!timingSafeEqual(digestOf(given), expected)) throw new ServiceError('UNAUTHORIZED');
    }
    await next();
  };
}
