/** Who is let in, to what, and how often: everything that a request meets before its route. */
import { randomBytes } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { AccessTokens, type Bearer } from '../access/access-tokens.ts';
import { createAddressKey } from '../access/address-key.ts';
import { HostRule, type HostRuleOptions } from '../access/host-rule.ts';
import { type Allowance, RateLimit } from '../access/rate-limit.ts';
import { allows, type Scope } from '../access/scope.ts';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { GateEnv } from './connection.ts';
import { requireOwnHost, requireOwnOrigin } from './require-own-host.ts';

/** Failed authentications per minute of one address: many more than a person's mistakes, and nothing to somebody who guesses. */
const FAILURE_LIMIT = 20;

/** What lets in. */
export interface Gate {
  readonly tokens: AccessTokens;
  readonly hosts: HostRule;
  /** Of one token, or of one address where none is asked for; null: there is no limit. */
  readonly requests: RateLimit | null;
  /** Failed authentications of one address. */
  readonly failures: RateLimit;
  readonly addressKey: (address: string) => string;
}

/** The settings that decide on it. */
export interface GateOptions extends HostRuleOptions {
  readonly dataDir: string;
  readonly apiToken: string | null;
  /** Requests per minute; 0: no limit. */
  readonly rateLimit: number;
}

/** Throws CONFIG_INVALID where others than this machine reach the service and there is no token, and TOKENS_UNUSABLE. */
export function createGate(options: GateOptions): Gate {
  const { dataDir, apiToken, rateLimit, listensOnLoopbackOnly } = options;
  const tokens = new AccessTokens({ dataDir, settingsToken: apiToken, isAlwaysRequired: !listensOnLoopbackOnly });
  if (!tokens.hasAny() && !listensOnLoopbackOnly) {
    const message = 'or a token of `ackstream token create` is required to listen on anything but loopback';
    throw new ServiceError('CONFIG_INVALID', { fields: [{ field: 'ACKSTREAM_API_TOKEN', message }] });
  }
  return {
    tokens,
    hosts: new HostRule(options),
    requests: rateLimit === 0 ? null : new RateLimit(rateLimit),
    failures: new RateLimit(FAILURE_LIMIT),
    addressKey: createAddressKey(randomBytes(16)),
  };
}

/** What a gate needs of the API it stands before. */
export interface GateContext {
  readonly clock: Clock;
  /** Paths that are open to all, by whatever name, as often as they like: monitors have no token, and ask by the address of a container. */
  readonly openPaths: readonly string[];
  /** Whether a path holds nothing secret: no token is asked for there, all else is as everywhere. */
  readonly isPublic: (path: string) => boolean;
  /** What the route of a request asks for; null: it has none, and will be refused for that. */
  readonly scopeOf: (context: Context) => Scope | null;
}

/** Lets a request pass, or throws HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, UNAUTHORIZED, RATE_LIMITED, FORBIDDEN, TOKENS_UNUSABLE. */
export function passGate(gate: Gate, { clock, openPaths, isPublic, scopeOf }: GateContext): MiddlewareHandler<GateEnv> {
  return async (context, next) => {
    if (openPaths.includes(context.req.path)) return next();
    context.set('remoteAddress', context.env.remoteAddress);
    requireOwnHost(gate.hosts, context);
    requireOwnOrigin(gate.hosts, context);
    const address = gate.addressKey(context.env.remoteAddress);
    const bearer = isPublic(context.req.path)
      ? null
      : await authenticate(gate, { header: context.req.header('Authorization'), address, now: clock.now() });
    if (bearer !== null) context.set('tokenId', bearer.tokenId);
    const allowance = await gate.requests?.take(bearer === null ? address : `token ${bearer.tokenId}`);
    if (allowance?.isOver === true) throw rateLimited(allowance);
    const needed = scopeOf(context);
    if (bearer !== null && needed !== null && !allows(bearer.scopes, needed)) throw forbidden(needed);
    await next();
    if (allowance !== undefined) context.res.headers.set('RateLimit', rateLimitField(allowance));
  };
}

/**
 * Who sent the request; null: nobody is asked. What a person made up is not looked at once an address has failed too often, so that guessing gets no further; made tokens are, or whoever
 * shares the address of a proxy with others could lock them out.
 */
async function authenticate(
  { tokens, failures }: Gate,
  {
    header = '',
    address,
    now,
  }: { readonly header: string | undefined; readonly address: string; readonly now: number },
): Promise<Bearer | null> {
  if (!tokens.isRequired()) return null;
  const bearer = tokens.identify(tokenOf(header));
  const before = await failures.look(address);
  const isShutOut = before.remaining === 0;
  if (bearer !== null && !(bearer.isGuessable && isShutOut)) {
    if (bearer.expiresAt === null || now < bearer.expiresAt) return bearer;
    throw new ServiceError('UNAUTHORIZED', {
      detail: `The token has expired at ${new Date(bearer.expiresAt).toISOString()}.`,
    });
  }
  if (isShutOut) throw rateLimited(before, 'Too many requests without a valid token came from this address.');
  await failures.take(address);
  throw new ServiceError('UNAUTHORIZED');
}

/** Whether who sent a request would be let in now as well: its token may have been revoked, or run out, while a long answer is given. Throws TOKENS_UNUSABLE. */
export function isStillLetIn(
  { tokens }: Gate,
  { header = '', needed, now }: { readonly header: string | undefined; readonly needed: Scope; readonly now: number },
): boolean {
  if (!tokens.isRequired()) return true;
  const bearer = tokens.identify(tokenOf(header));
  if (bearer === null || !allows(bearer.scopes, needed)) return false;
  return bearer.expiresAt === null || now < bearer.expiresAt;
}

function tokenOf(header: string): string {
  return /^bearer +(\S+)$/i.exec(header)?.[1] ?? '';
}

function forbidden(needed: Scope): ServiceError {
  const detail = `The token does not have the scope \`${needed}\`.`;
  return new ServiceError('FORBIDDEN', { detail, data: { scope_needed: needed } });
}

function rateLimited({ limit, resetSeconds }: Allowance, detail = `More than ${limit} requests came in a minute.`) {
  return new ServiceError('RATE_LIMITED', { detail, data: { retry_after_seconds: resetSeconds } });
}

/** As draft-ietf-httpapi-ratelimit-headers has it: what remains, and for how many seconds. */
function rateLimitField({ remaining, resetSeconds }: Allowance): string {
  return `"minute";r=${remaining};t=${resetSeconds}`;
}
