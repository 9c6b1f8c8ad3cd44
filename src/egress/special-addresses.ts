/*
 * The addresses behind which nobody's public server is. IPv4 is public but for the ranges named here; of IPv6 only 2000::/3 is given out, so that all else is
 * refused whether it is named or not. An IPv4 address inside of an IPv6 one is not unwrapped but refused: whichever gateway would translate it reaches what we do not see.
 */
import ipaddr from 'ipaddr.js';

/** An address, read. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * The IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), the globally reachable anycast services among them (AS112, AMT) included: they are no
 * receivers. Beside these multicast (RFC 5771, RFC 4291), what older standards set aside, and the one public address that a cloud gives to the host of a machine.
 */
const SPECIAL_RANGES: readonly (readonly [name: string, networks: readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['carrier-grade NAT', ['100.64.0.0/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['broadcast', ['255.255.255.255/32']],
  ['reserved', ['240.0.0.0/4', '192.0.0.0/24', '5f00::/16']],
  ['documentation', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20']],
  ['benchmarking', ['198.18.0.0/15']],
  ['anycast service', ['192.31.196.0/24', '192.52.193.0/24', '192.175.48.0/24', '2620:4f:8000::/48']],
  ['IPv4 in IPv6', ['::ffff:0:0/96', '::ffff:0:0:0/96', '::/96', '64:ff9b::/96', '64:ff9b:1::/48']],
  ['6to4', ['192.88.99.0/24', '2002::/16']],
  // Teredo, ORCHID and what else of the block is not unicast in the common sense.
  ['IETF protocol', ['2001::/23']],
  ['discard', ['100::/63']],
  // Azure's WireServer: from a virtual machine there it is the host, with secrets of the machine.
  ['cloud host', ['168.63.129.16/32']],
];

const RANGES = SPECIAL_RANGES.flatMap(([name, networks]) =>
  networks.map((network) => ({ name, network: ipaddr.parseCIDR(network) })),
);
const GIVEN_OUT_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Null for an address of the public internet, else the name of the range that it belongs to. */
export function specialRangeOf(address: Address): string | null {
  const range = RANGES.find(({ network }) => network[0].kind() === address.kind() && address.match(network));
  if (range !== undefined) return range.name;
  return address.kind() === 'ipv6' && !address.match(GIVEN_OUT_IPV6) ? 'unassigned' : null;
}
