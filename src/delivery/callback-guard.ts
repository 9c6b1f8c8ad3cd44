/*
 * Which addresses the service may call. A callback URL comes from whoever may ask for an ingestion; without this it would open the network
 * of the service's machine to them. The decision is made on addresses, not on names: at submission, and again for each
 * connection by the lookup that the connection itself uses, so that a name cannot change its mind between check and use. Literal addresses
 * never ask a lookup and are checked by `checkForm`, which WHATWG URL parsing has brought into one spelling by then.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { ServiceError } from '../errors.ts';
import { isAddressListed, isHostListed, parseAllowRules } from './callback-allow-rules.ts';

/** All addresses of a name; rejects where it has none. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

/** What a guard is made from. */
export interface CallbackGuardOptions {
  /**
   * ACKSTREAM_CALLBACK_ALLOW: hosts, `*.suffix`, addresses and CIDRs, each with an optional port. Only these may be called, a listed host at
   * whatever address it has. Null: every public address.
   */
  readonly allow: readonly string[] | null;
  /** Without a list: whether loopback is allowed too. */
  readonly isLoopbackAllowed: boolean;
  /** Default: the system's resolver. */
  readonly resolve?: ResolveName;
}

/** Decides which URLs may be called. Every refusal is CALLBACK_NOT_ALLOWED and names the rule. */
export interface CallbackGuard {
  /** Throws by what the URL itself says: scheme, user info, literal address. */
  checkForm(url: URL): void;
  /** The same, and by the addresses of its name. A name that does not resolve passes: it may be a receiver that is not up yet. */
  checkUrl(url: string): Promise<void>;
  /** The lookup for connections to this URL: resolves once, gives the allowed addresses to connect to, or fails. */
  lookupFor(url: URL): LookupFunction;
}

const resolveBySystem: ResolveName = (hostname) => lookup(hostname, { all: true });

/** Makes a guard. Throws CONFIG_INVALID for a list that cannot be read. */
export function createCallbackGuard(options: CallbackGuardOptions): CallbackGuard {
  const { isLoopbackAllowed, resolve = resolveBySystem } = options;
  const rules = options.allow === null ? null : parseAllowRules(options.allow);

  function checkAddress(address: string, url: URL): void {
    const parsed = ipaddr.process(address);
    if (rules !== null) {
      if (!isAddressListed(rules, parsed, portOf(url))) refuse(url, `${address} is not in ACKSTREAM_CALLBACK_ALLOW`);
      return;
    }
    const range = rangeOf(parsed);
    if (range !== 'public' && !(range === 'loopback' && isLoopbackAllowed)) {
      refuse(url, `${address} is not a public address (${range})`);
    }
  }

  function checkForm(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      refuse(url, `the scheme is ${url.protocol} not http or https`);
    if (url.username !== '' || url.password !== '') refuse(url, 'it holds a user name or password');
    if (isIP(hostOf(url)) !== 0) checkAddress(hostOf(url), url);
  }

  async function resolveAllowed(url: URL): Promise<readonly LookupAddress[]> {
    const addresses = await resolve(hostOf(url));
    const isNamed = rules !== null && isHostListed(rules, hostOf(url), portOf(url));
    if (!isNamed) for (const { address } of addresses) checkAddress(address, url);
    return addresses;
  }

  return {
    checkForm,

    async checkUrl(text) {
      if (!URL.canParse(text)) throw new ServiceError('CALLBACK_NOT_ALLOWED', { detail: 'It is not an absolute URL.' });
      const url = new URL(text);
      checkForm(url);
      if (isIP(hostOf(url)) !== 0) return;
      try {
        await resolveAllowed(url);
      } catch (error) {
        // Names that do not resolve are let pass here; each attempt resolves anew.
        if (error instanceof ServiceError) throw error;
      }
    },

    lookupFor(url) {
      const resolveByCallback = callbackify(() => resolveAllowed(url));
      return (_hostname, { all: isAllAsked }, callback) =>
        resolveByCallback((error, addresses) => {
          const [first] = addresses ?? [];
          if (first === undefined) callback(error ?? new Error(`${url.hostname} has no address`), []);
          else if (isAllAsked === true) callback(null, [...addresses]);
          else callback(null, first.address, first.family);
        });
    },
  };
}

/** `public`, `loopback`, or the name of the special range that makes it unreachable from outside. */
function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const range = address.range();
  if (range !== 'unicast') return range;
  // Of IPv6 only 2000::/3 is given out; all else, such as the old IPv4-compatible ::/96, has no route or a surprising one.
  return address.kind() === 'ipv6' && !address.match(ipaddr.parseCIDR('2000::/3')) ? 'unassigned' : 'public';
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
