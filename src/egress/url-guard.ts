/*
 * Which URLs the service may call. They come from whoever may ask for an ingestion; without this they would open the network of the service's machine to them. The
 * decision is made on addresses, not on names, and in three places, none of which is enough: at the request, to tell who asks; in the
 * lookup of each connection, so that a name cannot change its mind between check and use; and at the open connection, before anything is written to it,
 * because a connection to a literal address never asks a lookup, and whatever stands between us and the socket may not either.
 * WHATWG URL parsing has brought every spelling of a host into one by then.
 */
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { ServiceError } from '../errors.ts';
import { isAddressListed, isHostListed, parseAllowRules, withoutFinalDot } from './allow-rules.ts';
import { type ResolveName, resolveBySystem, resolveForRequests } from './resolve-name.ts';
import { specialRangeOf } from './special-addresses.ts';

/** What a guard is made from. */
export interface UrlGuardOptions {
  /**
   * ACKSTREAM_CALLBACK_ALLOW: hosts, `*.suffix`, addresses and CIDRs, each with an optional port. Only these may be called, a listed host at
   * whatever address it has. Null: every public address.
   */
  readonly allow: readonly string[] | null;
  /** Without a list: whether loopback is allowed too. */
  readonly isLoopbackAllowed: boolean;
  /** Default: the system's resolver. */
  readonly resolve?: ResolveName;
  /** How long a request waits for its names, ms. Default 5 000. */
  readonly resolveTimeoutMs?: number;
}

/** Decides which URLs may be called. Every refusal is CALLBACK_NOT_ALLOWED and names the rule. */
export interface UrlGuard {
  /**
   * Whether a URL that a request brings may be called, by itself and by the addresses of its name. A name that does not resolve, or not in time, or that
   * comes with too many others, passes: it may be a receiver that is not up yet, and connections are checked.
   */
  checkUrl(url: string): Promise<void>;
  /** What a client that calls this URL has to ask. Nothing is resolved yet. */
  routeTo(url: URL): GuardedRoute;
}

/** The way to one URL, for one client with one connection at a time. */
export interface GuardedRoute {
  /** Throws by what the URL itself says: scheme, user info, port, literal address. To be asked before each request. */
  checkForm(): void;
  /** For connections: resolves once, gives the addresses to connect to if every one of them is allowed, or fails. */
  readonly lookup: LookupFunction;
  /**
   * Throws unless a connection ends where it was allowed to: at the literal address or one that `lookup` gave last, at the port of the URL, by the rules as they
   * are now. To be asked before the first byte is written to it, and before it is used again.
   */
  checkPeer(peer: Peer): void;
}

/** The other end of a connection, as the operating system tells it. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** As long as a connection is given: a name server that never answers shall not hold a request. */
const RESOLVE_TIMEOUT_MS = 5_000;

/** Makes a guard. Throws CONFIG_INVALID for a list that cannot be read. */
export function createUrlGuard(options: UrlGuardOptions): UrlGuard {
  const { resolve = resolveBySystem, resolveTimeoutMs = RESOLVE_TIMEOUT_MS } = options;
  const checks = checksOf({ ...options, resolve });
  const requestChecks = checksOf({ ...options, resolve: resolveForRequests(resolve) });
  return {
    async checkUrl(text) {
      if (!URL.canParse(text)) throw new ServiceError('CALLBACK_NOT_ALLOWED', { detail: 'It is not an absolute URL.' });
      const url = new URL(text);
      requestChecks.checkForm(url);
      if (isLiteral(url)) return;
      try {
        await settledWithin(resolveTimeoutMs, requestChecks.resolveAllowed(url));
      } catch (error) {
        // Names that do not resolve are let pass here; each attempt resolves anew.
        if (error instanceof ServiceError) throw error;
      }
    },

    routeTo: (url) => routeBy(checks, url),
  };
}

/** What the rules say. Each throws CALLBACK_NOT_ALLOWED. */
interface Checks {
  checkForm(url: URL): void;
  /** Of an address that the URL has or that its name resolves to. */
  checkAddress(address: string, url: URL): void;
  /** All addresses of the URL's name, each allowed; rejects with another error where it does not resolve. */
  resolveAllowed(url: URL): Promise<readonly LookupAddress[]>;
}

function checksOf({ allow, isLoopbackAllowed, resolve }: UrlGuardOptions & { readonly resolve: ResolveName }): Checks {
  const rules = allow === null ? null : parseAllowRules(allow);

  function checkAddress(address: string, url: URL): void {
    if (rules !== null && isHostListed(rules, hostOf(url), portOf(url))) return;
    // Which address a name has is not told: that would answer questions about the names of the service's network.
    const what = isLiteral(url) ? 'it' : 'what it resolves to';
    if (isIP(address) === 0) refuse(url, `${what} is not an address`);
    const parsed = ipaddr.parse(address);
    if (rules !== null) {
      if (!isAddressListed(rules, parsed, portOf(url))) refuse(url, `${what} is not in ACKSTREAM_CALLBACK_ALLOW`);
      return;
    }
    const range = specialRangeOf(parsed);
    if (range !== null && !(range === 'loopback' && isLoopbackAllowed)) {
      refuse(url, `${what} is not a public address (${range})`);
    }
  }

  return {
    checkForm(url) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        refuse(url, `the scheme is ${url.protocol} not http or https`);
      if (url.username !== '' || url.password !== '') refuse(url, 'it holds a user name or password');
      if (url.port === '0') refuse(url, 'nobody listens on port 0');
      if (isLiteral(url)) checkAddress(hostOf(url), url);
      // By their name alone: there are resolvers that do not know these, and then those that are asked next may answer anything.
      else if (isLocalhost(hostOf(url))) checkAddress('127.0.0.1', url);
    },

    checkAddress,

    async resolveAllowed(url) {
      const addresses = await resolve(hostOf(url));
      for (const { address } of addresses) checkAddress(address, url);
      return addresses;
    },
  };
}

function routeBy({ checkForm, checkAddress, resolveAllowed }: Checks, url: URL): GuardedRoute {
  let dialled: readonly string[] = isLiteral(url) ? [hostOf(url)] : [];
  const resolveByCallback = callbackify(() => resolveAllowed(url));
  return {
    checkForm: () => checkForm(url),

    lookup: (_hostname, { all: isAllAsked }, callback) =>
      // Without a value where it fails, whatever its type says.
      resolveByCallback((error, resolved: readonly LookupAddress[] | undefined) => {
        const addresses = resolved ?? [];
        dialled = addresses.map(({ address }) => address);
        const [first] = addresses;
        if (first === undefined) callback(error ?? new Error(`${url.hostname} has no address`), []);
        else if (isAllAsked === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      }),

    checkPeer({ remoteAddress, remotePort }) {
      const address = remoteAddress ?? '';
      if (remotePort !== portOf(url) || !dialled.some((one) => isSameAddress(one, address)))
        refuse(url, 'the connection ends at another address than the one that was checked');
      checkForm(url);
      checkAddress(address, url);
    },
  };
}

/** What a promise resolves to, or undefined where it takes longer; then its failure is nobody's. */
async function settledWithin<Value>(timeoutMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  const { promise: elapsed, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}

/** IPv6 addresses have many spellings. */
function isSameAddress(one: string, other: string): boolean {
  return (
    isIP(one) !== 0 &&
    isIP(other) !== 0 &&
    ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString()
  );
}

/** RFC 6761 section 6.3. */
function isLocalhost(host: string): boolean {
  return /(?:^|\.)localhost$/.test(withoutFinalDot(host));
}

function isLiteral(url: URL): boolean {
  return isIP(hostOf(url)) !== 0;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80;
}

function refuse(url: URL, rule: string): never {
  throw new ServiceError('CALLBACK_NOT_ALLOWED', { detail: `${url.host} may not be called: ${rule}.` });
}
