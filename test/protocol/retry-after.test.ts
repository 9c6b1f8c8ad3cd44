import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from '../../src/protocol/retry-after.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 7 ', 7_000],
    ['0', 0],
    ['3600', 3_600_000],
    ['3601', MAX_RETRY_AFTER_MS],
    ['315360000', MAX_RETRY_AFTER_MS],
    ['9'.repeat(400), MAX_RETRY_AFTER_MS],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
    ['Sun Mar  1 12:00:30 2026', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Thu, 01 Mar 2036 12:00:00 GMT', MAX_RETRY_AFTER_MS],
  ])('is read: %s', (header, expectedMs) => {
    expect(parseRetryAfter(header, NOW)).toBe(expectedMs);
  });

  it.each([null, '', '-5', '1.5', '1e3', 'soon', 'NaN', 'Infinity', '0x10', '2026-03-01', 'Sun, 99 Foo 2026', '5, 6'])(
    'is ignored where it is garbage: %s',
    (header) => {
      expect(parseRetryAfter(header, NOW)).toBeNull();
    },
  );

  it('stays within an hour or says nothing, whatever a receiver sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.date().map(String)), (header) => {
        const ms = parseRetryAfter(header, NOW);
        expect(ms === null || (ms >= 0 && ms <= MAX_RETRY_AFTER_MS)).toBe(true);
      }),
    );
  });
});
