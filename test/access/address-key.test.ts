import { describe, expect, it } from 'vitest';
import { createAddressKey } from '../../src/access/address-key.ts';

const keyOf = createAddressKey(Buffer.from('a salt'));

describe('the key of an address', () => {
  it('is the same for one client', () => {
    expect(keyOf('192.0.2.1')).toBe(keyOf('192.0.2.1'));
    expect(keyOf('::ffff:192.0.2.1')).toBe(keyOf('192.0.2.1'));
    // One customer has 2^64 addresses.
    expect(keyOf('2001:db8:1:2::1')).toBe(keyOf('2001:db8:1:2:ffff:ffff:ffff:ffff'));
    expect(keyOf('2001:db8:1:2::1')).not.toBe(keyOf('2001:db8:1:3::1'));
  });

  it('is one of few, whoever comes', () => {
    const keys = new Set<string>();
    for (let count = 0; count < 60_000; count += 1)
      keys.add(keyOf(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`));
    expect(keys.size).toBeLessThanOrEqual(8192);
    expect(keys.size).toBeGreaterThan(8000);
  });

  it('is shared with others than in the process before', () => {
    const other = createAddressKey(Buffer.from('another salt'));
    const addresses = Array.from({ length: 20 }, (_, index) => `192.0.2.${index}`);
    expect(addresses.map(other)).not.toEqual(addresses.map(keyOf));
  });

  it('exists for what is no address', () => {
    expect(keyOf('')).toMatch(/^address \d+$/);
  });
});
