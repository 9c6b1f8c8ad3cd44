import type { Context } from 'hono';
import type { HostRule, LocalEnd } from '../access/host-rule.ts';
import { ServiceError } from '../errors.ts';
import type { GateEnv } from './connection.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** What browsers say of requests that their user, or a page of the same origin, made. */
const OWN_FETCH_SITES = ['same-origin', 'none'];

/** Throws HOST_NOT_ALLOWED where a request was meant for another: by `Host`, or by a target that is a whole URL, which goes before it (RFC 9112, 3.2.2). */
export function requireOwnHost(hosts: HostRule, context: Context<GateEnv>): void {
  if (!hosts.isInForce) return;
  const local = localEndOf(context);
  const asked = [context.req.header('Host') ?? '', new URL(context.req.url).host];
  if (!asked.every((authority) => hosts.isOurs(authority, local))) throw new ServiceError('HOST_NOT_ALLOWED');
}

/**
 * Throws ORIGIN_NOT_ALLOWED where a page of another site has a browser send what changes something. The page could not read the answer, for no header allows it to; but the request would have
 * been carried out by then.
 */
export function requireOwnOrigin(hosts: HostRule, context: Context<GateEnv>): void {
  if (SAFE_METHODS.includes(context.req.method)) return;
  const origin = context.req.header('Origin');
  const fetchSite = context.req.header('Sec-Fetch-Site');
  const isOwnSite = fetchSite === undefined || OWN_FETCH_SITES.includes(fetchSite.toLowerCase());
  if (isOwnSite && (origin === undefined || isOwnOrigin(origin, hosts, context))) return;
  throw new ServiceError('ORIGIN_NOT_ALLOWED');
}

/** Ours: the host that was asked for, or another of our names. A proxy may have taken TLS off, or have put another `Host`. */
function isOwnOrigin(origin: string, hosts: HostRule, context: Context<GateEnv>): boolean {
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin) return false;
  return (
    url.host === context.req.header('Host')?.toLowerCase() || hosts.isOurs(url.host, localEndOf(context), url.protocol)
  );
}

function localEndOf({ env }: Context<GateEnv>): LocalEnd {
  return { address: env.localAddress, port: env.localPort };
}
