import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import { SCOPES, type Scope } from '../access/scope.ts';

/** What an operation declares as its `security`: which scope a token must have. The gate enforces what is declared, so that the document cannot say otherwise. */
export function tokenWith(scope: Scope): { token: string[] }[] {
  return [{ token: [scope] }];
}

/** Tells the scope that the route of a request asks for; null: it has no route. What declares none asks for the most that it could need. */
export function operationScopes(app: OpenAPIHono): (context: Context) => Scope | null {
  let declared: ReadonlyMap<string, Scope | undefined> | undefined;
  return (context) => {
    const route = matchedRoutes(context).findLast(({ method }) => method !== 'ALL');
    if (route === undefined) return null;
    // Not before: the routes are added after the gate that stands before them.
    declared ??= declaredScopes(app);
    return declared.get(`${route.method} ${route.path}`) ?? (route.method === 'GET' ? 'read' : 'admin');
  };
}

function declaredScopes(app: OpenAPIHono): ReadonlyMap<string, Scope | undefined> {
  return new Map(
    app.openAPIRegistry.definitions.flatMap((definition) => {
      if (definition.type !== 'route') return [];
      const { method, path, security = [] } = definition.route;
      const [name] = security[0]?.token ?? [];
      return [[`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`, SCOPES.find((scope) => scope === name)]];
    }),
  );
}
