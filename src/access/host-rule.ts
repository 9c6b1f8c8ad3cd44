import ipaddr from 'ipaddr.js';

/** By which names a service may be asked for. */
export interface HostRuleOptions {
  /** What it listens on: an address or a name. */
  readonly host: string;
  readonly listensOnLoopbackOnly: boolean;
  /** Further names and addresses in lower case, with a port or without, which then means any. */
  readonly allowedHosts: readonly string[];
}

/** The end of a connection that is ours. */
export interface LocalEnd {
  readonly address: string;
  readonly port: number;
}

/** A name or an address, brackets around that of IPv6, and what URLs have it without. */
interface HostAndPort {
  readonly name: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Whether a `Host` names this service. A page of any site can have its own name lead to the loopback address of its visitor (DNS rebinding); the browser then takes the service for a part
 * of that site, and only the name in `Host` tells. An address cannot be led elsewhere.
 */
export class HostRule {
  readonly #options: HostRuleOptions;

  constructor(options: HostRuleOptions) {
    this.#options = options;
  }

  /** Whether names matter at all: they do where everybody is let in by being on the machine, and where somebody said which there are. */
  get isInForce(): boolean {
    return this.#options.listensOnLoopbackOnly || this.#options.allowedHosts.length > 0;
  }

  /**
   * Whether an authority, as `Host` or a URL has it, is ours.
   * @param protocol of the URL it comes from, whose port it means where it names none.
   */
  isOurs(authority: string, local: LocalEnd, protocol = 'http:'): boolean {
    const asked = parseAuthority(authority, protocol);
    if (asked === null) return false;
    const { allowedHosts, host } = this.#options;
    if (allowedHosts.includes(asked.name) || allowedHosts.includes(`${asked.name}:${asked.port}`)) return true;
    if (asked.port !== local.port) return false;
    return isLoopback(asked.name) || [bracketed(host.toLowerCase()), bracketed(local.address)].includes(asked.name);
  }
}

/** Read as browsers read it, so that no other spelling of an address is another address; null: it is no authority. */
function parseAuthority(authority: string, protocol: string): HostAndPort | null {
  if (!/^[\w.:[\]-]+$/.test(authority)) return null;
  const url = URL.parse(`${protocol}//${authority}`);
  if (url === null) return null;
  return { name: url.hostname, port: url.port === '' ? (DEFAULT_PORTS[protocol] ?? 0) : Number(url.port) };
}

function isLoopback(name: string): boolean {
  if (name === 'localhost') return true;
  const address = name.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** An address as URLs have it; of one that was IPv4 before a socket for both made it IPv6, the IPv4 one. */
function bracketed(host: string): string {
  if (!ipaddr.isValid(host)) return host;
  const address = ipaddr.process(host);
  return address.kind() === 'ipv6' ? `[${address.toString()}]` : address.toString();
}
