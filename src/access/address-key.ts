import { hash } from 'node:crypto';
import ipaddr from 'ipaddr.js';

/** Many more than there are clients at a time, and a few megabytes at most of whatever is kept by them. */
const BUCKETS = 8192;
/** A network of this length is one customer's, and so one client: any of its 2^64 addresses is his to choose. */
const IPV6_NETWORK_BYTES = 8;

/**
 * What requests are counted by that are known by their address alone: one of a bounded number of buckets, so that nobody fills the memory by coming from many addresses. Two
 * clients seldom share one, and by the salt nobody can choose whom to share with.
 * @param salt random, made anew by each process.
 */
export function createAddressKey(salt: Uint8Array): (address: string) => string {
  return (address) => {
    const digest = hash('sha256', Buffer.concat([salt, networkOf(address)]), 'buffer');
    return `address ${digest.readUInt32BE() % BUCKETS}`;
  };
}

function networkOf(address: string): Uint8Array {
  if (!ipaddr.isValid(address)) return Buffer.from(address);
  const parsed = ipaddr.process(address);
  const bytes = Buffer.from(parsed.toByteArray());
  return parsed.kind() === 'ipv6' ? bytes.subarray(0, IPV6_NETWORK_BYTES) : bytes;
}
