import { describe, expect, it } from 'vitest';
import {
  formatMaxBadRecords,
  isTooManyBad,
  type MaxBadRecords,
  parseMaxBadRecords,
} from '../../src/model/max-bad-records.ts';

const tally = (badCount: number, recordCount: number, isAtEnd = false) => ({ badCount, recordCount, isAtEnd });

describe('a bound on bad records', () => {
  it('that is none never is passed', () => {
    expect(isTooManyBad(null, tally(1_000_000, 0, true))).toBe(false);
  });

  it.each([0, 1, 5])('of %i is passed by one more, however much was read', (count) => {
    const max: MaxBadRecords = { kind: 'count', count };
    expect(isTooManyBad(max, tally(count, 0, true))).toBe(false);
    expect(isTooManyBad(max, tally(count + 1, 0))).toBe(true);
  });

  it('by share is judged from 1,000 records on', () => {
    const max: MaxBadRecords = { kind: 'percent', percent: 1 };
    expect(isTooManyBad(max, tally(999, 0))).toBe(false);
    expect(isTooManyBad(max, tally(11, 988))).toBe(false);
    expect(isTooManyBad(max, tally(11, 989))).toBe(true);
    expect(isTooManyBad(max, tally(10, 990))).toBe(false);
  });

  it('by share is judged at the end, however little was read', () => {
    const max: MaxBadRecords = { kind: 'percent', percent: 50 };
    expect(isTooManyBad(max, tally(1, 1, true))).toBe(false);
    expect(isTooManyBad(max, tally(2, 1, true))).toBe(true);
    expect(isTooManyBad(max, tally(0, 0, true))).toBe(false);
  });

  it('of 0 % allows none, and of 100 % all', () => {
    expect(isTooManyBad({ kind: 'percent', percent: 0 }, tally(1, 1_000_000))).toBe(true);
    expect(isTooManyBad({ kind: 'percent', percent: 100 }, tally(5000, 0, true))).toBe(false);
  });

  it.each([0, 7, '0%', '1%', '0.25%', '12.5%', '100%'])('%j is written as it was read', (value) => {
    const max = parseMaxBadRecords(value);
    expect(max === undefined ? undefined : formatMaxBadRecords(max)).toBe(value);
  });
});
