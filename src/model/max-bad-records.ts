/** A bound on bad records: how many, or how many of a hundred. */
export type MaxBadRecords =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** What was read of a source so far. */
export interface ReadTally {
  readonly badCount: number;
  /** Good ones. */
  readonly recordCount: number;
  /** Whether that is all there is. */
  readonly isAtEnd: boolean;
}

/** A share of fewer says little: two bad ones among the first ten would be 20 % of a million. */
const MIN_ITEMS_TO_JUDGE = 1000;

/** Whether more records are bad than a bound allows. A share is judged from 1 000 records on and at the end of the source; null never is passed. */
export function isTooManyBad(max: MaxBadRecords | null, { badCount, recordCount, isAtEnd }: ReadTally): boolean {
  if (max === null) return false;
  if (max.kind === 'count') return badCount > max.count;
  const itemCount = badCount + recordCount;
  return (isAtEnd || itemCount >= MIN_ITEMS_TO_JUDGE) && badCount * 100 > max.percent * itemCount;
}

/** What {@link parseMaxBadRecords} takes, for whoever has to correct it. */
export const MAX_BAD_RECORDS_FORM = 'must be an integer from 0, or a share such as "1%" or "0.25%"';

/** The bound that a number or a share stands for, undefined for anything else. */
export function parseMaxBadRecords(value: unknown): MaxBadRecords | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? { kind: 'count', count: value } : undefined;
  }
  if (typeof value !== 'string' || !/^\d{1,3}(?:\.\d{1,2})?%$/.test(value)) return undefined;
  const percent = Number(value.slice(0, -1));
  return percent <= 100 ? { kind: 'percent', percent } : undefined;
}

/** A bound as {@link parseMaxBadRecords} takes it. */
export function formatMaxBadRecords(max: MaxBadRecords): number | string {
  return max.kind === 'count' ? max.count : `${max.percent}%`;
}
