import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { specialRangeOf } from '../../src/egress/special-addresses.ts';

const rangeOf = (address: string) => specialRangeOf(ipaddr.parse(address));

describe('an address', () => {
  it.each([
    ['0.255.255.255', '1.0.0.0'],
    ['10.255.255.255', '11.0.0.0'],
    ['100.127.255.255', '100.128.0.0'],
    ['127.255.255.255', '128.0.0.0'],
    ['169.254.255.255', '169.255.0.0'],
    ['172.31.255.255', '172.32.0.0'],
    ['192.0.0.255', '192.0.1.0'],
    ['192.0.2.255', '192.0.3.0'],
    ['192.88.99.255', '192.88.100.0'],
    ['192.168.255.255', '192.169.0.0'],
    ['198.19.255.255', '198.20.0.0'],
    ['198.51.100.255', '198.51.101.0'],
    ['203.0.113.255', '203.0.114.0'],
    ['168.63.129.16', '168.63.129.17'],
    ['1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2000::'],
    ['2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
    ['2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
    ['2620:4f:8000:ffff:ffff:ffff:ffff:ffff', '2620:4f:8001::'],
    ['3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'],
  ])('is the last of a special range, %s, and the next is public: %s', (last, next) => {
    expect(rangeOf(last)).not.toBeNull();
    expect(rangeOf(next)).toBeNull();
  });

  it.each([
    ['9.255.255.255', '10.0.0.0', 'private'],
    ['100.63.255.255', '100.64.0.0', 'carrier-grade NAT'],
    ['126.255.255.255', '127.0.0.0', 'loopback'],
    ['169.253.255.255', '169.254.0.0', 'link-local'],
    ['172.15.255.255', '172.16.0.0', 'private'],
    ['191.255.255.255', '192.0.0.0', 'reserved'],
    ['198.17.255.255', '198.18.0.0', 'benchmarking'],
    ['223.255.255.255', '224.0.0.0', 'multicast'],
    ['2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001::', 'IETF protocol'],
    ['3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff::', 'documentation'],
  ])('is public, %s, and the next the first of a special range: %s, %s', (last, first, range) => {
    expect(rangeOf(last)).toBeNull();
    expect(rangeOf(first)).toBe(range);
  });

  it('has a range of its own name before that of a larger one', () => {
    expect(rangeOf('255.255.255.255')).toBe('broadcast');
    expect(rangeOf('::1')).toBe('loopback');
    expect(rangeOf('::')).toBe('unspecified');
    expect(rangeOf('4000::1')).toBe('unassigned');
  });
});
