import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDurationMs, parseDurationMs } from '../../src/model/duration.ts';

describe('a duration', () => {
  it.each([
    ['72h', 259_200_000],
    ['90m', 5_400_000],
    ['60s', 60_000],
    ['100ms', 100],
    ['0s', 0],
  ])('%s is %i ms, and is written so', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
    expect(parseDurationMs(formatDurationMs(durationMs))).toBe(durationMs);
  });

  it.each([
    '',
    '72',
    'h',
    '1.5h',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1H',
    '1d',
    '1h30m',
    '9999999999999999h',
    '１s',
    '1constructor',
  ])('%j is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('is written in the largest unit that loses nothing', () => {
    expect([0, 1500, 60_000, 90_000, 3_600_000, 259_200_000].map(formatDurationMs)).toEqual([
      '0s',
      '1500ms',
      '1m',
      '90s',
      '1h',
      '72h',
    ]);
  });

  it('survives being written and read again', () => {
    fc.assert(
      fc.property(fc.nat(), (durationMs) => {
        expect(parseDurationMs(formatDurationMs(durationMs))).toBe(durationMs);
      }),
    );
  });
});
