import ipaddr from 'ipaddr.js';
import { ServiceError } from '../errors.ts';
import type { Address } from './special-addresses.ts';

/** One entry of the list; `port` null: any. */
type AllowRule =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null }
  /** Every name below, not the name itself; with its leading dot. */
  | { readonly kind: 'suffix'; readonly suffix: string; readonly port: number | null }
  | {
      readonly kind: 'network';
      readonly network: Address;
      readonly prefixLength: number;
      readonly port: number | null;
    };

/** The entries of ACKSTREAM_CALLBACK_ALLOW, read. */
export type AllowRules = readonly AllowRule[];

const MAX_PORT = 65_535;

const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.?$/;

/** Reads `host`, `*.suffix`, `address` and `address/prefix`, each with an optional `:port`, IPv6 then in brackets. Throws CONFIG_INVALID. */
export function parseAllowRules(entries: readonly string[]): AllowRules {
  return entries.map((entry) => {
    const { target, port } = splitPort(entry.trim().toLowerCase());
    const network = parseNetwork(target);
    if (network !== null) return { kind: 'network', network: network[0], prefixLength: network[1], port };
    const name = withoutFinalDot(target);
    if (name.startsWith('*.') && HOST.test(name.slice(2))) return { kind: 'suffix', suffix: name.slice(1), port };
    // What ends in a number is an address to every URL parser, so a rule for it as a name would never match.
    if (HOST.test(name) && !/(?:^|\.)\d+$/.test(name)) return { kind: 'host', host: name, port };
    throw new ServiceError('CONFIG_INVALID', {
      detail: `ACKSTREAM_CALLBACK_ALLOW holds ${JSON.stringify(entry)}, which is no host, *.suffix, address or network.`,
    });
  });
}

/** Whether a name is listed as such. `host` as a URL has it, in lower case. */
export function isHostListed(rules: AllowRules, host: string, port: number): boolean {
  const name = withoutFinalDot(host);
  return rules.some((rule) => {
    if (rule.kind === 'network' || !isPort(rule.port, port)) return false;
    return rule.kind === 'host' ? rule.host === name : name.endsWith(rule.suffix) && name.length > rule.suffix.length;
  });
}

/** Whether an address lies in a listed network; one that is an IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) as the address that it is. */
export function isAddressListed(rules: AllowRules, address: Address, port: number): boolean {
  const plain = isMapped(address) ? address.toIPv4Address() : address;
  return rules.some(
    (rule) =>
      rule.kind === 'network' &&
      isPort(rule.port, port) &&
      rule.network.kind() === plain.kind() &&
      plain.match(rule.network, rule.prefixLength),
  );
}

/** A name without the dot that says that it is complete. */
export function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function isMapped(address: Address): address is ipaddr.IPv6 {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress();
}

function isPort(allowed: number | null, port: number): boolean {
  return allowed === null || allowed === port;
}

function splitPort(entry: string): { target: string; port: number | null } {
  const match = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+))(?::(?<port>\d{1,5}))?$/.exec(entry);
  const { bracketed, plain, port } = match?.groups ?? {};
  // Left whole, what is no port makes the entry unreadable.
  if (Number(port ?? 0) > MAX_PORT) return { target: entry, port: null };
  return { target: bracketed ?? plain ?? entry, port: port === undefined ? null : Number(port) };
}

function parseNetwork(target: string): [Address, number] | null {
  // In decimal and whole: `10.1/8` and `010.0.0.0/8` mean other networks than whoever writes them thinks.
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(target)) return ipaddr.IPv4.parseCIDR(target);
  if (ipaddr.IPv6.isValidCIDR(target)) {
    const network = ipaddr.IPv6.parseCIDR(target);
    // Addresses are held against it as the IPv4 addresses that they are, so that it would never match.
    return isMapped(network[0]) ? null : network;
  }
  if (!ipaddr.IPv6.isValid(target) && !ipaddr.IPv4.isValidFourPartDecimal(target)) return null;
  const address = ipaddr.process(target);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
